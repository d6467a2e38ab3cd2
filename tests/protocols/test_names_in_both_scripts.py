"""Whoever acts on a version has a name in both scripts: each page of the Ministry shows the one of its language."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app import clock
from app.access.actor import SYSTEM
from app.access.tables import Account
from app.db import db
from app.fhir.validation import validate
from app.store import work
from protocols import acknowledging, drafting, lifecycle, publishing
from protocols.translating import confirmed_in
from tests.protocols.scenes import APPROVER, EDITOR, NEXT, SET, V1, V2
from tests.protocols.test_acknowledging import READER, RIGHT, with_quiz
from tests.protocols.test_rereading import STEP, rewrite

Acting = Callable[..., Any]
NAMES = {"editor": ("Nadia Bensouda", "نادية بنسودة"), "approver": ("Karim El Fassi", "كريم الفاسي")}


@pytest.fixture
def with_names(flask: Any) -> None:
    """The editor and the approver have a name in each script."""
    with flask.app_context(), work(SYSTEM):
        for username, (name, name_ar) in NAMES.items():
            account = db.session.query(Account).filter_by(username=username).one()
            account.name, account.name_ar = name, name_ar


def test_the_history_of_a_version_names_people_in_the_language_of_the_page(with_names: None, by: Any) -> None:
    editor, approver = by("editor"), by("approver")
    assert editor.send(f"/releases/{V1}/draft", version="1.1.0").status_code == 303
    editor.send(f"/releases/{V2}/submit")
    approver.send(f"/releases/{V2}/approve")
    approver.send(f"/releases/{V2}/release", effective=clock.today().isoformat())
    for page, named in ((f"/releases/{V2}", NAMES), (f"/protocols/{V2}", ["approver"])):
        for script, language in enumerate(("fr", "ar")):
            seen = html.unescape(approver.text(f"{page}?lang={language}")).partition("<main")[2]
            for name in named:
                assert NAMES[name][script] in seen and NAMES[name][1 - script] not in seen, (page, language, name)


def test_what_is_on_record_is_fhir_and_keeps_both_scripts(acting: Acting) -> None:
    editor, approver = (
        replace(actor, name=NAMES[name][0], name_ar=NAMES[name][1])
        for actor, name in ((EDITOR, "editor"), (APPROVER, "approver"))
    )
    with acting(editor) as repo:
        drafting.draft(repo, SET)
    rewrite(acting, "Se reposer.")
    with acting(editor) as repo:
        publishing.submit(repo, NEXT)
    with acting(approver) as repo:
        publishing.approve(repo, NEXT, holds=[STEP])
    with acting(approver) as repo:
        library = publishing.release(repo, NEXT)
        for name, who in (("submitted-by", "editor"), ("approved-by", "approver"), ("released-by", "approver")):
            assert tuple(lifecycle.note(library, name, lang) for lang in ("fr", "ar")) == NAMES[who]
        ((plan, said),) = confirmed_in(repo, library)
        assert tuple(map(said.named, ("fr", "ar"))) == NAMES["approver"]
        assert validate(library) == [] and validate(plan) == []


def test_a_name_that_is_known_in_one_script_is_shown_in_it(acting: Acting, brought_to: Any) -> None:
    brought_to("approved")
    with acting(SYSTEM) as repo:
        library = repo.read(NEXT)
        assert lifecycle.note(library, "approved-by", "ar") == APPROVER.name and "_valueString" not in str(library)


def test_a_reader_is_listed_in_the_script_of_who_looks(acting: Acting) -> None:
    with acting(SYSTEM) as repo:
        for one in with_quiz():
            repo.update(one)
        repo.update({"resourceType": "Practitioner", "id": "salma", "active": True})
        repo.update({"resourceType": "Organization", "id": "centre", "active": True, "name": "Centre"})
    with acting(replace(READER, name_ar="سلمى التازي")) as repo:
        held = acknowledging.acknowledge(repo, SET, RIGHT)
    assert validate(held) == []
    assert [acknowledging.read(held, lang).name for lang in ("fr", "ar")] == ["Salma Tazi", "سلمى التازي"]
