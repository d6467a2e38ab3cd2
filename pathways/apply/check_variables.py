"""Checks of a plan's variables: names, circles, and needed values for which nothing asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Issue
from pathways.apply.check_expression import issues_of_expression
from pathways.apply.variables import VARIABLE, variables_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USED = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)")
GIVEN = (
    "subject", "encounter", "practitioner", "organization", "userType", "userLanguage", "userTaskContext", "setting",
    "settingContext", "ramadan", "nextRamadan",
)  # fmt: skip


def given_names(subject: str) -> frozenset[str]:
    """The variables that every request brings, for a type of subject."""
    return frozenset({*GIVEN, subject[0].lower() + subject[1:]})


def check_variables(plan: Mapping[str, Any], subject: str, known: frozenset[str]) -> Iterator[Issue]:
    """Issues of the variables that a plan declares."""
    seen: dict[str, str] = {}
    for at, entry in enumerate(plan.get("extension", ())):
        if entry.get("url") != VARIABLE:
            continue
        path, about = f"PlanDefinition.extension[{at}].valueExpression", entry.get("valueExpression", {})
        name = about.get("name", "")
        if not _NAME.fullmatch(name):
            yield Issue(f"'{name}' is no name for a variable", "value", f"{path}.name")
        if name in seen:
            yield Issue(f"the variable %{name} is declared twice: also at {seen[name]}", "duplicate", path)
        seen.setdefault(name, path)
        yield from issues_of_expression(about, path, subject, known, subject)
    variables = variables_of(plan)
    for name, one in variables.items():
        if one.needed and one.ask_with is None:
            text = f"the variable %{name} is needed, but nothing asks for it (ask-with)"
            yield Issue(text, "incomplete", seen.get(name), severity="warning")
    uses = {name: set(_USED.findall(str(one.about.get("expression", "")))) for name, one in variables.items()}
    for circle in _circles(uses):
        yield Issue(f"variables need each other in a circle: {' → '.join(circle)}", "invalid", seen.get(circle[0]))


def _circles(uses: Mapping[str, set[str]]) -> list[list[str]]:
    """The circles among names, each once."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, chain: list[str]) -> None:
        if name in chain:
            found.append([*chain[chain.index(name) :], name])
            return
        if name in done or name not in uses:
            return
        for other in sorted(uses[name]):
            visit(other, [*chain, name])
        done.add(name)

    for name in uses:
        visit(name, [])
    return found
