"""Replace an artefact of a draft by a file, or add one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Invalid, Malformed
from app.fhir import json
from app.fhir.translation import text
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import FileField, Form, Required
from app.web.storing import store
from protocols import drafting
from protocols.presenters.versions import present
from protocols.views.edit import refuse_reading

LIMIT = 4 * 1024 * 1024
"""Bytes of a file; the largest artefact of a protocol has a tenth of it."""


class UploadForm(Form):
    """One file."""

    file = FileField(
        _l("FHIR resource (JSON)"), [Required(_l("Choose a file"))], render_kw={"accept": ".json,application/fhir+json"}
    )


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>/upload", "upload", upload, methods=["GET", "POST"])


def upload(library_id: str) -> ResponseReturnValue:
    """Take a file; what is wrong with it is shown with the path of each error."""
    with work(current_actor(), reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
    refuse_reading(library)
    form = UploadForm.opened()
    wrong: list[tuple[str, str]] = []
    if form.accepted():
        body = form.file.data.read(LIMIT + 1)
        try:
            if len(body) > LIMIT:
                raise Invalid("the file is larger than 4 MB")
            resource = json.loads(body)
            if not isinstance(resource, dict):
                raise Invalid("the file holds no FHIR resource")
            stored = store(lambda repo: drafting.replace(repo, f"Library/{library_id}", resource))
        except (Malformed, Invalid, Conflict) as error:
            wrong = [(issue.expression or "", told(issue)) for issue in error.issues]
            form.wrong("file", told(error))
        else:
            flash(_("“%(title)s” is in the draft now.", title=text(stored, "title", language()) or ""), "success")
            return redirect(url_for("protocols.workspace", library_id=library_id), 303)
    shown = {"form": form, "version": present(library, language()), "wrong": wrong}
    return render("protocols/upload.html", **shown), (422 if form.sent else 200)
