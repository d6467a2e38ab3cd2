"""The moves that need a word or none: submit, withdraw, approve, send back, take an approval back, retire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Forbidden, Invalid, PreconditionFailed
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import AtMost, Form, HiddenField, LongTextField, Required
from app.web.storing import store
from protocols import collection, lifecycle, publishing
from protocols.presenters.versions import present
from protocols.views import rereading
from protocols.views.changes import changed
from protocols.views.edit import seen_of, unmarked
from protocols.views.reach import reached
from protocols.views.rereading import Rereading


@dataclass(frozen=True, slots=True)
class Page:
    """One move as a page: its words, its verb, the state in which it is offered."""

    name: str
    state: str
    title: Any
    button: Any
    consequence: Any
    done: Any
    verb: Callable[..., Any]
    comment: Any = None
    must_say: bool = False
    danger: bool = False
    shows_changes: bool = False
    shows_reach: bool = False
    rereads: bool = False
    """Shows the translations that were left behind."""
    confirms: bool = False
    """Asks for a word on each of them."""


PAGES = (
    Page(
        "submit",
        lifecycle.DRAFT,
        _l("Submit for review"),
        _l("Submit: nobody changes it until it is reviewed"),
        _l("Reviewers are asked to read it. The draft can no longer be changed unless they send it back."),
        _l("The version is in review."),
        publishing.submit,
        comment=_l("What should the reviewers know?"),
        shows_changes=True,
        rereads=True,
    ),
    Page(
        "withdraw",
        lifecycle.DRAFT,
        _l("Withdraw the draft"),
        _l("Withdraw: the draft and all its artefacts are deleted"),
        _l("The version in force stays as it is. What was written in this draft is lost."),
        _l("The draft is withdrawn."),
        publishing.withdraw,
        danger=True,
        shows_changes=True,
    ),
    Page(
        "approve",
        lifecycle.IN_REVIEW,
        _l("Approve"),
        _l("Approve: the version may be released"),
        _l("Nothing changes for patients yet: the version comes into force only when it is released."),
        _l("The version is approved."),
        publishing.approve,
        comment=_l("Remark"),
        shows_changes=True,
        rereads=True,
        confirms=True,
    ),
    Page(
        "send_back",
        lifecycle.IN_REVIEW,
        _l("Send back to its authors"),
        _l("Send back: its authors change it and submit it again"),
        _l("The version becomes a draft again."),
        _l("The version is with its authors again."),
        publishing.send_back,
        comment=_l("What is to be changed?"),
        must_say=True,
    ),
    Page(
        "reopen",
        lifecycle.APPROVED,
        _l("Take the approval back"),
        _l("Take back: the version becomes a draft again, a planned release is cancelled"),
        _l("Its authors change it; then it is reviewed and approved anew."),
        _l("The approval is taken back."),
        publishing.reopen,
        comment=_l("What is to be changed?"),
        must_say=True,
    ),
    Page(
        "retire",
        lifecycle.RELEASED,
        _l("Retire without a successor"),
        _l("Retire: no version is in force from now on"),
        _l("Clinicians find no version in force, and no new step is proposed by it. Records stay as they are."),
        _l("The version is retired."),
        publishing.retire,
        comment=_l("Why is it retired?"),
        must_say=True,
        danger=True,
        shows_reach=True,
    ),
)


class MoveForm(Form):
    """What was seen; a comment where the move has one."""

    seen = HiddenField()


def add_to(pages: Blueprint) -> None:
    """One page for each move."""
    for page in PAGES:
        address = f"/releases/<library_id>/{page.name.replace('_', '-')}"
        pages.add_url_rule(address, page.name, _view(page), methods=["GET", "POST"])


def _view(page: Page) -> Callable[[str], ResponseReturnValue]:
    def view(library_id: str) -> ResponseReturnValue:
        return move(page, library_id)

    view.__name__ = page.name
    return view


def move(page: Page, library_id: str) -> ResponseReturnValue:
    """Show what the move means, and make it."""
    actor = current_actor()
    with work(actor, reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        found = _changes(repo, page, library)
        reread = rereading.of(repo, library) if page.rereads else Rereading((), ())
    form = (reread.asked(_form(page)) if page.confirms else _form(page)).opened(seen=library["meta"]["versionId"])
    unmarked(form)
    missing: list[str] = []
    if form.accepted() and (not page.confirms or reread.answered(form)):
        said: dict[str, Any] = _comment(page, form) | ({"holds": reread.named(form)} if page.confirms else {})
        try:
            store(lambda repo: page.verb(repo, f"Library/{library_id}", seen=seen_of(form), **said))
        except Invalid as error:
            missing = [told(issue) for issue in error.issues]
            form.form_errors.append(told(error))
        except (Conflict, Forbidden, PreconditionFailed) as error:
            form.form_errors.append(told(error))
            with work(actor, reading=True) as repo:
                library = repo.read(f"Library/{library_id}")
            form["seen"].data = library["meta"]["versionId"]
        else:
            flash(str(page.done), "success")
            gone = page.verb is publishing.withdraw
            after = url_for("protocols.releases") if gone else url_for("protocols.workspace", library_id=library_id)
            return redirect(after, 303)
    return render(
        "protocols/move.html",
        form=form,
        page=page,
        version=present(library, language()),
        changed=found,
        missing=missing,
        reread=reread,
        reach=reached(library) if page.shows_reach else None,
        possible=lifecycle.state(library) == page.state,
        own=page.name == "approve" and actor.key in lifecycle.authors(library),
    ), (422 if form.sent else 200)


def _changes(repo: Repository, page: Page, library: Resource) -> list[Any]:
    return changed(repo, library, collection.predecessor(repo, library)) if page.shows_changes else []


def _form(page: Page) -> type[Form]:
    if page.comment is None:
        return MoveForm
    required = [Required(_l("Write it in a few words"))] if page.must_say else []
    return type("CommentForm", (MoveForm,), {"comment": LongTextField(page.comment, [*required, AtMost(2000)])})


def _comment(page: Page, form: Form) -> dict[str, str]:
    return {"comment": form["comment"].data or ""} if page.comment is not None else {}
