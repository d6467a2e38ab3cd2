"""Release a version: from which day, for how many patients, replacing what."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import clock
from app.errors import Conflict, Forbidden, Invalid, PreconditionFailed
from app.i18n import day_text, language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import DayField, Form, HiddenField, Required
from app.web.storing import store
from protocols import collection, lifecycle, publishing
from protocols.presenters.versions import present
from protocols.publishing import Check
from protocols.views import rereading
from protocols.views.changes import changed
from protocols.views.edit import seen_of, unmarked
from protocols.views.impact import shown
from protocols.views.reach import reached


class ReleaseForm(Form):
    """The day."""

    seen = HiddenField()
    effective = DayField(
        _l("In force from"),
        [Required(_l("Enter the day from which the version is in force"))],
        description=_l("Today, or a later day: the version then comes into force by itself that morning."),
    )


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>/release", "release", release, methods=["GET", "POST"])


def checks() -> list[Check]:
    """What every feature looks for before a release."""
    return [feature.check for feature in current_app.extensions.get("features", ()) if feature.check]


def release(library_id: str) -> ResponseReturnValue:
    """Show the consequence, and release."""
    actor = current_actor()
    with work(actor, reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        before = collection.in_force(repo, library["url"])
        found = changed(repo, library, before)
        reread = rereading.of(repo, library)
        impact = shown(repo, library)
    form = reread.asked(ReleaseForm).opened(seen=library["meta"]["versionId"], effective=clock.today())
    unmarked(form)
    missing: list[str] = []
    if form.accepted() and reread.answered(form):
        try:
            store(
                lambda repo: publishing.release(
                    repo,
                    f"Library/{library_id}",
                    effective=form["effective"].data,
                    checks=checks(),
                    holds=reread.named(form),
                    seen=seen_of(form),
                )
            )
        except Invalid as error:
            if [issue.expression for issue in error.issues] == ["effective"]:
                form.wrong("effective", told(error))
            else:
                missing = [told(issue) for issue in error.issues]
                form.form_errors.append(told(error))
        except (Conflict, Forbidden, PreconditionFailed) as error:
            form.form_errors.append(told(error))
            with work(actor, reading=True) as repo:
                library = repo.read(f"Library/{library_id}")
            form["seen"].data = library["meta"]["versionId"]
        else:
            flash(_said(form), "success")
            return redirect(url_for("protocols.workspace", library_id=library_id), 303)
    return render(
        "protocols/release.html",
        form=form,
        version=present(library, language()),
        before=before and present(before, language()),
        changed=found,
        missing=missing,
        reread=reread,
        impact=impact,
        reach=reached(before or library),
        possible=lifecycle.state(library) == lifecycle.APPROVED,
        own=actor.key in lifecycle.authors(library),
    ), (422 if form.sent else 200)


def _said(form: Form) -> str:
    day = form["effective"].data
    if day is not None and day > clock.today():
        return str(_("The release is planned for %(day)s.", day=day_text(day)))
    return str(_("The version is in force."))
