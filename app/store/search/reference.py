"""Reference parameters: https://hl7.org/fhir/R4/search.html#reference"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.errors import Malformed
from app.fhir.resource import parse_reference
from app.store.codes import type_codes
from app.store.heads import Heads
from app.store.parameters import Parameter, record_paths
from app.store.search.conditions import NEVER, Condition, Match, on_paths
from app.store.search.hierarchy import has_hierarchy, spread
from app.store.search.request import unescaped
from app.store.search.token import token
from app.store.search.uri import canonical_test
from app.store.values import URI_LENGTH, own_relative

OF_ONE_PATIENT = "@head.patient > 0 and @head.patient = ?"
"""A single record; ``> 0`` is what the partial index on it is made for."""


def reference(
    parameters: Sequence[Parameter], values: Iterable[str], modifier: str | None, heads: Heads
) -> tuple[Condition | Match, ...]:
    """What refers to one of the values: ``Type/id``, ``id``, an absolute url, a canonical, or ``:identifier``;
    ``:below`` and ``:above`` to what stands under it and over it too.
    """
    if modifier == "identifier":
        return (token(parameters, values, None),)
    if modifier in ("above", "below"):
        return (_to(parameters, _spread(parameters, values, modifier, heads)),)
    wanted = [own_relative(unescaped(value)) for value in values]
    locals_: dict[str, None] = {}
    elsewhere: list[str] = []
    for value in wanted:
        found = literals(parameters, value, modifier)
        locals_ |= dict.fromkeys(found)
        if not found:
            elsewhere.append(value[:URI_LENGTH])
    matches: list[Condition | Match] = []
    if locals_:
        matches.append(_to(parameters, heads.find(locals_)))
    if elsewhere:
        matches.append(_elsewhere(parameters, elsewhere))
    return tuple(matches)


def _spread(parameters: Sequence[Parameter], values: Iterable[str], modifier: str, heads: Heads) -> dict[str, int]:
    named: dict[str, None] = {}
    for value in values:
        found = literals(parameters, own_relative(unescaped(value)), None)
        if "/" not in value:  # an id alone means what can have parts
            found = [one for one in found if has_hierarchy(one.partition("/")[0])]
        if not found:
            raise Malformed(f":{modifier}={value}: write Type/id, of a type whose resources have parts.")
        named |= dict.fromkeys(found)
    return spread(heads.driver, heads.find(named), modifier)


def literals(parameters: Sequence[Parameter], value: str, modifier: str | None) -> list[str]:
    """``Type/id`` as which a value can be meant; an id alone may name any target that the parameter allows."""
    found = parse_reference(value)
    if found is not None and found.base is None and found.id and found.type in type_codes():
        return [found.key] if modifier in (None, found.type) else []
    if "/" in value or ":" in value or "|" in value or not value:
        return []
    if modifier:
        return [f"{modifier}/{value}"]
    targets = {target for parameter in parameters for target in parameter.targets if _meant(parameter, target)}
    return [f"{target}/{value}" for target in sorted(targets)]


def _meant(parameter: Parameter, target: str) -> bool:
    """Whether a reference to this type can stand under any path of the parameter (``patient`` names no Group)."""
    return any(path.target in (None, target) for path in parameter.paths)


def _to(parameters: Sequence[Parameter], keys: dict[str, int]) -> Condition | Match:
    """References to heads, path by path where a path only counts for one type of target."""
    by_paths: dict[tuple[int, ...], list[int]] = {}
    for reference, key in keys.items():
        type = reference.partition("/")[0]
        codes = tuple(
            code
            for p in parameters
            for path, code in zip(p.paths, p.codes(), strict=True)
            if path.target in (None, type)
        )
        by_paths.setdefault(codes, []).append(key)
    if len(parameters) == 1 and all(reference.startswith("Patient/") for reference in keys) and len(by_paths) == 1:
        recorded, settled = record_paths(parameters[0].base)
        if settled and set(recorded) == set(next(iter(by_paths))):
            marks = ", ".join("?" * len(keys))
            equal = OF_ONE_PATIENT if len(keys) == 1 else f"@head.patient > 0 and @head.patient in ({marks})"
            return Condition(equal, tuple(keys.values()))
    tests = [
        (f"{on_paths(codes)} and i.target in ({', '.join('?' * len(found))})", found)
        for codes, found in by_paths.items()
        if codes
    ]
    if not tests:
        return Condition(NEVER)
    text = " or ".join(f"({test})" for test, _ in tests) if len(tests) > 1 else tests[0][0]
    return Match("reference", f"({text})", tuple(key for _, found in tests for key in found), narrow=True)


def _elsewhere(parameters: Sequence[Parameter], values: list[str]) -> Match:
    codes = [code for parameter in parameters for code in parameter.codes()]
    tests, held = [], []
    for value in values:
        text, more = canonical_test(value)
        tests.append(text)
        held += more
    return Match("uri", f"{on_paths(codes)} and ({' or '.join(tests)})", tuple(held), narrow=True)
