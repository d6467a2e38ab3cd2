"""The facility tree: establishments as FHIR Organizations with ``partOf``; made, changed, imported.

Levels are the codes of ``CodeSystem/facility-level``; the table says under which level each may stand
(decree 2-14-562 for the establishments, law 08-22 for the territorial health groups, GST).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.access.csv_rows import Changed, Refused, Report, Row, differing
from app.config import CANONICAL_BASE
from app.errors import Invalid, Issue
from app.fhir import translation

Resource = dict[str, Any]
NUMBER = f"{CANONICAL_BASE}/sid/facility"
LEVEL = f"{CANONICAL_BASE}/CodeSystem/facility-level"
COLUMNS = ("number", "level", "name_fr", "name_ar", "parent")
MORE_COLUMNS = ("phone", "active")
_ESTABLISHMENT = frozenset({"province", "gst", "region"})
UNDER: Mapping[str, frozenset[str]] = {
    "ministry": frozenset(),
    "region": frozenset({"ministry"}),
    "gst": frozenset({"region"}),
    "province": frozenset({"gst", "region"}),
    "DR": _ESTABLISHMENT | {"CSR-1", "CSR-2"},
    "CSR-1": _ESTABLISHMENT,
    "CSR-2": _ESTABLISHMENT,
    "CSU-1": _ESTABLISHMENT,
    "CSU-2": _ESTABLISHMENT,
    "HP": _ESTABLISHMENT,
    "CHP": _ESTABLISHMENT,
    "CHR": _ESTABLISHMENT,
    "CHU": _ESTABLISHMENT | {"ministry"},
}
_YES, _NO = {"", "1", "yes", "oui", "نعم"}, {"0", "no", "non", "لا"}


def names_of(organization: Mapping[str, Any]) -> dict[str, str]:
    """Names by language."""
    return {code: translation.text(organization, "name", code) or "" for code in ("fr", "ar")}


def level_of(organization: Mapping[str, Any]) -> str:
    """Its level code, or nothing."""
    codings = (coding for kind in organization.get("type", ()) for coding in kind.get("coding", ()))
    return next((coding.get("code", "") for coding in codings if coding.get("system") == LEVEL), "")


def number_of(organization: Mapping[str, Any]) -> str:
    """Its facility number, or nothing."""
    return next((i.get("value", "") for i in organization.get("identifier", ()) if i.get("system") == NUMBER), "")


def phone_of(organization: Mapping[str, Any]) -> str:
    return next((t.get("value", "") for t in organization.get("telecom", ()) if t.get("system") == "phone"), "")


def described(before: Mapping[str, Any], values: Mapping[str, Any]) -> Resource:
    """An Organization with these values; what else stands in ``before`` is kept.

    ``values``: number, level, name_fr, name_ar, parent (a reference or None), phone, active (bool).
    """
    others = [i for i in before.get("identifier", ()) if i.get("system") != NUMBER]
    made: Resource = {
        **before,
        "resourceType": "Organization",
        "language": "fr",
        "identifier": [{"system": NUMBER, "value": values["number"]}, *others],
        "active": values.get("active", True),
        "type": [{"coding": [{"system": LEVEL, "code": values["level"]}]}],
        "name": values["name_fr"],
    }
    made.pop("_name", None)
    made = translation.translated(made, "name", {"ar": values["name_ar"]})
    for name in ("partOf", "telecom"):
        made.pop(name, None)
    if values.get("parent"):
        made["partOf"] = {"reference": values["parent"]}
    if values.get("phone"):
        made["telecom"] = [{"system": "phone", "value": values["phone"]}]
    return made


def problems(values: Mapping[str, Any], parent_level: str | None) -> list[Issue]:
    """What is wrong; ``parent_level`` is the level of what it stands under, None where that is not known."""
    found = [Issue("fill in this column", "required", name) for name in COLUMNS[:-1] if not values.get(name)]
    if not values.get("parent") and values.get("level") != "ministry":
        found.append(Issue("say under which establishment it stands", "required", "parent"))
    level = values.get("level") or ""
    if level and level not in UNDER:
        found.append(Issue("there is no level {level}", "code-invalid", "level", values={"level": level}))
    elif level and values.get("parent"):
        if parent_level is None:
            found.append(
                Issue("there is no establishment {number}", "not-found", "parent", values={"number": values["parent"]})
            )
        elif parent_level not in UNDER[level]:
            words = {"level": level, "parent": parent_level}
            found.append(Issue("{level} cannot stand under {parent}", "business-rule", "parent", values=words))
    return found


def save(
    repo: Any, values: Mapping[str, Any], organization_id: str | None = None, if_match: int | None = None
) -> Resource:
    """Make or change one establishment. Raises Invalid with an issue for each field, PreconditionFailed."""
    parent = repo.find(values["parent"]) if values.get("parent") else None
    found = problems(values, level_of(parent) if parent else None)
    other = repo.first(f"Organization?identifier={NUMBER}|{values['number']}") if values.get("number") else None
    if other and other["id"] != organization_id:
        found.append(Issue("another establishment has this number", "duplicate", "number"))
    if organization_id and parent and _is_under(repo, parent, organization_id):
        found.append(Issue("it cannot stand under itself", "business-rule", "parent"))
    if found:
        raise Invalid("the establishment cannot be saved", issues=found)
    if organization_id is None:
        return repo.create(described({}, values))
    return repo.update(described(repo.read(f"Organization/{organization_id}"), values), if_match=if_match)


def import_rows(repo: Any, rows: Iterable[Row], *, rehearsal: bool = False) -> Report:
    """Make and change establishments from a file's rows; a parent may stand in a later row.

    Rows are known by their number: running the same file twice changes nothing. What is refused does not stop the rest,
    except that what stands under a refused row is refused as well. An empty cell of a column that is not needed leaves
    what stands there. A rehearsal does the same; whoever asks for it takes it back.
    """
    report = Report()
    known = {number_of(found): found for found in repo.search_all("Organization?_count=1000") if number_of(found)}
    waiting = {}
    for row in rows:
        if row["number"] and row["number"] in waiting:
            first = {"line": str(waiting[row["number"]].line)}
            twice = Issue("the same number stands in line {line}", "duplicate", "number", values=first)
            report.refused.append(Refused.of(row.line, twice))
        else:
            waiting[row["number"] or f"line {row.line}"] = row
    while waiting:
        ready = [key for key, row in waiting.items() if row["parent"] not in waiting or row["parent"] == key]
        for key in ready or list(waiting):
            _import_row(repo, waiting.pop(key), known, report)
    report.refused.sort(key=lambda refused: refused.line)
    return report


def _import_row(repo: Any, row: Row, known: dict[str, Resource], report: Report) -> None:
    parent = known.get(row["parent"])
    held = known.get(row["number"])
    found = problems(row.cells, level_of(parent) if parent else None)
    if row["active"].lower() not in _YES | _NO:
        found.append(Issue("write yes or no", "invalid", "active"))
    if held and parent and _is_under(repo, parent, held["id"]):
        found.append(Issue("it cannot stand under itself", "business-rule", "parent"))
    if found:
        report.refused += [Refused.of(row.line, issue) for issue in found]
        return
    if held is None:
        known[row["number"]] = repo.create(described({}, _values(row, {}, parent)))
        report.created.append(row["number"])
        return
    made = described(held, _values(row, held, parent))
    moved = made.get("partOf") != held.get("partOf")
    above = {f"Organization/{one['id']}": number_of(one) for one in (parent, moved and _above(repo, held)) if one}
    if changes := differing(_cells(held, above), _cells(made, above)):
        known[row["number"]] = repo.update(made)
        report.changed.append(Changed(row.line, row["number"], changes))
    else:
        report.unchanged.append(row["number"])


def _values(row: Row, held: Mapping[str, Any], parent: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a row says of an establishment; empty cells that are not needed say nothing."""
    active = row["active"].lower()
    return dict(row.cells) | {
        "active": held.get("active", True) if not active else active not in _NO,
        "phone": row["phone"] or phone_of(held),
        "parent": f"Organization/{parent['id']}" if parent else None,
    }


def _cells(organization: Mapping[str, Any], numbers: Mapping[str, str]) -> dict[str, str]:
    """An establishment as a file would say it; ``numbers`` by reference."""
    above = (organization.get("partOf") or {}).get("reference", "")
    names = names_of(organization)
    return {
        "level": level_of(organization),
        "name_fr": names["fr"],
        "name_ar": names["ar"],
        "parent": numbers.get(above, above),
        "phone": phone_of(organization),
        "active": "yes" if organization.get("active", True) else "no",
    }


def _above(repo: Any, organization: Mapping[str, Any]) -> Resource | None:
    """What it stands under."""
    above = (organization.get("partOf") or {}).get("reference")
    return repo.find(above) if above else None


def _is_under(repo: Any, organization: Resource | None, organization_id: str) -> bool:
    steps = 0
    while organization and steps < 12:
        if organization["id"] == organization_id:
            return True
        organization, steps = _above(repo, organization), steps + 1
    return False
