"""The named values of a set in words: a length of time, a number with its unit, a medicine by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.fhir.resource import Resource
from app.fhir.translation import text
from protocols.parameters import Parameter, plain
from protocols.presenters.plans import value_text

ATC = "http://www.whocc.no/atc"


def medicines(resources: Iterable[Resource], lang: str) -> dict[str, str]:
    """ATC code → name, of the medicines that the orders of a set prescribe."""
    names: dict[str, str] = {}
    for one in resources:
        product = one.get("productCodeableConcept", {})
        for coding in product.get("coding", ()):
            if coding.get("system") == ATC and (name := text(product, "text", lang)):
                names.setdefault(coding["code"], name)
    return names


def said(value: str, parameter: Parameter, names: Mapping[str, str]) -> str:
    """A value that a parameter has or may have: ``4 weeks``, ``140 mmHg``, ``Chlortalidone (C03BA04)``.

    A word that is neither a number nor a code reads as its source says it. Each part keeps its own direction.
    """
    if not value.startswith("'"):
        return value_text(value, parameter.unit)
    code = plain(value)
    if name := names.get(code.partition("-")[0]):  # C03BA11-SR: the same medicine, released slowly
        return f"{name} (\u2066{code}\u2069)"
    return next((option.source for option in parameter.options if option.value == value), code)
