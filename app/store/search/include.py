"""``_include`` and ``_revinclude``, ``:iterate`` among them (https://hl7.org/fhir/R4/search.html#include)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.errors import Issue, Malformed
from app.store.codes import type_codes, type_names
from app.store.driver import Row
from app.store.parameters import Parameter, parameters_of, searchable_types
from app.store.search.canonicals import backward, forward, has_url
from app.store.search.conditions import on_paths
from app.store.search.request import Include
from app.store.tables import LIVE
from app.store.unit import Unit

MOST_INCLUDED = 2000
MAX_ROUNDS = 8
MOST_INCLUDES = 30
COLUMNS = "h.key, h.type, h.id, h.version, h.updated, h.patient, v.method, v.body"


def check_includes(includes: Sequence[Include]) -> None:
    """Raises Malformed on an include of what is no reference parameter."""
    if len(includes) > MOST_INCLUDES:
        raise Malformed(f"{len(includes)} includes: {MOST_INCLUDES} are the most.", expression="http._include")
    for include in includes:
        if include.code != "*" and include.type != "*":
            found = parameters_of(include.type).get(include.code)
            if found is None or found.kind != "reference":
                name = "_revinclude" if include.reverse else "_include"
                raise Malformed(
                    f"{name}: '{include.code}' is no reference parameter of {include.type}.", expression=f"http.{name}"
                )


def included(unit: Unit, includes: Sequence[Include], matches: Sequence[Row]) -> tuple[list[Row], list[Issue]]:
    """The rows (``COLUMNS``) that the includes add to the matches, each once; what may not be seen is left out.

    With a warning where a limit ended it: MOST_INCLUDED resources, MAX_ROUNDS steps of ``:iterate``.
    """
    seen = {row[0] for row in matches}
    added: list[Row] = []
    fresh = list(matches)
    for round in range(MAX_ROUNDS + 1):
        first = not added
        wanted = [include for include in includes if first or include.iterate]
        keys = {key for include in wanted for key in _follow(unit, include, fresh)} - seen
        if not keys:
            break
        if round == MAX_ROUNDS:
            return added, [_incomplete(f":iterate goes {MAX_ROUNDS} steps far; what lies beyond is left out")]
        if len(added) + len(keys) > MOST_INCLUDED:
            added += _rows(unit, sorted(keys)[: MOST_INCLUDED - len(added)])
            return added, [_incomplete(f"a page includes {MOST_INCLUDED} resources at most; ask with a smaller _count")]
        fresh = _rows(unit, keys)
        added += fresh
        seen |= keys
    return added, []


def _incomplete(what: str) -> Issue:
    return Issue(f"Not all is included: {what}.", "incomplete", severity="warning")


def _follow(unit: Unit, include: Include, rows: Iterable[Row]) -> list[int]:
    driver = unit.driver
    if include.reverse:
        only = type_codes()[include.target] if include.target else None
        rows = [row for row in rows if only in (None, row[1])]
        keys = [row[0] for row in rows]
        types = [include.type] if include.type != "*" else list(searchable_types())
        paths = _paths(types, include.code, None)
        if not keys or not paths:
            return []
        sql = f"select i.key from index_reference i where {driver.among('i.target')} and {on_paths(paths)}"
        referring = [row[0] for row in driver.rows(f"{sql} limit {MOST_INCLUDED + 1}", (driver.listed(keys),))]
        canonical = _paths(types, include.code, None, canonical=True)
        defined = [row[0] for row in rows if has_url(type_names()[row[1]])]
        return referring + (backward(driver, defined, canonical, MOST_INCLUDED + 1) if canonical and defined else [])
    wanted = type_codes().get(include.type)
    by_type: dict[int, list[int]] = {}
    for row in rows:
        if wanted is None or row[1] == wanted:
            by_type.setdefault(row[1], []).append(row[0])
    names = {code: name for name, code in type_codes().items()}
    found: list[int] = []
    for type, keys in by_type.items():
        paths = _paths([names[type]], include.code, include.target)
        if paths:
            target = (
                f" join head t on t.key = i.target and t.type = {type_codes()[include.target]}"
                if include.target
                else ""
            )
            sql = f"select distinct i.target from index_reference i{target} where "
            sql += f"{driver.among('i.key')} and {on_paths(paths)}"
            found += [row[0] for row in driver.rows(sql, (driver.listed(keys),))]
        if canonical := _paths([names[type]], include.code, include.target, canonical=True):
            found += forward(driver, keys, canonical, include.target)
    return found


def _paths(types: Sequence[str], code: str, target: str | None, *, canonical: bool = False) -> list[int]:
    """The paths of a reference parameter, or of all; ``canonical``: those of them that hold canonicals."""
    found: dict[int, None] = {}
    for type in types:
        table = parameters_of(type)
        parameters: list[Parameter] = list(table.values()) if code == "*" else [table[code]] if code in table else []
        for parameter in parameters:
            if parameter.kind == "reference":
                pairs = zip(parameter.paths, parameter.codes(), strict=True)
                found |= dict.fromkeys(
                    c
                    for path, c in pairs
                    if path.target in (None, target or path.target) and path.canonical >= canonical
                )
    return list(found)


def _rows(unit: Unit, keys: Iterable[int]) -> list[Row]:
    driver = unit.driver
    visible, values = unit.scope.condition("h.patient")
    sql = (
        f"select {COLUMNS} from head h join version v on v.seq = h.seq "
        f"where {driver.among('h.key')} and h.state = {LIVE}{' and ' + visible if visible else ''} order by h.key"
    )
    return driver.rows(sql, (driver.listed(keys), *values))
