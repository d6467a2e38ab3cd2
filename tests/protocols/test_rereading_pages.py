"""Translations left behind, as an editor, an approver and an author of content files meet them."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from flask import Flask

from app import content
from app.access.actor import SYSTEM
from app.feature import Feature
from app.fhir.resource import reference
from app.fhir.translation import translations
from app.store import work
from protocols.feature import FEATURE
from protocols.translating import confirmed_in, to_reread
from tests.protocols.scenes import NEXT, PLAN_PAGE, V2, a_set

STEP_PAGE = PLAN_PAGE + "?part=step-1"
SAID = "Le texte français a changé, pas le texte arabe"


def test_the_editor_is_told_and_confirms_on_the_page_of_the_text(by: Any, drafted: None) -> None:
    editor = by("editor")
    assert SAID not in editor.text(STEP_PAGE)
    answer = editor.send(STEP_PAGE, action__0__description__fr="Se reposer.")
    page = html.unescape(editor.text(STEP_PAGE))
    assert answer.status_code == 303 and SAID in page and '<bdi lang="fr">Se reposer dans le noir.</bdi>' in page
    assert page.count("toujours la même chose") == 1
    workspace = html.unescape(editor.text(f"/releases/{V2}"))
    assert "1 à relire" in workspace and SAID in workspace and "part=step-1" in workspace
    assert editor.send(STEP_PAGE, action__0__description__holds="y").status_code == 303
    assert SAID not in html.unescape(editor.text(STEP_PAGE))
    workspace = html.unescape(editor.text(f"/releases/{V2}"))
    assert "à relire" not in workspace and "1 traduction confirmée" in workspace and "Editor" in workspace


def test_a_saved_text_keeps_the_marks_that_hold_a_number_in_its_place(by: Any, drafted: None, flask: Flask) -> None:
    """The Arabic is not touched when only the French is written, and what an author writes is stored as written."""
    arabic = "تحدد HEARTS-D \u200f110، لا \u2066120/80\u2069"
    editor = by("editor")
    editor.send(STEP_PAGE, action__0__title__fr="Selon HEARTS-D", action__0__title__ar=arabic)
    editor.send(STEP_PAGE, action__0__description__fr="Se reposer.")
    with flask.app_context(), work(SYSTEM, reading=True) as repo:
        plan = repo.read("PlanDefinition/migraine-treatment-1.1.0")
        assert translations(plan["action"][0], "title") == {"ar": arabic}
        assert [one.name for one in to_reread(repo, repo.read(NEXT))] == [f"{reference(plan)}#action[0].description"]


def test_the_approver_confirms_each_by_name_or_sends_back(by: Any, state: Any, drafted: None, flask: Flask) -> None:
    editor, approver = by("editor"), by("approver")
    editor.send(STEP_PAGE, action__0__description__fr="Se reposer.", action__0__title__ar="راحة")
    assert SAID in html.unescape(editor.text(f"/releases/{V2}/submit"))
    editor.send(f"/releases/{V2}/submit")
    page = html.unescape(approver.text(f"/releases/{V2}/approve"))
    assert SAID in page and "Le texte arabe a changé, pas le texte français" in page
    answer = approver.send(f"/releases/{V2}/approve", holds__0="y")
    assert answer.status_code == 422 and state(NEXT) == "in-review"
    assert "Relisez-la et confirmez-la" in html.unescape(answer.text)
    assert approver.send(f"/releases/{V2}/approve", holds__0="y", holds__1="y").status_code == 303
    assert state(NEXT) == "approved"
    with flask.app_context(), work(SYSTEM, reading=True) as repo:
        assert [said.by for _, said in confirmed_in(repo, repo.read(NEXT))] == ["Approver", "Approver"]


def test_content_check_holds_the_files_against_the_store(flask: Flask, tmp_path: Path) -> None:
    """An author changes the French of a file: the Arabic beside it is named, as a warning."""
    plan = a_set()[1]
    folder = tmp_path / "migraine"
    folder.mkdir()
    feature = Feature(name="content", content=tmp_path, compared=FEATURE.compared)
    for version, expected in (("1.0.0", 1), ("1.1.0", 1)):
        changed = plan | {"title": "Soigner la migraine", "version": version, "id": f"migraine-treatment-{version}"}
        (folder / "plan.json").write_text(json.dumps(changed), "utf-8")
        with flask.app_context():
            issues = [issue for _, issue in content.check([feature], content.stored([feature]))]
        warned = [str(issue) for issue in issues if issue.severity == "warning" and "the French text has" in issue.text]
        assert len(warned) == expected and "#title" in warned[0]
