"""Begin a new version of a set."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Invalid
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import ChoiceField, Form, Required
from app.web.storing import store
from protocols import collection, drafting
from protocols.presenters.versions import present


class DraftForm(Form):
    """The number of the new version."""

    version = ChoiceField(_l("How much will change?"), [Required(_l("Choose how much will change"))])


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>/draft", "draft", draft, methods=["GET", "POST"])


def draft(library_id: str) -> ResponseReturnValue:
    """Choose the number and copy everything into a draft."""
    with work(current_actor(), reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        count = len(collection.pins(library))
    form = DraftForm.opened(version=collection.next_version(library["version"]))
    form.version.offer(_numbers(library["version"]))
    if form.accepted():
        try:
            made = store(lambda repo: drafting.draft(repo, f"Library/{library_id}", form.version.data))
        except (Conflict, Invalid) as error:
            form.wrong("version", told(error))
        else:
            flash(_("The draft is ready: change what has to change, then submit it."), "success")
            return redirect(url_for("protocols.workspace", library_id=made["id"]), 303)
    shown = {"form": form, "version": present(library, language()), "count": count}
    return render("protocols/draft.html", **shown), (422 if form.sent else 200)


def _numbers(version: str) -> list[tuple[str, str]]:
    """The three next numbers with what each of them tells the readers."""
    major, minor, patch = collection.version_key(version)
    return [
        (
            f"{major}.{minor}.{patch + 1}",
            _("%(number)s: wording only, care stays the same", number=f"{major}.{minor}.{patch + 1}"),
        ),
        (f"{major}.{minor + 1}.0", _("%(number)s: a change in care", number=f"{major}.{minor + 1}.0")),
        (f"{major + 1}.0.0", _("%(number)s: another way of caring", number=f"{major + 1}.0.0")),
    ]
