"""The official rules in FHIRPath that refuse (``definitions/invariants.json``), compiled when first needed.

A rule refuses when it is false. Where it answers nothing (dates of different precision compared, for example) it cannot
be decided, and what cannot be decided is not refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.fhir.definitions import load
from app.fhir.fhirpath import FhirPathError, Program, compile
from app.fhir.fhirpath.model import fhir_type
from app.fhir.fhirpath.nodes import Node
from app.fhir.validation.problem import Context, Found, Problem, Walk
from app.fhir.validation.shortcuts import never_false

SKIPPED: dict[str, str] = {
    "ctm-1": "asks who stands behind a reference; a validator that reads no store cannot know",
}
"""Rules that are not evaluated, with the reason."""
CORRECTED: dict[str, str] = {
    # ``Boolean`` is the System type, which no element has.
    "que-7": "operator = 'exists' implies (answer is boolean)",
    # A repetition within a repetition, which takes exponential time on a hostile path: each step by itself instead.
    "eld-19": r"""path.split('.').all(matches('^[^\\s,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(:[^\\s.]+)?$'))""",
}
"""Rules whose text in 4.0.1 cannot be used as it stands, with the reason."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a type; ``cases`` settle it: JSON names that are absent, groups of which one is there."""

    key: str
    words: str
    program: Program
    cases: tuple[tuple[frozenset[str], tuple[frozenset[str], ...]], ...]

    def settled(self, value: Mapping[str, Any]) -> bool:
        """Whether the rule holds by what is there and what is not, without being run."""
        keys = value.keys()
        for absent, present in self.cases:
            if keys.isdisjoint(absent) and not any(keys.isdisjoint(group) for group in present):
                return True
        return False


def invariants_of(type_name: str) -> Walk:
    """The check of all rules of a type or backbone."""
    if not _rows(type_name):
        return _none
    resource = load("elements")[type_name]["kind"] == "resource"

    def check(value: Any, context: Context) -> Found:
        problems: list[Problem] | None = None
        for rule in rules_of(type_name):
            if not rule.settled(value) and (problem := broken(rule, type_name, value, context, resource=resource)):
                problems = [*(problems or ()), problem]
        return problems

    return check


def broken(rule: Rule, type_name: str, value: Any, context: Context, *, resource: bool) -> Problem | None:
    """Run one rule on one element."""
    environment = {"rootResource": context.root} | ({} if resource else {"resource": context.root})
    try:
        verdict = rule.program([Node(value, fhir_type(type_name))], environment)
    except FhirPathError as error:
        return Problem("", f"{rule.words} ({rule.key}; it could not be decided: {error})", "exception")
    return Problem("", f"{rule.words} ({rule.key})", "invariant") if verdict == [False] else None


@cache
def rules_of(type_name: str) -> tuple[Rule, ...]:
    """The rules of a type, compiled."""
    return tuple(_rule(type_name, *row) for row in _rows(type_name))


def _rows(type_name: str) -> list[tuple[str, str, str]]:
    """(key, expression, words) of a type; a rule on one of its elements becomes one over all of that element."""
    found = []
    for path, key, expression, words in load("invariants").get(type_name.split(".")[0], ()):
        text = CORRECTED.get(key, expression)
        owner, _, name = path.rpartition(".")
        if key in SKIPPED:
            continue
        if path == type_name:
            found.append((key, text, words))
        elif path not in load("elements") and _owner(owner, name, type_name):
            found.append((key, f"{name.removesuffix('[x]')}.all({text})", words))
    return found


def _owner(owner: str, name: str, type_name: str) -> bool:
    return owner == type_name and name.removesuffix("[x]") in load("elements")[type_name]["elements"]


def _rule(type_name: str, key: str, expression: str, words: str) -> Rule:
    program = compile(expression)
    known = load("elements")[type_name]["elements"].keys()
    cases = [
        (
            frozenset(key for name in case.absent for key in _names(type_name, name)),
            tuple(_names(type_name, name) for name in sorted(case.present)),
        )
        for case in never_false(program.tree)
        if case.absent | case.present <= known
    ]
    return Rule(key, words.rstrip(". "), program, tuple(sorted(cases, key=lambda case: (len(case[0]), len(case[1])))))


def _names(type_name: str, name: str) -> frozenset[str]:
    """The JSON names of an element: ``_value…`` too, which stands there when a primitive has only extensions."""
    element = load("elements")[type_name]["elements"][name]
    plain = [name + kind[0].upper() + kind[1:] if element.get("c") else name for kind in element["t"]]
    return frozenset([*plain, *(f"_{one}" for one in plain)])


def _none(value: Any, context: Context) -> Found:
    return None
