"""Confirming that one has read a version, with its quiz; and for the Ministry, who has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.errors import told
from app.web.form import BooleanField, ChoiceField, Form, Required
from app.web.storing import store
from protocols import acknowledging, collection, lifecycle, quiz
from protocols.acknowledging import Reading
from protocols.presenters.versions import present
from protocols.quiz import Question
from protocols.views.changes import changed
from protocols.views.edit import unmarked

READ = "has-read"
"""The field that confirms; no question has this name."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One professional who has read the version; ``answers`` question by question: right, wrong, or not asked."""

    name: str
    place: str
    at: str
    score: str
    answers: tuple[bool | None, ...]


def add_to(pages: Blueprint) -> None:
    """Two pages."""
    pages.add_url_rule("/protocols/<library_id>/read", "acknowledge", acknowledge, methods=["GET", "POST"])
    pages.add_url_rule("/releases/<library_id>/readers", "readers", readers)


def acknowledge(library_id: str) -> ResponseReturnValue:
    """What changes, the questions, and the confirmation; afterwards what was answered and what is right."""
    actor, target = current_actor(), f"Library/{library_id}"
    with work(actor, reading=True) as repo:
        library = repo.read(target)
        _refuse_unreleased(library)
        asked = quiz.questions(quiz.of_set(repo, library), language())
        held = acknowledging.own(repo, library)
        response = repo.find(held.response) if held and held.response else None
        before = collection.predecessor(repo, library)
        found = changed(repo, library, before)
    form = _form(asked).opened()
    unmarked(form)
    if held is None and form.accepted():
        try:
            given = {one.link: form[one.link].data or "" for one in asked}
            store(lambda repo: acknowledging.acknowledge(repo, target, given))
        except Invalid as error:
            form.refused(error)
        except Conflict as error:
            form.form_errors.append(told(error))
        else:
            flash(_("Your reading of version %(number)s is recorded.", number=library["version"]), "success")
            return redirect(url_for("protocols.acknowledge", library_id=library_id), 303)
    return render(
        "protocols/acknowledge.html",
        form=form,
        version=present(library, language()),
        before=before and present(before, language()),
        changed=found,
        asked=asked,
        held=held,
        given=quiz.given(response) if response else {},
        read=READ,
    ), (422 if form.sent else 200)


def readers(library_id: str) -> ResponseReturnValue:
    """Who has read a version and what they answered, a page at a time."""
    with work(current_actor(), reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        asked = quiz.questions(quiz.of_set(repo, library), language())
        query = acknowledging.readers(library, request.args.get("after"))
        found = repo.search(query)
        total = repo.count(acknowledging.readers(library, None))
        professionals = repo.count("Practitioner?active=true")
        readings = [acknowledging.read(one, language()) for one in found.resources]
        rows = _readers(repo, readings, asked)
    return render(
        "protocols/readers.html",
        version=present(library, language()),
        rows=rows,
        asked=asked,
        total=total,
        professionals=professionals,
        next=found.cursor,
        after=request.args.get("after"),
    )


def _refuse_unreleased(library: Resource) -> None:
    if not lifecycle.was_in_force(library):
        raise Conflict("this version is not in force: read the one that is")


def _form(asked: Sequence[Question]) -> type[Form]:
    fields: dict[str, Any] = {
        one.link: ChoiceField(
            one.said,
            [Required(_l("Choose an answer"))],
            choices=[(option.code, option.said) for option in one.options],
        )
        for one in asked
    }
    fields[READ] = BooleanField(_l("I have read this version"), [Required(_l("Confirm that you have read it"))])
    return type("ReadingForm", (Form,), fields)


def _readers(repo: Repository, readings: Sequence[Reading], asked: Sequence[Question]) -> list[Reader]:
    """The lines of a page: all responses by one query."""
    responses = repo.read_many(one.response for one in readings if one.response)
    lines = []
    for one in readings:
        given = quiz.given(responses[one.response]) if one.response in responses else {}
        marks = tuple(_mark(question, given) for question in asked)
        score = f"{one.right}/{one.asked}" if one.asked else ""
        lines.append(Reader(one.name, facility_tree.name_of(one.place), one.at, score, marks))
    return lines


def _mark(question: Question, given: dict[str, str]) -> bool | None:
    found = question.answer(given.get(question.link, ""))
    return None if found is None else found.right
