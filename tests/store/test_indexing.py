"""What is indexed, and under which numbers."""

from collections import Counter
from typing import Any

import pytest

from app.store.codes import path_code, system_code, type_codes, type_names
from app.store.copying import array_literal
from app.store.extract import extract
from app.store.parameters import CONTAINED, parameters_of, primary_date, record_paths, searchable_types
from app.store.paths import branches, paths
from app.store.values import of_type
from tests.store.builders import a_quantity, an_observation


def expressions() -> set[str]:
    return {
        path.expression + parameter.index
        for type in searchable_types()
        for parameter in parameters_of(type).values()
        for path in parameter.paths
    }


def test_no_two_paths_share_a_number() -> None:
    found = expressions()
    found |= {text + CONTAINED for text in found}
    numbers = Counter([path_code(text) for text in found] + [of_type(path_code(text)) for text in found])
    assert len(found) > 1700
    assert [number for number, times in numbers.items() if times > 1] == []


def test_types_are_numbered_once_and_for_all() -> None:
    assert len(type_codes()) == 146
    assert (type_codes()["Account"], type_codes()["Patient"], type_codes()["VisionPrescription"]) == (1, 103, 146)
    assert type_names()[103] == "Patient"


def test_systems_have_the_same_number_in_every_process() -> None:
    assert system_code("http://loinc.org") == 4281956892100354830
    assert system_code(None) == system_code("") == 0


def test_nearly_every_official_expression_is_walked() -> None:
    engine = [
        path.expression
        for type in searchable_types()
        for p in parameters_of(type).values()
        for path in p.paths
        if path.ways is None
    ]
    assert engine == ["Patient.deceased.exists() and Patient.deceased != false"]


def test_every_walked_parameter_makes_something_of_its_element() -> None:
    from app.store.values import emitter

    idle = [
        f"{type}?{code}"
        for type in searchable_types()
        for code, parameter in parameters_of(type).items()
        for path in parameter.paths
        if path.ways and not any(emitter(parameter.kind, way[-1].type, parameter.index) for way in path.ways)
    ]
    assert idle == ["Bundle?composition", "Bundle?message", "Location?near"] or idle == []


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("A.b | A.c.where(x='|') | A.d", ["A.b", "A.c.where(x='|')", "A.d"]),
        ("A.b", ["A.b"]),
        ("", []),
    ],
)
def test_unions_are_cut_at_the_top(expression: str, parts: list[str]) -> None:
    assert branches(expression) == parts


def test_a_choice_is_followed_under_each_of_its_names() -> None:
    (path,) = paths("Observation.value.ofType(Quantity)")
    assert [step.key for step in path.ways[0]] == ["valueQuantity"]  # type: ignore[index]
    (path,) = paths("Observation.effective")
    assert {way[-1].key for way in path.ways or ()} == {
        "effectiveDateTime", "effectivePeriod", "effectiveTiming", "effectiveInstant",
    }  # fmt: skip


def rows(resource: dict[str, Any], kind: str, expression: str) -> list[Any]:
    return [row[1:] for row in getattr(extract(resource), kind) if row[0] == path_code(expression)]


def test_parameters_of_one_path_share_its_rows() -> None:
    made = extract(an_observation("o1"))
    assert len(made.reference) == 1  # subject, and patient with it
    assert parameters_of("Observation")["patient"].codes() == parameters_of("Observation")["subject"].codes()


def test_elements_of_a_composite_are_told_apart() -> None:
    parts = [{"code": {"coding": [{"code": "a"}]}, "valueQuantity": a_quantity(n)} for n in (1, 2)]
    made = an_observation("o1", component=parts)
    assert [row[0] for row in rows(made, "token", "Observation.component.code")] == [1, 2]
    assert [row[:2] for row in rows(made, "quantity", "Observation.component.value.ofType(Quantity)")] == [
        (1, 1.0),
        (2, 2.0),
    ]


def test_filters_of_a_path_are_kept() -> None:
    library = {
        "resourceType": "Library",
        "relatedArtifact": [
            {"type": "composed-of", "resource": "http://x/a|1"},
            {"type": "depends-on", "resource": "http://x/b"},
        ],
    }
    found = extract(library).uri
    assert [row[2:] for row in found] == [("http://x/a", "1"), ("http://x/b", "")]
    assert len({row[0] for row in found}) == 2


def test_what_settles_whose_record_it_is() -> None:
    assert record_paths("Observation")[1] and record_paths("Task")[1] and record_paths("Coverage")[1]
    assert not record_paths("Appointment")[1]
    assert record_paths("Organization") == ((), False)
    assert primary_date("Observation") and primary_date("Observation")[0] == "date"  # type: ignore[index]
    assert primary_date("MedicationRequest")[0] == "authoredon"  # type: ignore[index]


def test_unreadable_dates_are_left_out() -> None:
    assert rows(an_observation("o1", date="soon"), "date", "Observation.effective") == []


def test_array_literals_hold_every_text() -> None:
    assert array_literal([1, None, -3]) == "{1,NULL,-3}"
    assert array_literal(['a"b', "c\\d", "{,}", "", "\x00"]) == '{"a\\"b","c\\\\d","{,}","",""}'
    assert array_literal([b"\x00\xff", None]) == '{"\\\\x00ff",NULL}'
