"""How much work one comparison may do: counted, not timed, so that an answer is repeatable."""

DEFAULT_STEPS = 800_000
"""A step is about a microsecond on a machine of 2026; real policies need a fifth at most."""


class BudgetExceeded(Exception):  # noqa: N818 - not an error: the comparison answers `undetermined`
    """The comparison has done all the work that it may."""


class Budget:
    """Counts steps up to a limit.

    Raises
    ------
    BudgetExceeded
        From `spend`, once no steps are left.
    """

    def __init__(self, limit: int = DEFAULT_STEPS) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self, steps: int = 1) -> None:
        """Take `steps` off what is left."""
        self.spent += steps
        if self.spent > self.limit:
            raise BudgetExceeded
