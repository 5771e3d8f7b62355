"""The parts of a deployed stack, as the function reconcile is told of them."""

from collections.abc import Mapping

from policy_monitor import rules
from policy_monitor.settings import Settings
from policy_monitor.wiring import Stack


def stack_of(environment: Mapping[str, str]) -> Stack:
    """The parts that the template names in reconcile's environment, and what they must be like.

    Raises
    ------
    KeyError
        A variable is missing: another version's template.
    ValueError
        It names more rules than this version has, or fewer.
    """
    parts = Settings.from_environment(environment).parts
    role, policy, part = (
        environment[name] for name in ("ROLE_NAME", "POLICY_NAME", "BOUNDARY_NAME_PART")
    )
    return Stack(
        rules=dict(zip(rules.RULES, environment["RULE_NAMES"].split(","), strict=True)),
        patterns=rules.patterns(role, policy, part, parts),
        function_arn=environment["DETECT_FUNCTION_ARN"],
        archive=environment["ARCHIVE_NAME"],
        queue_url=environment["DEAD_LETTER_QUEUE_URL"],
        topic_arn=environment["TOPIC_ARN"],
    )
