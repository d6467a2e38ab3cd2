"""Finding a person anywhere in the country without opening the record, so that nobody is registered twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import Malformed
from app.fhir.json import loads
from app.store.codes import type_codes
from app.store.search.criteria import as_condition
from app.store.search.run import prepared
from app.store.tables import LIVE
from app.store.unit import Unit

MOST_FOUND = 50
ALLOWED = frozenset(
    {"identifier", "name", "name-key", "family", "given", "phone", "phone-key", "birthdate", "gender", "_id"}
)


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """As much of a person as tells them apart. ``establishment`` is a reference; ``visible``: the record may be
    opened.
    """

    id: str
    name: str
    other_name: str
    birth_year: str
    sex: str
    establishment: str | None
    visible: bool


def search_directory(unit: Unit, query: str) -> list[DirectoryRow]:
    """Rows for ``Patient?identifier=…``, ``phone-key=``, ``name-key=`` … of the whole country, 50 at most.

    Raises Malformed on other parameters. The search itself is written to the audit, without naming patients.
    """
    unit.flush()
    request, pieces, _ = prepared(unit, query, strict=True)
    unknown = {asked.name for asked in request.criteria} - ALLOWED
    if request.types != ("Patient",) or unknown or not pieces:
        raise Malformed(f"The directory is searched by {', '.join(sorted(ALLOWED))} of Patient.")
    conditions = [as_condition(piece, driving=position == 0) for position, piece in enumerate(pieces)]
    where = " and ".join(condition.at("h.key", "h") for condition in conditions)
    values: list[Any] = [value for condition in conditions for value in condition.values]
    rows = unit.driver.rows(
        "select h.key, h.id, v.body from head h join version v on v.seq = h.seq "
        f"where h.type = {type_codes()['Patient']} and h.state = {LIVE} and {where} order by h.key limit {MOST_FOUND}",
        values,
    )
    hidden = unit.scope.hidden(row[0] for row in rows)
    return [_row(id, loads(bytes(body)), key not in hidden) for key, id, body in rows]


def _row(id: str, patient: dict[str, Any], visible: bool) -> DirectoryRow:
    names = [_text(name) for name in patient.get("name", ())]
    return DirectoryRow(
        id=id,
        name=names[0] if names else "",
        other_name=names[1] if len(names) > 1 else "",
        birth_year=patient.get("birthDate", "")[:4],
        sex=patient.get("gender", "unknown"),
        establishment=patient.get("managingOrganization", {}).get("reference"),
        visible=visible,
    )


def _text(name: dict[str, Any]) -> str:
    """Family name first, as lists are read."""
    return name.get("text") or " ".join([name.get("family", ""), *name.get("given", ())]).strip()
