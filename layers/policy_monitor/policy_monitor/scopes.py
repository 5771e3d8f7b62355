"""On what, and under which conditions, a grant holds: in a person's words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from policy_monitor.phrases import GLOBAL, counted, listed, service_name

_FIELDS = 6
_SHOWN = 2
_LONGEST = 100
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|[-_]")


def scope(grants: Sequence[Mapping[str, Any]], things: str) -> str:
    """The scope of grants that share theirs; empty where they hold wherever such actions apply.

    Parameters
    ----------
    grants : Sequence[Mapping]
        Of ``policy-monitor/comparison/1``, with the same resources and conditions.
    things : str
        What their actions are done to, as the sentence says it already.
    """
    first = grants[0]
    resources = [str(each) for each in first["resources"]]
    total = max(len(resources), int(first.get("resources_total", 0)))
    everywhere = resources == ["*"]
    where = _anywhere(grants) if everywhere else _places(resources, total, things)
    conditions = _conditions(first["conditions"])
    return " ".join(part for part in (where, conditions) if part)


def _anywhere(grants: Sequence[Mapping[str, Any]]) -> str:
    if all(grant["witness"]["resource"] == "*" for grant in grants):
        return ""  # they take no resource
    services = {action.partition(":")[0].lower() for grant in grants for action in grant["actions"]}
    return "on any resource" if services & GLOBAL else "in any region"


def _places(resources: Sequence[str], total: int, things: str) -> str:
    shown = list(dict.fromkeys(_place(each, things) for each in resources[:_SHOWN]))
    rest = total - len(resources[:_SHOWN])
    if rest > 0:
        return f"{', '.join(filter(None, shown))} and {counted(rest, 'more resource')}".strip()
    if len(shown) == 1 and len(resources) > 1 and not shown[0].startswith("on any"):
        return shown[0]
    return listed(filter(None, shown)) if any(shown) else ""


def _place(resource: str, things: str) -> str:
    """``on any function in us-east-1``, ``on role/vendor-*``, ``in bucket logs``."""
    fields = resource.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS or fields[0] != "arn":
        return f"on {_cut(resource)}"
    service, region, name = fields[2], fields[3], fields[5]
    where = {"*": " in any region", "": ""}.get(region, f" in {region}")
    if service == "s3" and not region:
        return _bucket(name)
    kind, mark, rest = _split(name)
    if mark and rest and not rest.strip("*/:"):
        words = _HUMPS.sub(" ", kind).lower()
        if words and things.lower().endswith(
            (words, f"{words}s", f"{words[:-1]}ies", f"{words}es")
        ):
            return where.strip() or f"on any {words}"
        return f"on any {words}{where}"
    if not name.strip("*"):
        return f"on anything of {service_name(service)}{where}"
    return f"on {_cut(name)}" + ("" if region in ("*", "") else where)


def _split(name: str) -> tuple[str, str, str]:
    found = re.match(r"([A-Za-z-]+)([/:])(.*)", name, re.DOTALL)
    return (found[1], found[2], found[3]) if found else ("", "", "")


def _bucket(name: str) -> str:
    bucket, _, key = name.partition("/")
    if not bucket.strip("*"):
        return "in any bucket" if not key.strip("*") else f"on {_cut(key)} in any bucket"
    if key in ("", "*"):
        return f"in bucket {_cut(bucket)}"
    return f"on {_cut(key)} in bucket {_cut(bucket)}"


def _conditions(conditions: Mapping[str, Mapping[str, Any]]) -> str:
    keys = list(dict.fromkeys(key for operands in conditions.values() for key in operands))
    if not keys:
        return ""
    if len(keys) == 1:
        return f"under a condition on {_cut(keys[0])}"
    if len(keys) <= _SHOWN:
        return f"under conditions on {listed(map(_cut, keys))}"
    return f"under conditions on {_cut(keys[0])} and {counted(len(keys) - 1, 'more key')}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
