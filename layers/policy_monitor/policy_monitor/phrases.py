"""Actions in a person's words: ``elasticloadbalancing:DeleteLoadBalancer``, delete load balancers.

AWS names an action by a verb and the thing that it is done to. Where a name is of another kind, the
name itself stands.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

SERVICES = {
    "acm": "certificate",
    "airflow": "Airflow",
    "airflow-serverless": "MWAA Serverless",
    "apigateway": "API Gateway",
    "application-transformation": "Application Transformation",
    "athena": "Athena",
    "autoscaling": "Auto Scaling",
    "backup": "AWS Backup",
    "batch": "AWS Batch",
    "bedrock": "Bedrock",
    "billing": "AWS Billing",
    "budgets": "AWS Budgets",
    "ce": "Cost Explorer",
    "chatbot": "AWS Chatbot",
    "chime": "Chime",
    "cloudformation": "CloudFormation",
    "cloudfront": "CloudFront",
    "cloudshell": "CloudShell",
    "cloudtrail": "CloudTrail",
    "cloudwatch": "CloudWatch",
    "codebuild": "CodeBuild",
    "codecommit": "CodeCommit",
    "codepipeline": "CodePipeline",
    "codestar-connections": "CodeStar Connections",
    "codestar-notifications": "CodeStar Notifications",
    "cognito-identity": "Cognito",
    "cognito-idp": "Cognito",
    "config": "AWS Config",
    "datasync": "DataSync",
    "drs": "Elastic Disaster Recovery",
    "ds": "Directory Service",
    "dynamodb": "DynamoDB",
    "ec2": "EC2",
    "ecr": "ECR",
    "ecs": "ECS",
    "eks": "EKS",
    "elastic-inference": "Elastic Inference",
    "elasticache": "ElastiCache",
    "elasticfilesystem": "EFS",
    "elasticloadbalancing": "",
    "elasticmapreduce": "EMR",
    "es": "OpenSearch",
    "events": "EventBridge",
    "firehose": "Firehose",
    "fsx": "FSx",
    "glue": "Glue",
    "guardduty": "GuardDuty",
    "health": "AWS Health",
    "iam": "",
    "identitystore": "Identity Store",
    "inspector2": "Inspector",
    "iot": "AWS IoT",
    "kafka": "MSK",
    "kinesis": "Kinesis",
    "kms": "KMS",
    "lakeformation": "Lake Formation",
    "lambda": "Lambda",
    "lightsail": "Lightsail",
    "logs": "CloudWatch Logs",
    "mgh": "Migration Hub",
    "mobilehub": "Mobile Hub",
    "mq": "Amazon MQ",
    "organizations": "organization",
    "ram": "RAM",
    "rds": "RDS",
    "redshift": "Redshift",
    "redshift-data": "Redshift Data API",
    "resource-explorer-2": "Resource Explorer",
    "route53": "Route 53",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "savingsplans": "Savings Plans",
    "scheduler": "EventBridge Scheduler",
    "secretsmanager": "",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "Systems Manager",
    "states": "Step Functions",
    "sts": "",
    "support": "AWS Support",
    "transfer": "Transfer Family",
    "trustedadvisor": "Trusted Advisor",
    "wafv2": "WAF",
    "workspaces": "WorkSpaces",
    "xray": "X-Ray",
}
"""What people call a service, put before what its actions are done to; one that is not here is
called by its prefix. Empty where the thing says it."""

GLOBAL = frozenset({"cloudfront", "iam", "organizations", "route53", "s3", "sts"})
"""Services whose resources' ARNs name no region (Service Authorization Reference)."""

_READING = ("describe", "get", "list", "view", "read", "search", "query", "scan", "lookup")
_NAME = re.compile(r"[a-z]+")
_VERBS = frozenset(
    _NAME.findall("""
    describe get list view read search query scan lookup
    abort accept acknowledge activate add allocate apply approve archive assign associate assume
    attach authorize backup block cancel change check claim clear clone close complete configure
    confirm connect convert copy create deactivate decline decrease define delete deliver deploy
    deprecate deregister detach detect disable disassociate disconnect download enable encrypt
    evaluate exchange execute export filter flush generate grant import increase initiate
    install invite invoke issue join label launch leave link lock manage merge migrate modify
    monitor move notify open pass pause poll post preview promote provision publish purchase
    push put reboot rebuild receive record recover refresh register reject release remove rename
    renew reorder replace replicate report request resend reset resize resolve restart restore
    resume retire retrieve retry revert revoke rollback rotate run schedule select send
    set share shutdown simulate split start stop stream submit subscribe suspend swap switch
    sync tag terminate test transfer trigger unarchive unassign undeploy unlink unlock
    unsubscribe untag update upgrade upload validate verify withdraw write
    """)
)
_UNCOUNTED = frozenset(
    _NAME.findall("""
    access code content data egress encryption health history information ingress logging metadata
    storage tagging usage
    """)
)
_ACRONYMS = frozenset(
    _NAME.findall("""
    acl ami api arn bgp cidr cors cpu db dhcp dns ebs eip fpga gpu http https iam id ip ipam json
    kms mfa nat oidc os saml sdk sla slo sql ssh ssl tls ttl uri url vpc vpn waf
    """)
)
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")

