"""Reference parameters: https://hl7.org/fhir/R4/search.html#reference"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

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
OF_ONE_AMONG_TOKENS = "@head.patient = ?"
"""The same where tokens are walked, whose index is whole: by the ``> 0`` SQLite would go through everybody's."""


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
    if "/" in value:
        found = parse_reference(value)
        if found is not None and found.base is None and found.id and found.type in type_codes():
            return [found.key] if modifier in (None, found.type) else []
        return []
    if ":" in value or "|" in value or not value:
        return []
    if modifier:
        return [f"{modifier}/{value}"]
    return [f"{target}/{value}" for target in _meant(tuple(parameters))]


@lru_cache(4096)
def _meant(parameters: tuple[Parameter, ...]) -> list[str]:
    """The types to which a reference under any path of the parameters can point (``patient`` names no Group)."""
    return sorted(
        {
            target
            for parameter in parameters
            for target in parameter.targets
            if any(path.target in (None, target) for path in parameter.paths)
        }
    )


@lru_cache(4096)
def _leading_to(parameters: tuple[Parameter, ...], type: str) -> tuple[int, ...]:
    """The numbers of the paths that count for one type of target."""
    return tuple(
        code for p in parameters for path, code in zip(p.paths, p.codes(), strict=True) if path.target in (None, type)
    )


@lru_cache(4096)
def _settled(parameter: Parameter, paths: tuple[int, ...]) -> bool:
    """Whether the head says by itself whose record it is, as these paths do."""
    recorded, settled = record_paths(parameter.base)
    return settled and set(recorded) == set(paths)


def _to(parameters: Sequence[Parameter], keys: dict[str, int]) -> Condition | Match:
    """References to heads, path by path where a path only counts for one type of target."""
    by_paths: dict[tuple[int, ...], list[int]] = {}
    asked = tuple(parameters)
    for reference, key in keys.items():
        by_paths.setdefault(_leading_to(asked, reference.partition("/")[0]), []).append(key)
    one = len(asked) == 1 and len(by_paths) == 1 and _settled(asked[0], next(iter(by_paths)))
    if one and all(reference.startswith("Patient/") for reference in keys):
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
