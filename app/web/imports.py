"""Import of establishments and of accounts from CSV files, with a report of what was refused and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access import csv_rows, facilities, staff
from app.errors import Invalid
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.errors import told
from app.web.form import FileField, Form, Required


class ImportForm(Form):
    file = FileField(_l("CSV file"), [Required(_l("Choose a file"))], render_kw={"accept": ".csv,text/csv"})


def add_to(pages: Blueprint) -> None:
    both = ["GET", "POST"]
    pages.add_url_rule("/facilities/import", "facilities_import", import_facilities, methods=both)
    pages.add_url_rule("/accounts/import", "accounts_import", import_accounts, methods=both)


def import_facilities() -> str | tuple[str, int]:
    """Establishments from a file; run twice it changes nothing."""
    columns = (facilities.COLUMNS, facilities.MORE_COLUMNS)
    example = ("10023", "CSU-1", "CSU Hay Salam", "المركز الصحي حي السلام", "431", "0537000000", "")
    return _page(_("Import establishments"), columns, example, facilities.import_rows, url_for("web.facilities"))


def import_accounts() -> str | tuple[str, int]:
    """Accounts from a file, each with a temporary password that is shown once."""
    columns = (staff.COLUMNS, staff.MORE_COLUMNS)
    example = ("f.alaoui", "Fatima Alaoui", "physician", "10023", "f.alaoui@example.ma", "fr", "")
    return _page(_("Import accounts"), columns, example, staff.import_rows, url_for("web.accounts"))


def _page(
    title: str,
    columns: tuple[Sequence[str], Sequence[str]],
    example: Sequence[str],
    run: Callable[[Any, Any], csv_rows.Report],
    back: str,
) -> str | tuple[str, int]:
    form, report = ImportForm.opened(), None
    if form.accepted():
        try:
            rows = csv_rows.read(form.file.data.read(csv_rows.LARGEST + 1), *columns)
            with work(current_actor()) as repo:
                report = run(repo, rows)
            facility_tree.forget()
        except Invalid as error:
            form.wrong("file", told(error.issues[0]))
    return render(
        "web/import.html",
        title=title,
        form=form,
        columns=columns,
        example=example,
        report=report,
        told=told,
        back=back,
    ), (422 if form.errors else 200)
