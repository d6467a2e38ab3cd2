"""Accounts from a file, and the Practitioner that stands for somebody who treats patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.access import accounts, passwords
from app.access.csv_rows import Refused, Report, Row
from app.access.facilities import number_of
from app.config import CANONICAL_BASE
from app.errors import Invalid, Issue

COLUMNS = ("username", "name", "roles", "establishment")
MORE_COLUMNS = ("email", "language", "inpe")
INPE = f"{CANONICAL_BASE}/sid/inpe"
ROLE = f"{CANONICAL_BASE}/CodeSystem/role"
CLINICAL = frozenset({"physician", "nurse", "hospital-physician"})


def practitioner(repo: Any, *, name: str, roles: Iterable[str], organization: str | None, inpe: str = "") -> str | None:
    """The reference of a Practitioner for somebody with a clinical role (found by INPE or made), else None."""
    clinical = sorted(CLINICAL & set(roles))
    if not clinical:
        return None
    held = repo.first(f"Practitioner?identifier={INPE}|{inpe}") if inpe else None
    if held is None:
        resource: dict[str, Any] = {"resourceType": "Practitioner", "active": True, "name": [_human_name(name)]}
        if inpe:
            resource["identifier"] = [{"system": INPE, "value": inpe}]
        held = repo.create(resource)
    reference = f"Practitioner/{held['id']}"
    if organization:
        repo.create(
            {
                "resourceType": "PractitionerRole",
                "active": True,
                "practitioner": {"reference": reference, "display": name},
                "organization": {"reference": organization},
                "code": [{"coding": [{"system": ROLE, "code": role}]} for role in clinical],
            }
        )
    return reference


def import_rows(repo: Any, rows: Iterable[Row]) -> Report:
    """Make accounts from a file's rows, each with a temporary password that the report shows once.

    An account that stands already is left as it is and counted as unchanged. Establishments are given by their number.
    """
    report = Report()
    places = {number_of(found): f"Organization/{found['id']}" for found in repo.search_all("Organization?_count=1000")}
    for row in rows:
        _import_row(repo, row, places, report)
    return report


def _import_row(repo: Any, row: Row, places: Mapping[str, str], report: Report) -> None:
    if accounts.by_name(row["username"]):
        report.unchanged.append(row["username"])
        return
    place = places.get(row["establishment"])
    if row["establishment"] and not place:
        unknown = {"number": row["establishment"]}
        issue = Issue("there is no establishment {number}", "not-found", "establishment", values=unknown)
        report.refused.append(Refused.of(row.line, issue))
        return
    roles = row["roles"].replace("|", " ").replace("+", " ").split()
    password = passwords.temporary_password()
    try:
        account = accounts.create(
            username=row["username"],
            name=row["name"],
            roles=roles,
            organization=place,
            email=row["email"],
            language=row["language"] or "fr",
            password=password,
            temporary=True,
        )
    except Invalid as error:
        report.refused += [Refused.of(row.line, issue, {"organization": "establishment"}) for issue in error.issues]
        return
    account.practitioner = practitioner(repo, name=row["name"], roles=roles, organization=place, inpe=row["inpe"])
    report.created.append(account.username)
    report.passwords.append((account.username, password))


def _human_name(name: str) -> dict[str, Any]:
    given, _, family = name.strip().rpartition(" ")
    return {"text": name.strip(), "family": family} | ({"given": given.split()} if given else {})
