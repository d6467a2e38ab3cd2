"""Parameters resources as answers (https://hl7.org/fhir/R4/parameters.html)."""

from __future__ import annotations

from typing import Any

from app.fhir.resource import Resource
from app.rest.bodies import checked

Row = tuple[str, str | None, Any]
"""(name, type suffix such as ``Code``, value); with None for the type, the value is the rows of its parts."""


def parameter(name: str) -> str:
    """Where a parameter of an operation stands, as the ``expression`` of an issue says it."""
    return f"Parameters.parameter('{name}')"


def answer(*rows: Row) -> Resource:
    """A Parameters resource of the rows that have a value."""
    return {"resourceType": "Parameters", "parameter": _rows(rows)}


def _rows(rows: Any) -> list[Resource]:
    made: list[Resource] = []
    for name, suffix, value in rows:
        if value is None:
            continue
        if suffix is None:
            made.append({"name": name, "part": _rows(value)})
        elif suffix == "resource":
            made.append({"name": name, "resource": value})
        else:
            made.append({"name": name, f"value{suffix}": value})
    return made


def well_formed(parameters: Resource, *, resources: bool = True) -> Resource:
    """The same Parameters when valid. ``resources`` False: what they carry is not looked at (``$validate`` judges it).

    Raises Invalid (422) with every error and its path.
    """
    checked(parameters if resources else _without_resources(parameters))
    return parameters


def _without_resources(parameters: Resource) -> Resource:
    listed = parameters.get("parameter")
    if not isinstance(listed, list):
        return parameters
    return {**parameters, "parameter": [_plain(one) for one in listed]}


def _plain(parameter: Any) -> Any:
    if not isinstance(parameter, dict) or not isinstance(parameter.get("resource"), dict):
        return parameter
    return {key: value for key, value in parameter.items() if key != "resource"} | {"valueBoolean": True}
