"""What is written out as Python answers as the closures do, or leaves the answer to them."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, Program, compile, node
from app.fhir.fhirpath.compiler import scoped
from app.fhir.fhirpath.nodes import Items, Node, raw, system_type
from app.fhir.fhirpath.program import PATIENCE, WORTH_WRITING
from app.fhir.fhirpath.written import whole
from tests.fhir.fhirpath.test_official_cases import SUITE, cases, read
from tests.fhir.fhirpath.test_specification import ON_A_PATIENT, PATIENT, RULES


class Variables(dict[str, list[Any]]):
    """The variables of a plan: looked up, and unknown ones refused."""


def told(item: Any) -> tuple[str, str]:
    return (item.type.path, repr(item.value)) if item.__class__ is Node else (system_type(item), repr(raw(item)))


def closures(expression: str, focus: Any, variables: Variables) -> tuple[Any, list[str]]:
    used: dict[str, None] = {}
    try:
        return list(map(told, compile(expression).items(focus, variables, variables, used))), list(used)
    except FhirPathError as error:
        return (str(error), error.position), list(used)


class LeftOver(Exception):
    """The written form leaves the answer to the closures."""


def written(expression: str, focus: Any, variables: Variables, watched: bool = True) -> tuple[Any, list[str]] | None:
    """The answer of the written form alone; None where it leaves it to the closures."""

    def leave(*_: Any) -> Items:
        raise LeftOver

    made = whole(compile(expression).tree, scoped, leave, watched)
    used: dict[str, None] = {}
    try:
        return None if made is None else (list(map(told, made.answer(focus, variables, used))), list(used))
    except LeftOver:
        return None


def agree(expression: str, focus: Any, variables: Variables) -> bool:
    """Whether the written form answers; where it does, it says what the closures say and has looked at the same."""
    made = written(expression, focus, variables)
    assert made is None or made == closures(expression, focus, variables), expression
    unwatched = written(expression, focus, variables, watched=False)
    assert (unwatched and unwatched[0]) == (made and made[0]), expression
    return made is not None


def a_variable(value: Any) -> list[Any]:
    return [node(one) for one in (value if isinstance(value, list) else [value])]


NOBODY = node({"resourceType": "Basic"})


def test_the_specification_is_written_as_it_is_evaluated() -> None:
    answered = 0
    for expression, _ in RULES:
        try:
            compile(expression)
        except FhirPathError:
            continue
        answered += agree(expression, NOBODY, Variables())
    assert answered > 400


def test_expressions_on_a_patient_are_written_as_they_are_evaluated() -> None:
    variables = Variables(patient=[node(PATIENT)], none=[])
    answered = 0
    for expression, _ in ON_A_PATIENT:
        answered += agree(expression, node(PATIENT), variables)
        answered += agree(f"%patient.select({expression})", NOBODY, variables)
        answered += agree(f"%none.where({expression})", NOBODY, variables)
    assert answered > 60


@pytest.mark.skipif(not cases(), reason="the official cases are not beside the project: no ../shared/peers/fhirpath")
def test_the_official_cases_are_written_as_they_are_evaluated() -> None:
    answered = 0
    for case in cases():
        focus = node(read(SUITE / "inputs" / case["input"])) if case["input"] else NOBODY
        try:
            compile(case["expression"])
        except FhirPathError:
            continue
        answered += agree(case["expression"], focus, Variables())
    assert answered > 300


READINGS = [
    {"resourceType": "Observation", "id": "a", "status": "final", "effectiveDateTime": "2026-05-01",
     "code": {"coding": [{"system": "s", "code": "x"}]}, "valueQuantity": {"value": 7, "code": "mmol/L"}},
    {"resourceType": "Observation", "id": "b", "status": "final", "effectiveDateTime": "2026-04-30T10:00:00Z",
     "code": {"coding": [{"code": "y"}, {"code": "x"}]}, "valueQuantity": {"value": 1, "code": "g/L"}},
    {"resourceType": "Observation", "id": "c", "status": "final", "effectiveDateTime": "2026-04",
     "code": {"coding": "broken"}, "valueQuantity": {"value": 9, "comparator": ">", "code": "mmol/L"}},
    {"resourceType": "Observation", "id": "d", "_status": {"id": "i"}, "effectivePeriod": {"start": "2026"},
     "code": {"text": "none"}, "valueQuantity": {"code": "mmol/L"}},
    {"resourceType": "Condition", "id": "e", "code": {"coding": [{"code": "x"}]}},
]  # fmt: skip
QUESTIONS = (
    "%found.entry.resource.where(code.coding.exists(code = 'x')).id",
    "%found.entry.resource.where(value.ofType(Quantity).exists(code = 'mmol/L' and value > %limit)).first().id",
    "%found.entry.resource.where(effective.ofType(dateTime).toDate() >= %day - 2 days).exists()",
    "%found.entry.resource.value.ofType(Quantity).value.first()",
    "%found.entry.resource.select(effective.ofType(dateTime).toDate()).first()",
    "%found.entry.resource.select(effective.ofType(dateTime).toDate())",
    "%found.entry.resource.all(status = 'final')",
    "%found.entry.resource.all(code.coding.exists(code = 'x') or %limit > 100)",
    "%found.entry.resource.exists(status = 'final' and %limit < 3)",
    "%found.entry.resource.where(%nothing.empty() and status.exists()).code.coding.code.distinct().count()",
    "%found.entry.resource.select(iif(value.exists(), id, status)).first()",
    "%found.entry.resource.first().code.coding.where(code = 'x').code in ('x' | 'y')",
    "%all.where(code.coding.first().code = 'x').id",
    "%all.first().effective.ofType(dateTime).toDate() <= %day",
    "%all.code.coding.code",
    "%all.exists(code.coding.code.first() = 'y')",
    "%all.where(id in ('a' | 'e')) | %all.where(id = 'b')",
    "%all.id.exists($this = 'b')",
    "%all.id.where($this in ('b' | 'zz'))",
    "iif(%limit.exists(), %limit + 1, {})",
    "iif(%nothing, 1, %limit * 2)",
    "iif(%nothing.exists(), 1)",
    "%limit >= 5 and %nothing.empty()",
    "%limit.not() or %unknown",
    "%limit = 6.5 xor %day = @2026-05-01",
    "(%limit > 100) implies %nothing",
    "%nothing = 5",
    "%limit != 5",
    "%day + 3 months",
    "%day - %limit",
    "%limit / 0",
    "-%limit",
    "%all[1].id",
    "%all.aggregate(iif(value.ofType(Quantity).value.exists(), $total + 1, $total), 0)",
    "%all.where($index > 0).id",
    "%all.select(%limit)",
    "%text.matches('^a') and %text.startsWith('b').not()",
    "%all.matches('a')",
    "%text & 'b'",
    "%text.matches('^ab')",
    "%text.matches('^(b|abc)$') and %text.matches('^ab$').not()",
    "%all.id.where($this.matches('^a$'))",
    "%limit.exists() and (%limit > 1 or %nothing) and %limit < 10",
    "iif(%all.exists(), %all.select(%limit).first() | %all.select(%limit), {})",
    "%all.aggregate($total + %limit, 0)",
    "%all.id.aggregate(iif($total.empty() or $this > $total, $this, $total), {})",
    "%found.entry.resource.select(code.coding.aggregate(iif($total.empty(), code, $total), {}))",
    "%found.entry.resource.select(value.ofType(Quantity).aggregate(value * 2 + $total, 0)).first()",
    "%all.aggregate(%all.where(id = $total).id | $total, {})",
)
"""Each asked of all readings, and of every one alone."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_paths_from_variables_are_written_as_they_are_evaluated(question: str) -> None:
    limit, day = (compile(text).items(None) for text in ("6.5", "@2026-05-01"))
    given = Variables(limit=limit, day=day, nothing=[], text=["abc"])
    answered = False
    for chosen in ([], READINGS, READINGS[:1], *([one] for one in READINGS), READINGS[:2]):
        entries = {"entry": [{"resource": one} for one in chosen]} if chosen else {}
        found = {"resourceType": "Bundle", "type": "searchset", **entries}
        variables = Variables(given | {"found": a_variable(found), "all": a_variable(chosen)})
        answered = agree(question, NOBODY, variables) or answered
    assert answered or "%unknown" in question or question in ("%day - %limit", "%all.matches('a')")


