"""Whether a deployed monitor works, or an account is ready for one: facts go in, lines come out."""
