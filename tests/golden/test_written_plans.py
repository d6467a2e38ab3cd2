"""The pathways' expressions, written out as Python, say of every golden patient what their closures say."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import json
from app.fhir.fhirpath import Program
from app.fhir.fhirpath.nodes import Items, Node
from app.fhir.fhirpath.written import Planned
from pathways.apply.action import PlannedAction
from pathways.apply.plan import read_plan
from pathways.apply.scope import Scope
from tests.golden.golden import diseases, patients, plans_of, walked


def by_closures(program: Program) -> Planned:
    def planned(focus: Node, variables: dict[str, Items], used: dict[str, None]) -> Items:
        return program.items(focus, variables, variables, used)

    return planned


def all_of(disease: str, patient: dict[str, Any], watched: bool = True) -> list[Any]:
    """All that an application tells."""
    applied = walked(disease, patient, watched=watched)
    found: list[Any] = [
        (one.path, one.taken, one.failure, one.due, one.verdict.used, one.verdict.missing, one.lacking, one.reason,
         str(one.values), tuple(one.resources))
        for one in applied.walk()
    ]  # fmt: skip
    return [*found, [str(issue) for issue in applied.issues], json.dumps(applied.bundle)]


def programs_of(disease: str) -> list[Program]:
    def of(action: PlannedAction) -> list[Any]:
        own = [one.expression for one in (*action.conditions, *action.dynamic, *action.own)]
        return own + [one for child in action.children for one in of(child)]

    plans = [read_plan(one) for one in plans_of(disease)]
    paths = [one.expression for plan in plans for one in plan.variables.values()]
    paths += [one for plan in plans for action in plan.actions for one in of(action)]
    return [one.program for one in paths if getattr(one, "program", None) is not None]


@pytest.mark.parametrize("disease", diseases())
def test_written_expressions_say_what_the_closures_say(disease: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [patient for _, patient in patients(disease)]
    for patient in everybody[:20]:
        walked(disease, patient)  # until what is asked of everybody is written
    written = [all_of(disease, patient) for patient in everybody]
    programs = programs_of(disease)
    assert sum(bool(one.python()) for one in programs) > len(programs) / 2
    given_up = [one.expression for one in programs if one.python() and not one.written]
    assert not given_up
    for one in programs:
        monkeypatch.setattr(one, "planned", by_closures(one))
    for patient, made in zip(everybody, written, strict=True):
        assert made == all_of(disease, patient)


@pytest.mark.parametrize("disease", diseases())
def test_what_nobody_watched_is_told_as_if_it_had_been(disease: str) -> None:
    for _, patient in patients(disease):
        assert all_of(disease, patient, watched=False) == all_of(disease, patient)
    assert sum(bool(one.python(watched=False)) for one in programs_of(disease)) > len(programs_of(disease)) / 2


@pytest.mark.parametrize("disease", diseases())
def test_plans_looked_up_together_say_what_they_say_apart(disease: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [patient for _, patient in patients(disease)]
    together = [all_of(disease, patient) for patient in everybody]
    monkeypatch.setattr(Scope, "joined", lambda self, plan: False)
    for patient, made in zip(everybody, together, strict=True):
        assert made == all_of(disease, patient)
