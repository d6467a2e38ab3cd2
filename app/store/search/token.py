"""Token parameters: https://hl7.org/fhir/R4/search.html#token"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from app.errors import Malformed
from app.fhir.definitions import codes_of, load
from app.fhir.normalise import normalised
from app.store.codes import system_code
from app.store.parameters import Parameter
from app.store.search.conditions import NEVER, Driving, Match, on_paths
from app.store.search.request import split, unescaped
from app.store.values import CODE_LENGTH, VALUE_LENGTH, of_type

_GROUP = 100
_SELECTIVE = ("identifier",)


def token(parameters: Sequence[Parameter], values: Iterable[str], modifier: str | None) -> Match:
    """The row that one of the values asks for. Raises Malformed on a value that cannot be read."""
    if modifier == "text":
        return _texts(parameters, values)
    codes = [code for parameter in parameters for code in parameter.codes()]
    if modifier == "of-type":
        return _of_type(codes, values)
    implied = _implied(parameters)
    tests: list[tuple[str, tuple[Any, ...]]] = []
    pairs = [pair(value) for value in values]
    for system, code in pairs:
        tests.append(_test(system, code, implied))
    driving = _driving(codes[0], pairs, implied) if len(codes) == 1 else None
    narrow = any(name in parameter.code for parameter in parameters for name in _SELECTIVE)
    return _match(codes, tests, driving, narrow)


def pairs_match(parameters: Sequence[Parameter], pairs: Iterable[tuple[str, str]]) -> Match:
    """A row with one of many (system, code) pairs, as a value set expands to."""
    codes = [code for parameter in parameters for code in parameter.codes()]
    implied = _implied(parameters)
    return _match(codes, [_test(system, code, implied) for system, code in pairs], None, False)


def pair(value: str) -> tuple[str | None, str | None]:
    """(system, code) of ``system|code``, ``|code`` (system is ""), ``system|`` (code None) and ``code`` (system
    None).
    """
    parts = split(value, "|")
    if len(parts) == 1:
        code = unescaped(parts[0])
        if not code:
            raise Malformed("A token needs a code: write system|code or code.")
        return None, code
    if len(parts) > 2:
        parts = ["|".join(parts[:-1]), parts[-1]]
    return unescaped(parts[0]), unescaped(parts[1]) or None


def _test(system: str | None, code: str | None, implied: frozenset[str] | None) -> tuple[str, tuple[Any, ...]]:
    if implied is not None and system:  # an element of type code: its system is that of the bound value set
        if system not in implied:
            return NEVER, ()
        return ("i.code = ?", (code,)) if code else ("1 = 1", ())
    text, values = [], []
    if code is not None:
        text.append("i.code = ?")
        values.append(code[:CODE_LENGTH])
    if system is not None:
        text.append("i.system = ?")
        values.append(system_code(system))  # type: ignore[arg-type]
    return " and ".join(text) or "1 = 1", tuple(values)


def _driving(
    path: int, pairs: Sequence[tuple[str | None, str | None]], implied: frozenset[str] | None
) -> Driving | None:
    """Whether a search can begin from these: each names a code. A single one with its system stands once a resource."""
    if any(code is None for _, code in pairs):
        return None
    return Driving(path, once=len(pairs) == 1 and (implied is not None or pairs[0][0] is not None))


def _match(codes: list[int], tests: list[tuple[str, tuple[Any, ...]]], driving: Driving | None, narrow: bool) -> Match:
    if not codes or not tests:
        return Match("token", NEVER)
    text = _either([test if " and " not in test else f"({test})" for test, _ in tests])
    where = f"{on_paths(codes)} and ({text})"
    return Match("token", where, tuple(v for _, values in tests for v in values), driving, narrow)


def _either(tests: list[str]) -> str:
    """One of them, in groups: SQLite refuses a chain of a thousand."""
    if len(tests) <= _GROUP:
        return " or ".join(tests)
    groups = [tests[at : at + _GROUP] for at in range(0, len(tests), _GROUP)]
    return " or ".join(f"({' or '.join(group)})" for group in groups)


def _implied(parameters: Sequence[Parameter]) -> frozenset[str] | None:
    """The systems that an element of type ``code`` or ``boolean`` has without saying so; None where it says so
    itself.
    """
    ends = {way[-1].type for p in parameters for path in p.paths for way in path.ways or () if way}
    if not ends or not ends <= {"code", "boolean"}:
        return None
    return frozenset().union(*(_bound(path.expression) for p in parameters for path in p.paths))


@cache
def _bound(expression: str) -> frozenset[str]:
    url = load("bindings").get(expression)
    return frozenset((codes_of(url) or {}) if url else ()) | {"http://terminology.hl7.org/CodeSystem/special-values"}


def _texts(parameters: Sequence[Parameter], values: Iterable[str]) -> Match:
    """``:text``: the words begin a display or a text, or a word within one."""
    codes = [code for parameter in parameters for code in parameter.codes()]
    tests, held = [], []
    for value in values:
        word = normalised(unescaped(value))[:VALUE_LENGTH].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        tests.append("i.value like ? escape '\\' or i.value like ? escape '\\'")
        held += [f"{word}%", f"% {word}%"]
    return Match("string", f"{on_paths(codes)} and ({' or '.join(tests)})", tuple(held))


def _of_type(codes: list[int], values: Iterable[str]) -> Match:
    """``identifier:of-type=system|code|value``."""
    tests = []
    for value in values:
        parts = [unescaped(part) for part in split(value, "|")]
        if len(parts) != 3 or not all(parts):
            raise Malformed(":of-type needs three parts: system|code|value.")
        tests.append(("i.system = ? and i.code = ?", (system_code(f"{parts[0]}|{parts[1]}"), parts[2][:CODE_LENGTH])))
    return _match([of_type(code) for code in codes], tests, None, True)
