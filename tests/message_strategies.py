"""Findings as nobody would wish to see them: hostile texts, endless lists."""

from typing import Any

from hypothesis import strategies as st

from policy_monitor.findings import FindingKind, Severity, SubjectType
from policy_monitor.mutations import ActorKind
from policy_monitor.settings import VERDICTS

HOSTILE_TEXTS = (
    "<!channel> *now* `rm` _x_ ~y~ <https://evil.example|click> &amp; <@U012AB3CD>",
    "Policy\u202egnp.exe\u2066\u200b\ufeff",
    "line one\nNOTICE\nThe vendor gave notice.\r\n",
    "\x00\x1b[31mred\x07\ud800",
    "👩‍🚒" * 30,
    "name with a trailing blank ",
    "`" * 40,
    "&<>" * 1_000,
    "a" * 5_000,
    "",
)

texts = st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE_TEXTS))

_conditions = st.dictionaries(
    texts,
    st.dictionaries(texts, st.one_of(texts, st.lists(texts, max_size=6)), max_size=5),
    max_size=4,
)
_grants = st.fixed_dictionaries(
    {
        "actions": st.lists(texts, max_size=9),
        "resources": st.lists(texts, max_size=5),
        "conditions": _conditions,
        "latent": st.booleans(),
        "because": st.fixed_dictionaries(
            {"before": st.sampled_from(["not_allowed", "condition", "denied", "boundary"])}
        ),
        "witness": st.fixed_dictionaries(
            {
                "principal": texts,
                "action": texts,
                "resource": st.one_of(st.just("*"), texts),
                "context": st.dictionaries(texts, st.one_of(texts, st.lists(texts, max_size=4))),
            }
        ),
    },
    optional={
        "catalogued": st.lists(texts, max_size=3),
        "uncatalogued": st.lists(texts, max_size=4),
        "access_levels": st.lists(texts, max_size=8),
    },
)


def _many(grants: list[dict[str, Any]], times: int) -> list[dict[str, Any]]:
    return grants * times


_sides = st.builds(_many, st.lists(_grants, max_size=4), st.sampled_from([1, 2, 20]))
_versions = st.fixed_dictionaries({"version": st.one_of(st.none(), texts), "sha256": st.none()})

findings: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "schema": st.just("policy-monitor/finding/1"),
        "finding_id": st.text("0123456789abcdef", min_size=64, max_size=64),
        "event_id": texts,
        "event_name": texts,
        "time": texts,
        "account": st.one_of(st.just("123456789012"), texts),
        "region": texts,
        "subject": st.fixed_dictionaries(
            {"type": st.sampled_from([member.value for member in SubjectType]), "arn": texts}
        ),
        "kind": st.sampled_from([member.value for member in FindingKind]),
        "verdict": st.sampled_from(VERDICTS),
        "severity": st.sampled_from([member.value for member in Severity]),
        "actor": st.fixed_dictionaries(
            {
                "kind": st.sampled_from([member.value for member in ActorKind]),
                "arn": texts,
                "session": texts,
                "source_ip": texts,
                "user_agent": texts,
                "via": texts,
            }
        ),
        "summary": texts,
        "comparison": st.fixed_dictionaries(
            {
                "gained": _sides,
                "lost": _sides,
                "undetermined": st.lists(st.fixed_dictionaries({"code": texts, "sentence": texts})),
            }
        ),
        "before": _versions,
        "after": _versions,
        "correction_of": st.one_of(st.none(), texts),
        "revision": st.integers(1, 9),
    },
    optional={"may_repeat": st.just(value=True)},
)
"""Findings' JSON of the right shape, with texts and lists of any sort in it."""


def huge_finding(*, actions: int = 5_000, values: int = 900, grants: int = 7) -> dict[str, Any]:
    """What a policy of 150 KB may yield: thousands of actions, long ARNs, endless conditions."""
    arn = "arn:aws:s3:::" + "b" * 500
    grant = {
        "actions": [f"service{n % 50}:Action{n}" for n in range(actions)],
        "catalogued": [f"service{n % 50}:Action{n}" for n in range(50)],
        "catalogued_total": actions,
        "uncatalogued": [],
        "access_levels": ["List", "Read", "Write"],
        "resources": [f"{arn}{n}" for n in range(values // 3)],
        "conditions": {
            "StringLike": {"aws:ResourceTag/x": [f"{n}{'v' * 200}" for n in range(values)]}
        },
        "latent": False,
        "because": {"before": "not_allowed"},
        "witness": {"principal": "", "action": "service0:Action0", "resource": arn, "context": {}},
    }
    return {
        "schema": "policy-monitor/finding/1",
        "finding_id": "f" * 64,
        "event_id": "e22104c4-f2d5-4a41-9c19-7aa469d448f4",
        "event_name": "CreatePolicyVersion",
        "time": "2026-11-22T06:00:00Z",
        "account": "123456789012",
        "region": "us-east-1",
        "subject": {"type": "policy", "arn": "arn:aws:iam::123456789012:policy/" + "P" * 128},
        "kind": "change",
        "verdict": "mixed",
        "severity": "critical",
        "actor": {"kind": "vendor", "arn": "", "session": "", "source_ip": ""},
        "summary": "A very long policy changed. " * 200,
        "comparison": {"gained": [grant] * grants, "lost": [grant] * grants, "undetermined": []},
        "before": {"version": "v1", "sha256": None},
        "after": {"version": "v2", "sha256": None},
        "correction_of": None,
        "revision": 1,
    }
