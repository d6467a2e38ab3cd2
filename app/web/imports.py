"""Import of establishments and of accounts from CSV files: what would happen is shown first, then it is done.

Nothing is kept on the server between the two: the page carries the file, packed, in its form.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import lazy_gettext as _l

from app.access import csv_rows, facilities, staff_import
from app.errors import Invalid
from app.store import work
from app.store.patience import patiently
from app.web import current_actor, facility_tree, render
from app.web.errors import told
from app.web.facilities import LEVEL_NAMES
from app.web.form import FileField, Form, HiddenField
from app.web.navigation import ROLE_NAMES
from app.web.storing import store

SHOWN = 200
"""Lines of a list that are shown; the numbers count all."""


class ImportForm(Form):
    """A file, or the one that was looked at before."""

    file = FileField(_l("CSV file"), render_kw={"accept": ".csv,text/csv"})
    packed = HiddenField()


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is imported: the use case's room, an example line, the list it goes into, a column of codes with words."""

    title: Any
    room: Any
    example: Sequence[str]
    back: str
    of: Any
    column: str
    codes: Mapping[str, Any]


def add_to(pages: Blueprint) -> None:
    both = ["GET", "POST"]
    pages.add_url_rule("/facilities/import", "facilities_import", import_facilities, methods=both)
    pages.add_url_rule("/accounts/import", "accounts_import", import_accounts, methods=both)


def import_facilities() -> str | tuple[str, int]:
    """Establishments from a file; run twice it changes nothing."""
    example = ("10023", "CSU-1", "CSU Hay Salam", "المركز الصحي حي السلام", "431", "0537000000", "")
    return _page(
        _Kind(
            _l("Import establishments"),
            facilities,
            example,
            "web.facilities",
            _l("Establishments"),
            "level",
            LEVEL_NAMES,
        )
    )


def import_accounts() -> str | tuple[str, int]:
    """Accounts from a file, each new one with a temporary password that is shown once."""
    example = ("f.alaoui", "Fatima Alaoui", "physician", "10023", "f.alaoui@example.ma", "fr", "")
    return _page(
        _Kind(_l("Import accounts"), staff_import, example, "web.accounts", _l("Accounts"), "roles", ROLE_NAMES)
    )


def _page(kind: _Kind) -> tuple[str, int]:
    """A file that is sent is looked at; what was looked at is imported when it comes back."""
    form, report, body = ImportForm.opened(), None, b""
    form.file.flags.silent = True  # it is not "optional": a file is needed, unless it was looked at before
    does = bool(request.form.get("packed"))
    if form.accepted():
        try:
            body = _unpacked(form.packed.data) if does else _sent(form)
            rows = csv_rows.read(body, kind.room.COLUMNS, kind.room.MORE_COLUMNS)
            if does:
                report = store(lambda repo: kind.room.import_rows(repo, rows))
                facility_tree.forget()
            else:
                report = patiently(
                    lambda: csv_rows.rehearsed(lambda: work(current_actor()), kind.room.import_rows, rows)
                )
        except Invalid as error:
            form.wrong("file", told(error.issues[0]))
    goes_on = report is not None and not does and report.acts
    return render(
        "web/import.html",
        title=kind.title,
        form=form,
        columns=(kind.room.COLUMNS, kind.room.MORE_COLUMNS),
        example=kind.example,
        report=report,
        done=does,
        packed=_packed(body) if goes_on else "",
        most=SHOWN,
        told=told,
        kind=kind,
        back=url_for(kind.back),
    ), (422 if form.errors else 200)


def _sent(form: ImportForm) -> bytes:
    if not form.file.data:
        raise Invalid("choose a file")
    body: bytes = form.file.data.read(csv_rows.LARGEST + 1)
    return body


def _packed(body: bytes) -> str:
    return base64.b64encode(zlib.compress(body, 9)).decode("ascii")


def _unpacked(text: str | None) -> bytes:
    """The file again, never more of it than may be sent. Raises Invalid."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text or "", validate=True), csv_rows.LARGEST + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Invalid("choose the file again") from error
