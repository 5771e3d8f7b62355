"""The row HEAD: how many facts a partition holds, how far they are judged, by which version."""

from collections.abc import Mapping

from policy_monitor import versions
from policy_monitor.adapters.items import HEAD, Item
from policy_monitor.adapters.table import Action, ConditionFailedError, Table
from policy_monitor.errors import PolicyMonitorError

_KNOWN_SCHEMA = "(attribute_not_exists(#schema) OR #schema <= :schema)"
_NOT_DERIVED = "(attribute_not_exists(#derived) OR #derived < :derived)"
_SEQ_UNMOVED = "#seq = :seq"
_SEQ_UNMOVED_FROM_NONE = "(attribute_not_exists(#seq) OR #seq = :seq)"


class Head:
    """HEAD of one partition; a table that a newer version writes is left alone (`versions`).

    Raises
    ------
    PolicyMonitorError
        Where a method says so: a newer version writes the table.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def counts(self) -> Mapping[str, int]:
        """`seq` and `derived`; raises."""
        head = self._table.get(HEAD) or {}
        self.refuse_newer(head)
        return {name: int(head.get(name, 0)) for name in ("seq", "derived")}

    def schema(self) -> int | None:
        """The version that writes the table, a newer one too; None where none has."""
        head = self._table.get(HEAD)
        return None if head is None else _schema(head)

    def one_more(self) -> Action:
        """The action that counts a fact; from then on the table is written by this version."""
        return self._table.updating(
            HEAD,
            "SET #schema = :schema ADD #seq :one",
            condition=_KNOWN_SCHEMA,
            values={":schema": versions.SCHEMA, ":one": 1},
        )

    def unmoved(self, seq: int) -> Action:
        """The action that stops the others unless there are still `seq` facts."""
        unmoved = _SEQ_UNMOVED if seq else _SEQ_UNMOVED_FROM_NONE
        return self._table.checking(
            HEAD,
            condition=f"{unmoved} AND {_KNOWN_SCHEMA}",
            values={":seq": seq, ":schema": versions.SCHEMA},
        )

    def mark_derived(self, seq: int) -> None:
        """Note how far the facts are judged; never goes back; raises."""
        try:
            self._table.update(
                HEAD,
                "SET #derived = :derived, #schema = :schema",
                condition=f"{_KNOWN_SCHEMA} AND {_NOT_DERIVED}",
                values={":derived": seq, ":schema": versions.SCHEMA},
            )
        except ConditionFailedError as error:
            self.refuse_newer(error.failed[0])
            return  # another writer got further

    def refuse_newer(self, head: Item) -> None:
        """Raise where HEAD, as it was read, is of a newer version."""
        if (schema := _schema(head)) > versions.SCHEMA:
            raise PolicyMonitorError(
                f"table {self._table.name}: a newer version of policy-monitor writes it (schema "
                f"{schema}, and this one knows {versions.SCHEMA}); use the newer one"
            )

    def refuse_other(self) -> None:
        """Raise where the table is of a newer version, or an older one that must go on with it."""
        head = self._table.get(HEAD) or {}
        self.refuse_newer(head)
        if (schema := _schema(head)) < versions.SCHEMA:
            raise PolicyMonitorError(
                f"table {self._table.name}: an older version of policy-monitor writes it (schema "
                f"{schema}, and this one writes {versions.SCHEMA}); update the stack first"
            )


def _schema(head: Item) -> int:
    """The version in HEAD; a table that names none is of the first."""
    return int(head.get("schema", 1))
