"""Required bindings (https://hl7.org/fhir/R4/terminologies.html#required): only codes of the value set are allowed."""

from __future__ import annotations

import re
from typing import Any

from app.fhir.definitions import codes_of, load
from app.fhir.validation.primitives import CHECKS, Check
from app.fhir.validation.problem import Context, Found, Walk, one

_SHOWN = 16
_OPEN = {
    # Value sets that no list can hold; (pattern, hint).
    "http://hl7.org/fhir/ValueSet/currencies": (r"[A-Z]{3}", "three capital letters of ISO 4217, such as MAD"),
    "http://hl7.org/fhir/ValueSet/mimetypes": (
        r"[^\s/;]+(?:/[^\s/;]+(?:\s?;\s?\S+)*)?",
        "a MIME type such as text/plain",
    ),
}


def bound_code(path: str) -> Check | None:
    """The check of a code, uri or string with a required binding; None where the element has none."""
    if (url := load("bindings").get(path)) is None:
        return None
    systems = codes_of(url)
    if systems is None:
        return _open(url)
    allowed = frozenset(code for codes in systems.values() for code in codes)

    def check(value: Any) -> str | None:
        if value.__class__ is str and value in allowed:
            return None
        return CHECKS["code"](value) or f"'{value}' is not allowed here: {_listed(allowed)}."

    return check


def _open(url: str) -> Check | None:
    if url not in _OPEN:
        return None
    expression, hint = _OPEN[url]
    match = re.compile(expression).fullmatch

    def check(value: Any) -> str | None:
        return CHECKS["code"](value) or (None if match(value) else f"'{value}' is not allowed here: write {hint}.")

    return check


def bound_concept(path: str, walk: Walk, type_name: str) -> Walk:
    """``walk`` followed by the required binding of a Coding, CodeableConcept or Quantity, where there is one."""
    url = load("bindings").get(path)
    systems = codes_of(url) if url else None
    if systems is None:
        return walk
    pairs = frozenset((system, code) for system, codes in systems.items() for code in codes)
    listed = _listed(frozenset(code for _, code in pairs))

    def check(value: Any, context: Context) -> Found:
        if found := walk(value, context):
            return found
        entries = value.get("coding", ()) if type_name == "CodeableConcept" else (value,)
        if any((entry.get("system"), entry.get("code")) in pairs for entry in entries):
            return None
        said = ", ".join(f"{entry.get('system')}|{entry.get('code')}" for entry in entries) or "nothing coded"
        return one(f"{said} is not in the required value set {url}: {listed}.", "code-invalid")

    return check


def _listed(codes: frozenset[str]) -> str:
    """The allowed codes, or some of them."""
    few = sorted(codes)
    return ", ".join(few[:_SHOWN]) + (f" … ({len(few)} in all)" if len(few) > _SHOWN else "")
