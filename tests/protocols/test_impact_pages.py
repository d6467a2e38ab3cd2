"""The impact of a version, as the Ministry asks for it and reads it."""

from __future__ import annotations

import html
from typing import Any

from flask import Flask

from app.access.actor import SYSTEM
from app.store import work
from app.web import facility_tree
from protocols import impact
from protocols.impact import Count, Kind
from tests.protocols.scenes import NEXT, PLAN_PAGE, V1, V2

CHANGE = Kind("step-1>step-2", (("fr", "Repos → Café"), ("ar", "الراحة → القهوة")))


def counted(flask: Flask, others: int, followed: int) -> None:
    """What the worker adds for a health centre."""
    with flask.app_context(), work(SYSTEM) as repo:
        repo.update({"resourceType": "Organization", "id": "centre", "active": True, "name": "Centre Larache"})
        facility_tree.forget()
        library = repo.read(NEXT)
        found = Count(followed, others, {CHANGE: others})
        impact.counted(repo, library, {"Organization/centre": found}, impact.words_of(repo, library), complete=True)


def test_the_count_is_asked_for_and_read_before_the_release(by: Any, drafted: None, flask: Flask) -> None:
    editor, approver = by("editor"), by("approver")
    assert f"/releases/{V2}/impact" in editor.text(f"/releases/{V2}")
    assert editor.send(f"/releases/{V2}/impact").status_code == 303
    page = html.unescape(editor.text(f"/releases/{V2}/impact"))
    assert "Comptage en cours" in page and 'http-equiv="refresh"' in page
    counted(flask, 7, 40)
    page = html.unescape(approver.text(f"/releases/{V2}/impact"))
    assert "7 sur 40" in page and "Repos → Café" in page and "Centre Larache" in page
    editor.send(f"/releases/{V2}/submit")
    approver.send(f"/releases/{V2}/approve")
    assert "7 sur 40" in html.unescape(approver.text(f"/releases/{V2}/release"))


def test_an_edit_since_the_count_is_said(by: Any, drafted: None, flask: Flask) -> None:
    by("editor").send(f"/releases/{V2}/impact")
    counted(flask, 1, 2)
    by("editor").send(PLAN_PAGE + "?part=step-1", action__0__title__fr="Repos complet")
    assert "la version a changé depuis" in html.unescape(by("editor").text(f"/releases/{V2}/impact"))


def test_others_do_not_see_it_and_a_version_in_force_is_not_counted(by: Any, drafted: None) -> None:
    assert by("admin").get(f"/releases/{V2}/impact").status_code == 403
    answer = by("approver").send(f"/releases/{V1}/impact", opened={"form_key": "x"})
    assert answer.status_code == 303
    assert "en vigueur" in by("approver").text(f"/releases/{V1}/impact")
