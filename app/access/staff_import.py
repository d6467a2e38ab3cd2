"""Accounts from a file: made, or changed where a line says something else than what stands there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.access import accounts, passwords, staff
from app.access.csv_rows import Changed, Refused, Report, Row, differing
from app.access.facilities import number_of
from app.access.tables import Account
from app.errors import Invalid, Issue

COLUMNS = ("username", "name", "roles", "establishment")
MORE_COLUMNS = ("name_ar", "email", "language", "inpe")
NAMED = {"organization": "establishment"}
"""Fields of an account that a file calls otherwise."""


@dataclass(slots=True)
class _Import:
    """One file on its way in. ``places``: number → reference, ``numbers`` the other way; ``held``: accounts that stand
    already, by user name.
    """

    repo: Any
    places: Mapping[str, str]
    numbers: Mapping[str, str]
    held: Mapping[str, Account]
    rehearsal: bool
    report: Report = field(default_factory=Report)
    lines: dict[str, int] = field(default_factory=dict)


def import_rows(repo: Any, rows: Iterable[Row], *, rehearsal: bool = False) -> Report:
    """Make and change accounts from a file's rows; a new one gets a temporary password that the report shows once.

    Accounts are known by their user name, establishments by their number. An empty cell of a column that is not needed
    leaves what stands there. A ``rehearsal`` makes no passwords (each takes a tenth of a second).
    """
    listed = list(rows)
    places = {number_of(found): f"Organization/{found['id']}" for found in repo.search_all("Organization?_count=1000")}
    held = accounts.named(row["username"] for row in listed)
    coming = _Import(repo, places, {reference: number for number, reference in places.items()}, held, rehearsal)
    for row in listed:
        _import_row(coming, row)
    return coming.report


def _import_row(coming: _Import, row: Row) -> None:
    username = row["username"].strip().lower()
    found = []
    if username and username in coming.lines:
        first = {"line": str(coming.lines[username])}
        found.append(Issue("the same user name stands in line {line}", "duplicate", "username", values=first))
    coming.lines.setdefault(username, row.line)
    if row["establishment"] and row["establishment"] not in coming.places:
        unknown = {"number": row["establishment"]}
        found.append(Issue("there is no establishment {number}", "not-found", "establishment", values=unknown))
    try:
        if found:
            raise Invalid("the line is refused", issues=found)
        account = coming.held.get(username)
        if account is None:
            _make(coming, row)
        else:
            _change(coming, row, account)
    except Invalid as error:
        coming.report.refused += [Refused.of(row.line, issue, NAMED) for issue in error.issues]


def _make(coming: _Import, row: Row) -> None:
    roles, place = _roles(row), coming.places.get(row["establishment"])
    password = None if coming.rehearsal else passwords.temporary_password()
    account = accounts.create(
        username=row["username"],
        name=row["name"],
        name_ar=row["name_ar"],
        roles=roles,
        organization=place,
        email=row["email"],
        language=row["language"] or "fr",
        password=password,
        temporary=True,
    )
    account.practitioner = staff.practitioner(
        coming.repo, name=row["name"], name_ar=row["name_ar"], roles=roles, organization=place, inpe=row["inpe"]
    )
    coming.report.created.append(account.username)
    if password:
        coming.report.passwords.append((account.username, password))


def _change(coming: _Import, row: Row, account: Account) -> None:
    """What a line says otherwise is changed; password, state and sign-ins of the account stay."""
    person = coming.repo.find(account.practitioner) if account.practitioner else None
    before = {
        "name": account.name,
        "name_ar": account.name_ar or "",
        "roles": " ".join(sorted(account.role_names)),
        "establishment": coming.numbers.get(account.organization or "", account.organization or ""),
        "email": account.email or "",
        "language": account.language,
        "inpe": staff.inpe_of(person),
    }
    said = {"name": row["name"], "roles": " ".join(sorted(set(_roles(row)))), "establishment": row["establishment"]}
    said |= {name: row[name].lower() if name == "email" else row[name] for name in MORE_COLUMNS if row[name]}
    changes = differing(before, said)
    if not changes:
        coming.report.unchanged.append(account.username)
        return
    after = before | said
    place = coming.places.get(after["establishment"])
    roles = after["roles"].split()
    _refuse_number(coming, person, after["inpe"], roles)
    accounts.change(
        account,
        name=after["name"],
        name_ar=after["name_ar"],
        roles=roles,
        organization=place,
        email=after["email"],
        language=after["language"],
        active=account.active,
    )
    staff.follow(coming.repo, account, after["inpe"])
    coming.report.changed.append(Changed(row.line, account.username, changes))


def _refuse_number(coming: _Import, person: Mapping[str, Any] | None, inpe: str, roles: Iterable[str]) -> None:
    """Raise Invalid for a professional number that is another's, or of somebody who treats nobody."""
    if not inpe or inpe == staff.inpe_of(person):
        return
    if not staff.CLINICAL & set(roles):
        raise Invalid("this role has no professional number", expression="inpe")
    other = coming.repo.first(f"Practitioner?identifier={staff.INPE}|{inpe}")
    if other is not None and (person is None or other["id"] != person["id"]):
        raise Invalid("another professional has this number", expression="inpe")


def _roles(row: Row) -> list[str]:
    return row["roles"].replace("|", " ").replace("+", " ").split()