# Names that say something else than they do.
_KNOWN = {
    "iam:passrole": ("pass", "roles to services"),
    "iam:updateassumerolepolicy": ("change", "who may assume roles"),
    "kms:decrypt": ("decrypt", "with KMS keys"),
    "kms:encrypt": ("encrypt", "with KMS keys"),
    "s3:listallmybuckets": ("list", "S3 buckets"),
    "s3:listbucket": ("list", "the objects in S3 buckets"),
    "s3:listbucketversions": ("list", "the versions of objects in S3 buckets"),
    "secretsmanager:getsecretvalue": ("read", "secrets"),
    "sns:publish": ("send", "messages to SNS topics"),
    "sts:assumerole": ("assume", "roles"),
    "sts:getcalleridentity": ("ask", "who it is"),
}


class Deed(NamedTuple):
    """What an action does, and to what; `thing` is empty where its name does not say."""

    verb: str
    thing: str
    service: str

    @property
    def reads(self) -> bool:
        """Whether its name says that it only reads."""
        return self.verb in _READING


def deed(action: str) -> Deed:
    """An action as a verb and a thing.

    Examples
    --------
    >>> deed("eks:DeleteCluster")
    Deed(verb='delete', thing='EKS clusters', service='eks')
    """
    service, _, name = action.partition(":")
    service = service.lower()
    known = _KNOWN.get(action.lower())
    if known is not None:
        return Deed(*known, service)
    words = _WORDS.findall(name)
    if words[:1] == ["Batch"] and len(words) > 2:  # noqa: PLR2004 - a verb and a thing follow
        words = words[1:]
    verb = words[0].lower() if words else ""
    if "".join(words) not in (name, name.removeprefix("Batch")) or len(words) < 2:  # noqa: PLR2004
        return Deed("use", action, "")
    if verb not in _VERBS:
        return Deed("use", action, "")
    thing = _plural([_word(each) for each in words[1:]])
    called = SERVICES.get(service, service)
    thing = thing[len(called) :].lstrip() if thing.lower().startswith(called.lower()) else thing
    return Deed(verb, f"{called} {thing}".strip(), service)


def deeds(actions: Iterable[str]) -> list[str]:
    """Actions in few words, what changes things first: ``create and delete EKS clusters``."""
    done = sorted((deed(action) for action in dict.fromkeys(actions)), key=lambda each: each.reads)
    verbs: dict[tuple[str, str], list[str]] = {}
    for verb, thing, service in done:
        of_thing = verbs.setdefault((service, thing), [])
        if verb not in of_thing:
            of_thing.append(verb)
    things: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (service, thing), together in verbs.items():
        things.setdefault((service, tuple(together)), []).append(thing)
    return [
        f"{listed(together)} {listed(_shared(called, service))}"
        for (service, together), called in things.items()
    ]


def service_name(service: str) -> str:
    """What people call a service: ``S3``, ``Elastic Load Balancing``."""
    alone = {
        "acm": "Certificate Manager",
        "elasticloadbalancing": "Elastic Load Balancing",
        "iam": "IAM",
        "organizations": "Organizations",
        "secretsmanager": "Secrets Manager",
        "sts": "STS",
    }
    return alone.get(service) or SERVICES.get(service) or service


def listed(names: Iterable[str]) -> str:
    """``a, b and c``; ``a and b, and c`` where one holds an ``and`` itself."""
    *most, last = names
    if not most:
        return last
    nested = any(" and " in each for each in (*most, last))
    return f"{', '.join(most)}{',' if nested else ''} and {last}"


def counted(count: int, noun: str) -> str:
    """``1 action``, ``1,024 actions``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _shared(things: list[str], service: str) -> list[str]:
    """``EC2 addresses, VPCs``: the service is named once."""
    prefix = f"{SERVICES.get(service, service)} "
    first, *others = things
    named = first.startswith(prefix)
    return [first, *(each.removeprefix(prefix) if named else each for each in others)]


def _word(text: str) -> str:
    lower = text.lower()
    plural = lower.removesuffix("s")
    if lower.startswith("ipv") and lower[3:].isdigit():
        return f"IPv{lower[3:]}"
    if lower in _ACRONYMS:
        return lower.upper()
    if plural in _ACRONYMS and plural != lower:
        return f"{plural.upper()}s"
    return text if text.isupper() and len(text) > 1 else lower


def _plural(words: list[str]) -> str:
    last = words[-1]
    lower = last.lower()
    if lower in _UNCOUNTED or lower.isdigit() or (lower.endswith("s") and not lower.endswith("ss")):
        many = "statuses" if lower == "status" else last
        many = {"alias": "aliases", "address": "addresses"}.get(lower, many)
    elif lower.endswith(("ss", "x", "ch", "sh")):
        many = f"{last}es"
    elif lower.endswith("y") and lower[-2:-1] not in "aeiou":
        many = f"{last[:-1]}ies"
    else:
        many = f"{last}s"
    return " ".join([*words[:-1], many])
