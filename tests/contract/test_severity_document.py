"""docs/severity.md: its tables are those of the code. REGENERATE_GOLDEN=1 writes them anew."""

import os
from pathlib import Path

import pytest

from policy_monitor.escalations import PATHS
from policy_monitor.severities import PATH_RULES, RULES

DOCUMENT = Path(__file__).parents[2] / "docs" / "severity.md"


def rules_table() -> str:
    rows = ["| rule | severity | holds when | source |", "| --- | --- | --- | --- |"]
    for name, rule in RULES.items():
        source = f"[{rule.source.rsplit('/', 1)[-1]}]({rule.source})" if rule.source else ""
        reason = rule.reason.replace("{}", "…")
        rows.append(f"| `{name}` | {rule.severity} | {reason} | {source} |")
    return "\n".join(rows)


def paths_table() -> str:
    rows = ["| path | severity | what its holder can do | actions |", "| --- | --- | --- | --- |"]
    for path in PATHS:
        actions = ", ".join(f"`{action}`" for action in path.actions)
        severity = RULES[PATH_RULES[path.name]].severity
        rows.append(
            f"| [`{path.name}`]({path.reference}) | {severity} | {path.words} | {actions} |"
        )
    return "\n".join(rows)


@pytest.mark.parametrize(("name", "table"), [("rules", rules_table()), ("paths", paths_table())])
def test_the_documents_tables_are_those_of_the_code(name: str, table: str) -> None:
    text = DOCUMENT.read_text("utf-8")
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    found, _, after = rest.partition(end)
    if os.environ.get("REGENERATE_GOLDEN"):
        DOCUMENT.write_text(f"{before}{begin}{table}{end}{after}", "utf-8")
        pytest.skip(f"the table of {name} was written anew: read the diff")
    assert found == table, "REGENERATE_GOLDEN=1 writes it anew"
