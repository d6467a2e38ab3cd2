"""Rows of people found anywhere in the country."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.i18n import language
from app.web import facility_tree


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One row of a search: ``visible`` says whether the record opens without an emergency access."""

    id: str
    name: str
    other_name: str
    sex: str
    birth_year: str
    establishment: str
    visible: bool


def present_rows(rows: Iterable[Any]) -> list[FoundPerson]:
    """Directory rows in the page's language."""
    sexes = {"female": _("woman"), "male": _("man")}
    return [
        FoundPerson(
            row.id,
            *_names(row),
            sexes.get(row.sex, ""),
            row.birth_year,
            facility_tree.name_of(row.establishment) if row.establishment else "",
            row.visible,
        )
        for row in rows
    ]


def _names(row: Any) -> tuple[str, str]:
    """The name in the page's script first, then the other."""
    given = [name for name in (row.name, row.other_name) if name]
    given.sort(key=lambda name: any("\u0600" <= letter <= "\u06ff" for letter in name) != (language() == "ar"))
    return (given or [_("Name unknown")])[0], given[1] if len(given) > 1 else ""
