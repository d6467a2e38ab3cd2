"""The pages of publishing, as the people of the Ministry and clinicians use them."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.access.actor import SYSTEM
from app.access.table import missing
from app.db import db
from app.store import work
from protocols.feature import FEATURE
from tests.protocols.scenes import NEXT, PLAN_PAGE, SET, V1, V2, a_set


def test_every_page_stands_in_the_access_table(flask: Flask) -> None:
    with flask.app_context():
        rules = {rule.endpoint for rule in flask.url_map.iter_rules() if rule.endpoint.startswith("protocols.")}
        assert rules == set(FEATURE.access) and missing(flask) == []


def test_a_version_goes_its_whole_road_in_the_browser(by: Any, state: Any, drafted: None) -> None:
    editor, approver = by("editor"), by("approver")
    assert editor.send(PLAN_PAGE + "?part=step-1", action__0__title__fr="Repos complet").status_code == 303
    changes = editor.text(f"/releases/{V2}/changes")
    assert "<bdi>Repos</bdi>" in changes and "Repos complet" in changes
    assert editor.send(f"/releases/{V2}/submit", comment="à lire").status_code == 303
    assert "à lire" in approver.text(f"/releases/{V2}")
    assert approver.send(f"/releases/{V2}/approve", holds__0="y").status_code == 303
    assert approver.send(f"/releases/{V2}/release", effective=clock.today().isoformat()).status_code == 303
    assert (state(SET), state(NEXT)) == ("retired", "released")
    page = by("admin").text("/protocols/migraine-protocol")
    assert "1.1.0" in page and "Repos complet" in page and "<del>" in page


def test_only_what_is_in_force_is_shown_to_others(by: Any, drafted: None) -> None:
    assert "1.1.0" not in by("admin").text("/protocols")
    assert by("admin").get(f"/protocols/{V2}").status_code == 404
    assert by("admin").get("/releases").status_code == 403
    assert by("admin").get("/protocols/nothing-1.0.0").status_code == 404
    assert "1.1.0" in by("approver").text("/protocols")
    assert by("approver").get(f"/releases/{V1}/draft").status_code == 403


def test_the_page_stands_in_both_languages_side_by_side(by: Any) -> None:
    page = by("admin").text(f"/protocols/{V1}?both=1")
    assert 'lang="fr" dir="ltr"' in page and 'lang="ar" dir="rtl"' in page
    assert "Se reposer dans le noir." in page and "الراحة في الظلام." in page


def test_the_author_is_told_kindly_why_another_has_to_approve(by: Any, state: Any) -> None:
    both = by("both")
    both.send(f"/releases/{V1}/draft", version="1.1.0")
    both.send(f"/releases/{V2}/submit")
    page = both.text(f"/releases/{V2}/approve")
    assert "<form" not in page.split("<main")[1]
    assert both.send(f"/releases/{V2}/approve", opened={"seen": "2"}).status_code == 422
    assert state(NEXT) == "in-review"


def test_of_two_approvers_the_second_sees_what_the_first_did(by: Any, state: Any, drafted: None) -> None:
    by("editor").send(f"/releases/{V2}/submit")
    opened = by("approver").fields(f"/releases/{V2}/approve")
    assert by("approver").send(f"/releases/{V2}/send-back", comment="non").status_code == 303
    by("editor").send(f"/releases/{V2}/submit")
    answer = by("approver").send(f"/releases/{V2}/approve", opened=opened, comment="bien")
    assert answer.status_code == 422 and "bien" in answer.text
    assert state(NEXT) == "in-review"


def test_two_editors_what_the_second_typed_stays_beside_what_the_first_saved(by: Any, drafted: None) -> None:
    page = PLAN_PAGE + "?part=step-1"
    opened = by("editor2").fields(page)
    assert by("editor").send(page, action__0__title__fr="Celui du premier").status_code == 303
    answer = by("editor2").send(page, opened=opened, action__0__title__fr="Celui du second")
    assert answer.status_code == 422
    assert "Celui du premier" in answer.text and "Celui du second" in answer.text
    assert "Celui du premier" in by("editor2").fields(page).values()
    again = by("editor2").send(page, action__0__title__fr="Celui du second")
    assert again.status_code == 303 and "Celui du second" in by("editor").fields(page).values()


def test_two_editors_in_different_parts_do_not_disturb_each_other(by: Any, drafted: None) -> None:
    opened = by("editor2").fields(PLAN_PAGE)
    by("editor").send(PLAN_PAGE + "?part=step-1", action__0__timingDuration__value="6")
    assert by("editor2").send(PLAN_PAGE, opened=opened, title__fr="Soigner").status_code == 303
    assert by("editor").fields(PLAN_PAGE)["title.fr"] == "Soigner"
    assert by("editor").fields(PLAN_PAGE + "?part=step-1")["action.0.timingDuration.value"] == "6"


def test_a_form_sent_twice_is_saved_once(by: Any, drafted: None, flask: Flask) -> None:
    opened = by("editor").fields(PLAN_PAGE)
    for _time in range(2):
        assert by("editor").send(PLAN_PAGE, opened=opened, title__fr="Soigner").status_code == 303
    with flask.app_context(), work(SYSTEM, reading=True) as repo:
        assert repo.read("PlanDefinition/migraine-treatment-1.1.0")["meta"]["versionId"] == "2"


def test_what_is_in_review_opens_no_form_and_what_was_typed_before_comes_back(by: Any, drafted: None) -> None:
    opened = by("editor2").fields(PLAN_PAGE)
    by("editor").send(f"/releases/{V2}/submit")
    answer = by("editor2").send(PLAN_PAGE, opened=opened, title__fr="Trop tard")
    assert answer.status_code == 422 and "Trop tard" in answer.text
    for page in (PLAN_PAGE, f"/releases/{V2}/values", f"/releases/{V2}/upload"):
        assert by("editor2").get(page).status_code == 409


def test_a_bad_number_is_told_and_what_was_typed_stays(by: Any, drafted: None) -> None:
    answer = by("editor").send(PLAN_PAGE + "?part=step-1", action__0__timingDuration__value="beaucoup")
    assert answer.status_code == 422 and 'value="beaucoup"' in answer.text


def test_a_missing_arabic_text_is_listed_at_submission(by: Any, state: Any, drafted: None) -> None:
    assert by("editor").send(PLAN_PAGE + "?part=step-1", action__0__title__ar="").status_code == 303
    answer = by("editor").send(f"/releases/{V2}/submit")
    assert answer.status_code == 422 and "PlanDefinition.action[0].title" in answer.text
    assert state(NEXT) == "draft"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", ""),
        (b"[]", ""),
        (json.dumps(a_set()[1] | {"action": [{"priority": "soon"}]}).encode(), "PlanDefinition.action[0].priority"),
        (json.dumps({"resourceType": "Patient"}).encode(), ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_paths(by: Any, drafted: None, body: bytes, told: str) -> None:
    answer = by("editor").send(f"/releases/{V2}/upload", file=(io.BytesIO(body), "x.json"))
    assert answer.status_code == 422 and told in answer.text


def test_a_good_file_takes_the_place_of_its_artefact(by: Any, drafted: None) -> None:
    body = json.dumps(a_set()[1] | {"title": "Du fichier"}).encode()
    answer = by("editor").send(f"/releases/{V2}/upload", file=(io.BytesIO(body), "x.json"))
    assert answer.status_code == 303 and "Du fichier" in by("editor").text(f"/releases/{V2}")


def test_a_later_day_plans_the_release_which_the_command_makes(
    by: Any, state: Any, drafted: None, flask: Flask
) -> None:
    by("editor").send(f"/releases/{V2}/submit")
    by("approver").send(f"/releases/{V2}/approve")
    yesterday, later = (clock.today() + timedelta(days=days) for days in (-1, 5))
    assert by("approver").send(f"/releases/{V2}/release", effective=yesterday.isoformat()).status_code == 422
    assert by("approver").send(f"/releases/{V2}/release", effective=later.isoformat()).status_code == 303
    assert state(NEXT) == "approved"
    done = flask.test_cli_runner().invoke(args=["protocols", "release-due"])
    assert "0 released" in done.output
    with clock.frozen(clock.now() + timedelta(days=5)):
        done = flask.test_cli_runner().invoke(args=["protocols", "release-due"])
    assert "1 released" in done.output and state(NEXT) == "released", done.output


def test_withdrawing_says_what_is_lost_and_frees_the_number(by: Any, state: Any, drafted: None) -> None:
    assert by("editor").send(f"/releases/{V2}/withdraw").status_code == 303
    assert state(NEXT) == "absent" and by("editor").get(f"/releases/{V2}").status_code in (404, 410)
    assert by("editor").send(f"/releases/{V1}/draft", version="1.1.0").status_code == 303


def test_a_second_draft_is_refused_in_words(by: Any, drafted: None) -> None:
    answer = by("editor2").send(f"/releases/{V1}/draft", version="2.0.0")
    assert answer.status_code == 422


def test_a_plain_put_over_fhir_does_not_release(by: Any, flask: Flask, state: Any, drafted: None) -> None:
    """A token that may write everything FHIR is no approver."""
    from app.access import tokens

    with flask.app_context():
        token = tokens.issue(label="ehr", scopes="system/*.cruds", lifetime=timedelta(hours=1))[0]
        db.session.commit()
    client = flask.test_client()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    for reference in (NEXT, "PlanDefinition/migraine-treatment-1.1.0"):
        held = client.get(f"/fhir/{reference}", headers=headers).get_json()
        answer = client.put(f"/fhir/{reference}", headers=headers, data=json.dumps(held | {"status": "active"}))
        assert answer.status_code in (403, 409), answer.text
    answer = client.post(f"/fhir/{NEXT}/$release", headers=headers, data='{"resourceType": "Parameters"}')
    assert answer.status_code == 403
    assert client.get(f"/fhir/{SET}/$package", headers=headers).get_json()["total"] == 3
    assert state(NEXT) == "draft" and state(SET) == "released"
