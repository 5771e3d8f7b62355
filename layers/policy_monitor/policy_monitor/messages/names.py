"""How people call what a finding names: actors, services, subjects, documents."""

from policy_monitor.findings import DocumentKind, SubjectType
from policy_monitor.messages.text import Name, Phrase, name
from policy_monitor.mutations import ActorKind

_SUBJECT_WORDS = {
    SubjectType.ROLE: "role",
    SubjectType.POLICY: "policy",
    SubjectType.TRUST: "trust policy of",
    SubjectType.MONITOR: "the monitor's",
}

_SERVICE_WORDS = {
    "cloudformation.amazonaws.com": "AWS CloudFormation",
    "servicecatalog.amazonaws.com": "AWS Service Catalog",
    "cloudshell.amazonaws.com": "AWS CloudShell",
    "sso.amazonaws.com": "AWS IAM Identity Center",
    "organizations.amazonaws.com": "AWS Organizations",
    "controltower.amazonaws.com": "AWS Control Tower",
}


def actor_phrase(kind: ActorKind, arn: str, session: str, account: str) -> Phrase:
    """Who acted: ``The vendor (session release-7 of astronomer-remote-management)``.

    The actor's account is named only where it is another than `account`.
    """
    who = _identity(arn, session, account)
    inside: Phrase = (" (", *who, ")") if who else ()
    match kind:
        case ActorKind.VENDOR:
            return ("The vendor", *inside)
        case ActorKind.CUSTOMER:
            return ("Somebody in your account", *inside)
        case ActorKind.AWS:
            return ("AWS itself", *inside)
        case ActorKind.UNKNOWN:
            return ("A stranger", *inside) if who else ("Not known",)


def _identity(arn: str, session: str, home: str) -> Phrase:
    """An ARN as people read it; the ARN itself where it has another shape."""
    # IAM User Guide, "IAM identifiers": arn:aws:sts::account:assumed-role/role/session,
    # arn:aws:iam::account:user/path/name, arn:aws:iam::account:root.
    account, _, resource = ":".join(arn.split(":")[4:]).partition(":")
    kind, _, rest = resource.partition("/")
    abroad: Phrase = (", account ", name(account)) if account and account != home else ()
    if kind == "assumed-role" and rest:
        role, _, own = rest.partition("/")
        return ("session ", name(session or own), " of ", name(role), *abroad)
    if kind == "user" and rest:
        return ("user ", name(rest.rsplit("/", 1)[-1]), *abroad)
    if resource == "root":
        return ("root user", *abroad)
    if arn:
        return (name(arn),)
    return ("session ", name(session)) if session else ()


def service_phrase(service: str) -> Phrase:
    """An AWS service as people call it; its host name where no table knows it."""
    return (_SERVICE_WORDS[service],) if service in _SERVICE_WORDS else (name(service),)


def subject_phrase(subject: SubjectType, arn: str) -> Phrase:
    """What a finding is about: ``role astronomer-remote-management``."""
    short = name(arn.split(":", 5)[-1]) if subject is SubjectType.MONITOR else short_name(arn)
    return (f"{_SUBJECT_WORDS[subject]} ", short)


def document_phrase(kind: DocumentKind, document: str, change: str) -> Phrase:
    """What a redline is of: ``added inline policy release-hotfix``.

    Parameters
    ----------
    document : str
        A policy's ARN, or the name of an inline policy.
    change : str
        ``added``, ``removed`` or ``altered``.
    """
    words = f"{change} {kind}" if change in ("added", "removed") else str(kind)
    if kind is DocumentKind.TRUST:
        return (words,)
    return (f"{words} ", name(document) if kind is DocumentKind.INLINE else short_name(document))


def short_name(arn: str) -> Name:
    """The last part of an ARN, as people call the thing."""
    resource = arn.split(":", 5)[-1]
    return name(resource.rsplit("/", 1)[-1] or arn)
