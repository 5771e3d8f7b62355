"""policy-monitor: what a third party may do in your account, and what changed.

The modules, in the order in which one change passes through them. All are pure but for `adapters`.

How a function starts
    cold_start

What is said of everything
    settings, errors, iam, ledger, notebook, documents, masks, papers, catalogue

From an event to a fact
    actors, api_calls, attempts, recorded_call, events, mutations, detection; of the monitor itself:
    parts, tampering, rules

From facts to states
    state, baseline, transitions, preconditions, ordering, readings, timeline

From states to findings
    scene, effects, uses, tags, access, comparisons, beginning, integrity, holdings, findings,
    derivation, judgement; AWS's own opinion: opinions, consultation

How grave it is
    severities, escalations, reach, strangers, exposure, severity

How it is said
    phrases, scopes, portions, outcomes, summary, redlines

Who is told
    notices, announcement, digest, history, chapters, `messages`

What no event told
    observation, drift, drift_facts, search, reconciliation; whether the monitor hears and speaks:
    trail, wiring, workings, deployment, senses, vigilance, operations, vendor_alarm

What is kept
    records, versions, `adapters`
"""
