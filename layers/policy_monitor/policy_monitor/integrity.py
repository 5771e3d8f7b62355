"""What it means that somebody changed the monitor itself: effects and sentences.

What CloudFormation changes is told once, by the operation of the stack that it belongs to
(`operations`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy_monitor.comparisons import undetermined
from policy_monitor.findings import DocumentVersion, FindingKind, Subject, SubjectType
from policy_monitor.mutations import (
    Change,
    Mutation,
    PartTouched,
    StackOperated,
    TouchesUnexplained,
)
from policy_monitor.operations import explained
from policy_monitor.parts import SORTS
from policy_monitor.phrases import listed
from policy_monitor.scene import Effect, Scene, no_effect

_DELETED = "deleted"
_SHOWN = 3

_NO_VERSION = DocumentVersion(None, None)


def part_touched(scene: Scene, change: PartTouched) -> Iterator[Effect]:
    """A part was changed; what CloudFormation does is told by the operation of its stack."""
    if change.by_stack:
        return
    if scene.mutation.error:
        yield _effect(change.thing, FindingKind.ATTEMPT, "tampering-attempt")
    else:
        yield _effect(change.thing, FindingKind.TAMPER, "tampering", judged=False)


def operated(scene: Scene, change: StackOperated) -> Iterator[Effect]:
    """The stack was changed as a whole; where the record names none, it may be another."""
    if change.stack and change.deed == _DELETED:
        yield _effect(_stack_arn(scene, change), FindingKind.TAMPER, "stack-deleted", judged=False)
    elif change.stack:
        yield _effect(_stack_arn(scene, change), FindingKind.TAMPER, "stack-operation")


def touches_unexplained(scene: Scene, change: TouchesUnexplained) -> Iterator[Effect]:
    """Nothing where an operation is known by now; little where one may have been of this stack."""
    operations = scene.step.before.operations
    named = [time for time, stack in operations if stack]
    left = [touch for touch in change.touches if not explained(touch[0], named)]
    if not left:
        return
    unnamed = [time for time, _ in operations]
    if all(explained(time, unnamed) for time, _, _ in left):
        yield _effect(left[0][2], FindingKind.TAMPER, "stack-operation")
    else:
        yield _effect(left[0][2], FindingKind.TAMPER, "tampering-unexplained", judged=False)


def own_sentence(change: Change, who: str, mutation: Mutation) -> str:
    """What a person is told of a change of the monitor; "" where it is none.

    Parameters
    ----------
    who : str
        Who made it, as the beginning of a sentence.
    """
    match change:
        case PartTouched() if mutation.error:
            tried = f"{mutation.event_name} on {_part_words(change)}"
            return f"{who} tried {tried}; AWS refused it ({mutation.error})."
        case PartTouched(sort=sort, deed=deed):
            known = SORTS[sort]
            return f"{who} {deed} {_part_words(change)}: {known.consequence}. {known.remedy}"
        case StackOperated(deed="deleted"):
            return (
                f"{who} deleted the monitor's stack by CloudFormation: nobody watches the vendor's "
                "access once it is gone. Deploy it anew; the ledger, its key and the archive are "
                "kept."
            )
        case StackOperated(deed=deed):
            return (
                f"{who} {deed} the monitor's stack by CloudFormation; what that does to its parts "
                "is not told one by one."
            )
        case TouchesUnexplained(touches=touches):
            parts = list(dict.fromkeys(thing.split(":", 5)[-1] for _, _, thing in touches))
            return (
                f"{who} changed parts of the monitor ({_few(parts)}), and no "
                "operation of the monitor's own stack tells why: another stack may have done it. "
                "See which, and update the monitor's stack."
            )
    return ""


def _effect(arn: str, kind: FindingKind, rule: str, *, judged: bool = True) -> Effect:
    effect = no_effect(Subject(SubjectType.MONITOR, arn), kind, _NO_VERSION)
    answer: Mapping[str, Any] | None = effect.answer if judged else undetermined([])
    return Effect(
        effect.subject,
        kind,
        effect.question,
        effect.before,
        effect.after,
        answer,
        rule=rule,
    )


def _stack_arn(scene: Scene, change: StackOperated) -> str:
    return scene.mutation.target or change.stack


def _part_words(change: PartTouched) -> str:
    """``rule policy-monitor-RoleRule-1AB2C3``."""
    if not change.names:
        return f"a {change.sort} that the record does not name, perhaps one of the monitor's"
    words = f"{change.sort}s" if len(change.names) > 1 else change.sort.value
    return f"{words} {_few(change.names)}"


def _few(names: Sequence[str]) -> str:
    if len(names) <= _SHOWN:
        return listed(names)
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN:,} more"