def test_an_expression_is_written_once_it_is_asked_often_and_can_be_read() -> None:
    program = Program("%limit > 5 and %all.exists(id = 'a') and %`x'] or 1`.empty()")
    variables = Variables({"limit": [6], "all": a_variable(READINGS), "x'] or 1": []})
    for _ in range(WORTH_WRITING - 1):
        assert program.planned(NOBODY, variables, {}) == [True]
    assert program.python() == ""
    assert program.planned(NOBODY, variables, {}) == [True]
    assert "def answer(focus, S, U):" in program.python()
    assert "S['limit']" in program.python(), "a plain word may stand there"
    assert "or 1" not in program.python(), "nothing else that an expression says"
    assert "'a'" not in program.python()


def test_what_the_written_form_cannot_answer_is_told_as_always_and_in_the_end_it_is_given_up() -> None:
    program, variables = Program("%many > 5"), Variables(many=[6, 7])
    told_first = None
    for _ in range(WORTH_WRITING + PATIENCE + 3):
        with pytest.raises(FhirPathError) as failed:
            program.planned(NOBODY, variables, {})
        told_first = told_first or (str(failed.value), failed.value.position)
        assert (str(failed.value), failed.value.position) == told_first
    variables["many"] = [6]
    assert program.planned(NOBODY, variables, {}) == [True]
