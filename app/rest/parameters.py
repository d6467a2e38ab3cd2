"""Parameters resources as answers (https://hl7.org/fhir/R4/parameters.html)."""

from __future__ import annotations

from typing import Any

from app.fhir.resource import Resource

Row = tuple[str, str | None, Any]
"""(name, type suffix such as ``Code``, value); with None for the type, the value is the rows of its parts."""


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
