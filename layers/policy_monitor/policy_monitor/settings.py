"""What is watched and who is told: the template's parameters, as the domain sees them."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from policy_monitor.errors import InputError
from policy_monitor.parts import Parts

VERDICTS = ("expansion", "reduction", "mixed", "equivalent", "undetermined")

# Astronomer's names, as its documentation gives them (design, section 1).
DEFAULT_ROLE = "astronomer-remote-management"
DEFAULT_POLICY_PATTERNS = ("AstronomerCrossAccountRole", "*OperationalBoundary*")
DEFAULT_VENDOR_ACCOUNTS = ("406882777402",)
DEFAULT_NOTIFY = ("expansion", "reduction", "mixed", "undetermined")


class Settings(NamedTuple):
    """What is watched.

    Attributes
    ----------
    roles : tuple[str, ...]
        Names of the watched roles.
    policies : tuple[str, ...]
        Patterns (``*``, ``?``) of the names of watched customer-managed policies.
    vendor_accounts : tuple[str, ...]
        Account ids of the vendor.
    notify : tuple[str, ...]
        The verdicts that are announced. An attempt by the vendor, tampering and a correction of
        something announced are announced whatever their verdict.
    severities : tuple[tuple[str, str], ...]
        Other severities than `severities` gives, by rule or path (`severities.read_severities`).
    parts : Parts
        The monitor itself, where it is deployed.
    """

    roles: tuple[str, ...] = (DEFAULT_ROLE,)
    policies: tuple[str, ...] = DEFAULT_POLICY_PATTERNS
    vendor_accounts: tuple[str, ...] = DEFAULT_VENDOR_ACCOUNTS
    notify: tuple[str, ...] = DEFAULT_NOTIFY
    severities: tuple[tuple[str, str], ...] = ()
    parts: Parts = Parts()

    def watches_role(self, name: str) -> bool:
        """Whether a role is watched, by name; IAM compares role names without case."""
        return name.casefold() in {role.casefold() for role in self.roles}

    def watches_policy(self, arn: str) -> bool:
        """Whether a policy's name (the last part of its ARN) matches a watched pattern.

        "Names are not distinguished by case" ("CreatePolicy", IAM API Reference).
        """
        name = arn.rsplit("/", 1)[-1].casefold()
        return any(fnmatchcase(name, pattern.casefold()) for pattern in self.policies)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the functions' environment variables.

        ``ROLE_NAME``, ``POLICY_NAME``, ``BOUNDARY_NAME_PART``, ``VENDOR_ACCOUNT_IDS``,
        ``NOTIFY_VERDICTS``: lists are comma-separated, as CloudFormation joins them.
        ``SEVERITIES`` is JSON; the judge alone has it. ``STACK_NAME``, ``KEY_ARN``,
        ``MASK_KEY_SECRET``, ``MAPPING_IDS`` and ``TRAIL_LOG_GROUP`` name the monitor's own parts.

        Raises
        ------
        InputError
            A verdict that there is not, or severities that cannot be read: one line.
        """

        def values(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
            text = environment.get(name, "")
            return tuple(part.strip() for part in text.split(",") if part.strip()) or default

        part = environment.get("BOUNDARY_NAME_PART", "OperationalBoundary")
        return cls(
            roles=values("ROLE_NAME", (DEFAULT_ROLE,)),
            policies=(*values("POLICY_NAME", (DEFAULT_POLICY_PATTERNS[0],)), f"*{part}*"),
            vendor_accounts=values("VENDOR_ACCOUNT_IDS", DEFAULT_VENDOR_ACCOUNTS),
            notify=_verdicts(values("NOTIFY_VERDICTS", DEFAULT_NOTIFY)),
            severities=chosen_severities(environment.get("SEVERITIES", ""), "SEVERITIES"),
            parts=Parts(
                stack=environment.get("STACK_NAME", ""),
                key=environment.get("KEY_ARN", ""),
                secret=environment.get("MASK_KEY_SECRET", ""),
                mappings=values("MAPPING_IDS", ()),
                trail_log=environment.get("TRAIL_LOG_GROUP", ""),
            ),
        )


def _verdicts(told: tuple[str, ...]) -> tuple[str, ...]:
    for verdict in told:
        if verdict not in VERDICTS:
            raise InputError(
                f"NOTIFY_VERDICTS: {verdict!r} is no verdict; use some of {', '.join(VERDICTS)}"
            )
    return told


def chosen_severities(text: str, source: str) -> tuple[tuple[str, str], ...]:
    """Severities of a customer (`severities.read_severities`); none where the text is empty.

    Raises
    ------
    InputError
        They cannot be read; `source` is what the error names.
    """
    if not text.strip():
        return ()
    # The table is loaded where a customer changes it, and where something is judged.
    from policy_monitor.severities import read_severities  # noqa: PLC0415 - see above

    return read_severities(text, source)
