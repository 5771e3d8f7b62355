"""What one access allows, as JSON and in a terminal: ``policy-monitor/inventory/1``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from iamdiff import Access, Kind
from iamdiff.bodies import BOUNDARY, Place
from iamdiff.catalogue import ACCESS_LEVELS, CataloguedAction, gravity
from iamdiff.inventory import Holding, Inventory, Rule
from iamdiff.limits import Limit
from iamdiff.model import Statement
from policy_monitor.messages.conditions import condition_phrases
from policy_monitor.messages.text import Phrase, listed, plain, sentence
from policy_monitor_cli.policies import warnings_of

SCHEMA = "policy-monitor/inventory/1"
MOST_NAMES = 50
"""Names in one list; ``…_total`` beside it says how many there are."""

_MOST_RULES = 20
_MOST_LINES = 4
_NAMES_SHOWN = 3
_SERVICES_SHOWN = 24
_FOLDED = 8
"""With more services than this of which everything is allowed, they are one line."""

_HEADINGS = {"Permissions management": "Permissions"}
_MARKS = {
    Limit.CONDITIONS: ("c", "under conditions"),
    Limit.RESOURCES: ("r", "on certain resources"),
    Limit.DENIED: ("d", "denied in part"),
    Limit.BOUNDARY: ("b", "stopped in part by the boundary"),
}


def inventory_json(found: Inventory, access: Access, kind: Kind) -> dict[str, Any]:
    """Write an inventory as JSON, lists cut at `MOST_NAMES`."""
    held = {holding.action.name: holding for holding in found.holdings}
    return {
        "schema": SCHEMA,
        "kind": kind.value,
        "documents": len(access.identity),
        "catalogue_date": found.catalogue_date,
        "undetermined": [
            {"code": each.code, "sentence": each.sentence} for each in found.undetermined
        ],
        "allowed_total": sum(not holding.latent for holding in found.holdings),
        "services": [
            {"service": service, "levels": _levels(actions, held)}
            for service, actions in found.actions.items()
            if any(each.name in held and not held[each.name].latent for each in actions)
        ],
        "allows": [_rule(rule, held) for rule in _gravest(found.allows, found)],
        "denies": [_rule(rule, held) for rule in _gravest(found.denies, found)],
        **_cut("beyond_boundary", found.beyond_boundary),
        **_cut("latent", [each.action.name for each in found.holdings if each.latent]),
        **_cut("uncatalogued", found.uncatalogued),
        "warnings": list(warnings_of(access)),
    }


def _levels(
    actions: Iterable[CataloguedAction], held: Mapping[str, Holding]
) -> dict[str, dict[str, Any]]:
    """Counts by access level; an action with two ("Tagging, Write") counts in the first."""
    by_level: dict[str, list[CataloguedAction]] = {}
    for action in actions:
        by_level.setdefault(action.access_levels[0], []).append(action)
    return {level: _level(by_level[level], held) for level in sorted(by_level, key=gravity)}


def _level(actions: Sequence[CataloguedAction], held: Mapping[str, Holding]) -> dict[str, Any]:
    allowed = [held[each.name] for each in actions if each.name in held]
    allowed = [each for each in allowed if not each.latent]
    return {
        "catalogued": len(actions),
        "allowed": len(allowed),
        "always": sum(not each.limits for each in allowed),
        **{limit.value: sum(limit in each.limits for each in allowed) for limit in Limit},
        "actions": sorted(each.action.name for each in allowed)[:MOST_NAMES],
    }


def _rule(rule: Rule, held: Mapping[str, Holding]) -> dict[str, Any]:
    statement = rule.places[0].statement
    return {
        "statements": [_place(place) for place in rule.places],
        **_cut("actions", rule.actions),
        "entirely": sum(name not in held for name in rule.actions),
        "inverted_resources": statement.inverted_resources,
        **_cut("resources", statement.resources or ()),
        "conditions": _conditions(statement),
        "principals": _principals(statement),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "document": "boundary" if place.document == BOUNDARY else place.document,
        "statement": place.statement.number,
        "sid": place.statement.sid,
    }


def _conditions(statement: Statement) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for condition in statement.conditions:
        keys = found.setdefault(condition.operator.name, {})
        keys.setdefault(condition.key, []).extend(condition.values)
    return found


def _principals(statement: Statement) -> dict[str, Any] | None:
    if statement.principals is None:
        return None
    names = [name for _, name in statement.principals.names]
    return {"inverted": statement.principals.inverted, **_cut("names", names)}


def _cut(name: str, texts: Sequence[str]) -> dict[str, Any]:
    return {name: list(texts[:MOST_NAMES]), f"{name}_total": len(texts)}


def _gravest(rules: Iterable[Rule], found: Inventory) -> list[Rule]:
    """Rules by the gravest access level among their actions, then by how many these are."""
    levels = {
        action.name: gravity(action.access_levels[0])
        for actions in found.actions.values()
        for action in actions
    }

    def order(rule: Rule) -> tuple[int, int]:
        gravest = min((levels.get(name, len(ACCESS_LEVELS)) for name in rule.actions), default=0)
        return gravest, -len(rule.actions)

    return sorted(rules, key=order)


def text(line: Mapping[str, Any]) -> RenderableType:
    """An inventory in a terminal; `line` is its JSON."""
    parts: list[RenderableType] = [Text.assemble(*_headline(line))]
    parts += [
        _indented(f"? {each['sentence']} ({each['code']})", 2) for each in line["undetermined"]
    ]
    if line["services"]:
        parts += _table(line)
    limited = [rule for rule in line["allows"] if _is_limited(rule)]
    parts += _rules("Allowed within limits", "+", limited, line)
    parts += _rules("Denied, though something allows it", "-", line["denies"], line)
    for key, words in (
        ("beyond_boundary", "Stopped altogether by the boundary"),
        ("latent", "Allowed only on resources that they are not known to take"),
        ("uncatalogued", "Not in the catalogue"),
    ):
        if line[key]:
            parts += [Text(""), Text(words, "bold")]
            parts.append(_indented(plain(listed(line[key], line[f"{key}_total"], 8)), 2))
    if line["warnings"]:
        parts += [Text(""), Text("Warnings", "bold")]
        parts += [_indented(sentence(each), 2) for each in line["warnings"][:_MOST_RULES]]
        parts += _more(len(line["warnings"]) - _MOST_RULES)
    return Group(*parts)


def _headline(line: Mapping[str, Any]) -> Iterator[str | tuple[str, str]]:
    count = line["allowed_total"]
    date = f" (catalogue of {line['catalogue_date']})" if line["catalogue_date"] else ""
    if not count:
        yield ("Allows nothing", "bold")
        yield f" that the catalogue knows{date}."
        return
    services = len(line["services"])
    yield ("Allows ", "bold")
    yield (f"{count:,} catalogued {'action' if count == 1 else 'actions'}", "bold")
    yield f" of {services:,} {'service' if services == 1 else 'services'}{date}."


def _table(line: Mapping[str, Any]) -> list[RenderableType]:
    full = [each for each in line["services"] if _is_full(each)]
    rows = line["services"]
    parts: list[RenderableType] = []
    if len(full) > _FOLDED:
        rows = [each for each in rows if not _is_full(each)]
        names = [each["service"] for each in full]
        shown = names if len(names) <= _SERVICES_SHOWN else names[:_SERVICES_SHOWN]
        said = plain(listed(shown, len(names), _SERVICES_SHOWN))
        parts += [Text(""), Text(f"Everything, always, in {len(full):,} services", "bold")]
        parts.append(_indented(said, 2))
    if not rows:
        return parts
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("service", overflow="fold", max_width=22)
    for level in ACCESS_LEVELS:
        table.add_column(_HEADINGS.get(level, level), justify="right")
    for row in rows:
        table.add_row(row["service"], *(_cell(row["levels"].get(each)) for each in ACCESS_LEVELS))
    used = [
        f"{mark}: {words}"
        for limit, (mark, words) in _MARKS.items()
        if any(level[limit.value] for row in rows for level in row["levels"].values())
    ]
    # A mark alone is about all actions of its cell, one with a number about so many of them.
    legend = [Text(", ".join(used), "dim")] if used else []
    return [*parts, Text(""), table, *legend]


def _is_full(row: Mapping[str, Any]) -> bool:
    return all(level["always"] == level["catalogued"] for level in row["levels"].values())


def _cell(level: Mapping[str, Any] | None) -> Text:
    if level is None:
        return Text("")
    allowed, catalogued = level["allowed"], level["catalogued"]
    if not allowed:
        return Text("-", "dim")
    cell = Text(f"all {allowed:,}" if allowed == catalogued else f"{allowed:,}/{catalogued:,}")
    marks = [
        f"{mark if level[limit.value] == allowed else f'{level[limit.value]:,}{mark}'}"
        for limit, (mark, _) in _MARKS.items()
        if level[limit.value]
    ]
    return cell.append("\n" + " ".join(marks), "dim") if marks else cell


def _is_limited(rule: Mapping[str, Any]) -> bool:
    unlimited = rule["inverted_resources"] is False and "*" in rule["resources"]
    named = rule["resources_total"] > 0 and not unlimited
    return bool(named or rule["conditions"] or rule["principals"])


def _rules(
    title: str, sign: str, rules: Sequence[Mapping[str, Any]], line: Mapping[str, Any]
) -> list[RenderableType]:
    if not rules:
        return []
    parts: list[RenderableType] = [Text(""), Text(title, "bold")]
    several = line["documents"] > 1
    for rule in rules[:_MOST_RULES]:
        head = Table.grid(padding=(0, 1, 0, 0))
        head.add_row(f"  {sign}", Text(plain(_actions(rule, sign))))
        parts.append(head)
        parts += [_indented(plain(each), 6) for each in _details(rule, several=several)]
    return [*parts, *_more(len(rules) - _MOST_RULES)]


def _actions(rule: Mapping[str, Any], sign: str) -> Phrase:
    names = listed(rule["actions"], rule["actions_total"], _NAMES_SHOWN)
    entirely = rule["entirely"]
    if sign == "+":
        return names
    if entirely == rule["actions_total"]:
        return (*names, ": altogether")
    return (*names, f": {entirely:,} altogether, the others in part" if entirely else ": in part")


def _details(rule: Mapping[str, Any], *, several: bool) -> Iterator[Phrase]:
    principals = rule["principals"]
    if principals:
        names = listed(principals["names"], principals["names_total"], _NAMES_SHOWN, "or")
        yield ("by anybody but " if principals["inverted"] else "by ", *names)
    if rule["resources"] and not ("*" in rule["resources"] and not rule["inverted_resources"]):
        names = listed(rule["resources"], rule["resources_total"], _NAMES_SHOWN)
        yield ("on all but " if rule["inverted_resources"] else "on ", *names)
    phrases = condition_phrases(rule["conditions"])
    for phrase in phrases[:_MOST_LINES]:
        yield ("if ", *phrase)
    if len(phrases) > _MOST_LINES:
        yield (f"and {len(phrases) - _MOST_LINES:,} more conditions",)
    yield (_where(rule["statements"], several=several),)


def _where(places: Sequence[Mapping[str, Any]], *, several: bool) -> str:
    """Where a rule stands, counted from 1: ``statement 2 "Logs" of document 1``."""
    first = places[0]
    said = f"statement {first['statement'] + 1}"
    if first["sid"]:
        said += f' "{sentence(first["sid"], 60)}"'
    if first["document"] == "boundary":
        said += " of the boundary"
    elif several:
        said += f" of document {first['document'] + 1}"
    return said if len(places) == 1 else f"{said} and {len(places) - 1:,} more"


def _more(count: int) -> list[RenderableType]:
    return [Text(f"  and {count:,} more")] if count > 0 else []


def _indented(words: str, columns: int) -> RenderableType:
    return Padding(Text(words), (0, 0, 0, columns), expand=False)
