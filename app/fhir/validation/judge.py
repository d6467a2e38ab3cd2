"""``fhir.resources.R4B``, the reference library, as a second opinion on structure and types.

It judges and never serialises (it writes 0.40 as 0.4). R4B is not R4 everywhere, so types that differ are left to our
own walk, which is the law; its verdict is asked only where our walk has found nothing (docs/adr/0002-validation.md).
That walk knows every name of R4, so the library's word on unknown names, which is wrong for ``valueMeta`` and for
``_valueString`` in extensions, is not taken.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from app.fhir.definitions import load
from app.fhir.validation.problem import Problem

CHANGED_IN_R4B = frozenset({"Evidence", "EvidenceVariable"})
"""Of the types that both versions have, those whose elements R4B changed."""


def judged(resource: dict[str, Any]) -> list[Problem]:
    """What the library refuses, as problems relative to the resource; [] for types that it does not have."""
    name = resource["resourceType"]
    model = _model(name)
    if model is None:
        return []
    try:
        model.model_validate(resource)
    except Exception as error:  # the library lets pydantic's, but also plain ValueErrors of its validators, through
        return _problems(name, error)
    return []


@cache
def _model(name: str) -> Any:
    from fhir.resources.R4B import get_fhir_model_class  # late: importing costs 0.2 s

    if name in CHANGED_IN_R4B:
        return None
    try:
        return get_fhir_model_class(name)
    except (AttributeError, KeyError, ValueError):  # all of them, by the library's version and the name
        return None


def _problems(name: str, error: Exception) -> list[Problem]:
    errors = getattr(error, "errors", None)
    if errors is None:
        return [Problem("", str(error), "structure")]
    return [
        Problem(_path(name, found["loc"]), found["msg"], "structure")
        for found in errors()
        if found["type"] != "extra_forbidden"
    ]


def _path(name: str, location: tuple[int | str, ...]) -> str:
    """The library's location as the end of a FHIRPath: ``("contact", 0, "gender")`` → ``.contact[0].gender``."""
    path, owner = "", name
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
            continue
        elements = load("elements").get(owner, {}).get("elements", {})
        for element_name, element in elements.items():
            kinds = {element_name + kind[0].upper() + kind[1:]: kind for kind in element["t"]}
            if element.get("c") and step in kinds:
                path, owner = f"{path}.{element_name}.ofType({kinds[step]})", kinds[step]
                break
            if step == element_name:
                path, owner = f"{path}.{step}", element["t"][0]
                break
        else:
            path += f".{step}"
    return path
