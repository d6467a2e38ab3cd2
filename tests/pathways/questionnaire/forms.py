"""Small Questionnaires for the tests: items said in one line."""

from datetime import UTC, datetime
from typing import Any

from app.fhir.translation import translated
from pathways.questionnaire import sdc
from pathways.questionnaire.context import FormContext

LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10"
RESOURCE = "http://hl7.org/fhir/StructureDefinition/"
MMHG = {"system": sdc.UCUM, "code": "mm[Hg]", "display": "mmHg"}
KG = {"system": sdc.UCUM, "code": "kg", "display": "kg"}
AMINA = {"resourceType": "Patient", "id": "amina", "birthDate": "1960-05-04", "gender": "female"}
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def today(language: str = "fr", **around: Any) -> FormContext:
    """The context of 21 November 2026, with Amina as the patient."""
    return FormContext(**{"now": NOW, "language": language, "patient": AMINA, **around})


def a_form(*item: dict[str, Any], extension: list[Any] | None = None, **about: Any) -> dict[str, Any]:
    """A Questionnaire of these items."""
    made = {"resourceType": "Questionnaire", "url": "https://maslak.ma/fhir/Questionnaire/test", "version": "1.0.0"}
    return made | {"status": "active", "extension": extension or [], **about, "item": list(item)}


def ask(
    type_: str, link_id: str, text: str = "", *extension: dict[str, Any], ar: str = "", **more: Any
) -> dict[str, Any]:
    """One item; ``ar`` is its text in Arabic."""
    made = {"linkId": link_id, "type": type_, "text": text or link_id, **more}
    made = made | ({"extension": list(extension)} if extension else {})
    return translated(made, "text", {"ar": ar}) if ar else made


def named(french: str, arabic: str) -> dict[str, Any]:
    """How messages name the field."""
    return translated({"url": sdc.FIELD_NAME, "valueString": french}, "valueString", {"ar": arabic})


def ext(url: str, **value: Any) -> dict[str, Any]:
    """An extension with a value."""
    return {"url": url, **value}


def fhirpath(url: str, expression: str) -> dict[str, Any]:
    """An extension that holds a FHIRPath Expression."""
    return ext(url, valueExpression={"language": "text/fhirpath", "expression": expression})


def between(low: int, high: int) -> list[dict[str, Any]]:
    """minValue and maxValue."""
    return [ext(sdc.MIN_VALUE, valueInteger=low), ext(sdc.MAX_VALUE, valueInteger=high)]


def code(code: str, system: str = LOINC) -> list[dict[str, Any]]:
    """An item's code."""
    return [{"system": system, "code": code}]


def option(code: str, display: str, system: str = ICD) -> dict[str, Any]:
    """An answer option."""
    return {"valueCoding": {"system": system, "code": code, "display": display}}


def blood_pressure() -> dict[str, Any]:
    """The group of systolic and diastolic, extracted as one Observation with two components."""
    part = ext(sdc.OBSERVATION_EXTRACT, valueCode="component")
    unit = ext(sdc.UNIT, valueCoding=MMHG)
    systolic = named("La systolique", "الضغط الانقباضي")
    diastolic = named("La diastolique", "الضغط الانبساطي")
    return ask(
        "group",
        "bp",
        "Pression artérielle",
        ext(sdc.OBSERVATION_EXTRACT, valueBoolean=True),
        code=code("85354-9"),
        item=[
            ask(
                "integer",
                "sys",
                "Systolique",
                part,
                unit,
                systolic,
                *between(50, 300),
                ar="الانقباضي",
                code=code("8480-6"),
            ),
            ask(
                "integer",
                "dia",
                "Diastolique",
                part,
                unit,
                diastolic,
                *between(30, 200),
                ar="الانبساطي",
                code=code("8462-4"),
            ),
        ],
    )


def below_systolic() -> dict[str, Any]:
    """The constraint across two fields."""
    human = {"url": "human", "valueString": "La diastolique doit être inférieure à la systolique"}
    expression = (
        "%resource.descendants().where(linkId='dia').answer.value.first()"
        " < %resource.descendants().where(linkId='sys').answer.value.first()"
    )
    return {
        "url": sdc.TARGET_CONSTRAINT,
        "extension": [
            {"url": "key", "valueId": "bp-1"},
            {"url": "severity", "valueCode": "error"},
            {"url": "expression", "valueExpression": {"language": "text/fhirpath", "expression": expression}},
            translated(human, "valueString", {"ar": "الانبساطي يجب أن يكون أقل من الانقباضي"}),
            {"url": "location", "valueString": "item.where(linkId='dia')"},
        ],
    }


def glucose() -> dict[str, Any]:
    """Fasting glucose, kept in mmol/L, asked in g/L or mmol/L."""
    gram, mole = ({"system": sdc.UCUM, "code": unit, "display": unit} for unit in ("g/L", "mmol/L"))
    return ask(
        "quantity",
        "glucose",
        "Glycémie à jeun",
        ext(sdc.UNIT, valueCoding=mole),
        ext(sdc.UNIT_OPTION, valueCoding=gram),
        ext(sdc.UNIT_OPTION, valueCoding=mole),
        ext(sdc.OBSERVATION_EXTRACT, valueBoolean=True),
        ext(sdc.MAX_VALUE, valueInteger=50),
        code=code("1558-6"),
    )
