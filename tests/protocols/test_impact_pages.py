"""The impact of a version, as the Ministry asks for it and reads it."""

from __future__ import annotations

import html
import re
from typing import Any

import orjson
import pytest
from flask import Flask

from app.access.actor import SYSTEM
from app.store import work
from app.web import facility_tree
from protocols import impact, impact_reports
from protocols.impact_counts import Count, Kind, packed
from protocols.vocabulary import FACILITY_LEVEL
from tests.protocols.scenes import NEXT, PLAN_PAGE, V1, V2

CHANGE = Kind("step-1>step-2", (("fr", "Repos → Café"), ("ar", "الراحة → القهوة")))
RARE = Kind("step-1>step-3:due", (("fr", "Repos (à une autre date)"), ("ar", "الراحة (في تاريخ آخر)")))
PLACES = (
    ("north", "region", "Tanger", None),
    ("centre", "CSR-1", "Centre Larache", "north"),
    ("other", "CSR-1", "Centre Assilah", "north"),
)


@pytest.fixture
def told_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLEST_COUNT", "1")


def job_of(flask: Flask, others: int, followed: int) -> dict[str, Any]:
    """What the worker has counted for two health centres of a region: in the second nobody has the rare change."""
    with flask.app_context(), work(SYSTEM) as repo:
        for id, level, name, above in PLACES:
            kind = {"coding": [{"system": FACILITY_LEVEL, "code": level}]}
            made = {"resourceType": "Organization", "id": id, "active": True, "name": name, "type": [kind]}
            repo.update(made | ({"partOf": {"reference": f"Organization/{above}"}} if above else {}))
        facility_tree.forget()
        library = repo.read(NEXT)
        found = {
            "Organization/centre": Count(followed - 1, others - 1, {CHANGE: others - 2, RARE: 1}),
            "Organization/other": Count(1, 1, {CHANGE: 1}),
        }
        return {"words": impact.words_of(repo, library), "tally": packed(found), "left": None}


def written(flask: Flask, job: dict[str, Any]) -> dict[str, Any] | None:
    """What is left of a job after a transaction, as the outbox keeps it."""
    with flask.app_context(), work(SYSTEM) as repo:
        left = impact_reports.write(repo, repo.read(f"Library/{V2}"), job)
    return orjson.loads(orjson.dumps(left))


def counted(flask: Flask, others: int, followed: int) -> None:
    """The reports of it."""
    assert written(flask, job_of(flask, others, followed)) is None


def test_the_count_is_asked_for_and_read_before_the_release(by: Any, drafted: None, flask: Flask) -> None:
    editor, approver = by("editor"), by("approver")
    assert f"/releases/{V2}/impact" in editor.text(f"/releases/{V2}")
    assert editor.send(f"/releases/{V2}/impact").status_code == 303
    page = html.unescape(editor.text(f"/releases/{V2}/impact"))
    assert "Comptage en cours" in page and 'http-equiv="refresh"' in page
    counted(flask, 7, 40)
    page = html.unescape(approver.text(f"/releases/{V2}/impact"))
    assert "7 sur 40" in page and "Repos → Café" in page and "Centre Larache" in page
    assert page.index("Par région") < page.index("Tanger") < page.index("Par établissement") < page.index("Assilah")
    editor.send(f"/releases/{V2}/submit")
    approver.send(f"/releases/{V2}/approve")
    assert "7 sur 40" in html.unescape(approver.text(f"/releases/{V2}/release"))


@pytest.mark.usefixtures("told_as_they_are")
def test_where_the_patients_of_one_change_are(by: Any, drafted: None, flask: Flask) -> None:
    editor = by("editor")
    editor.send(f"/releases/{V2}/impact")
    counted(flask, 7, 40)
    links = re.findall(r'href="([^"]+change=[^"]+)#where"', editor.text(f"/releases/{V2}/impact"))
    assert len(links) == 2
    common, rare = (html.unescape(editor.text(html.unescape(link))) for link in links)
    assert "Seulement : Repos → Café" in common and "Assilah" in common and "6 sur 40" in common
    assert "Seulement : Repos (à une autre date)" in rare and "1 sur 40" in rare and "1 sur 39" in rare
    assert "Larache" in rare and "Assilah" not in rare
    nowhere = editor.text(f"/releases/{V2}/impact?change=step-9")
    assert "Larache" not in nowhere


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


def test_no_small_number_of_an_establishment_is_told(by: Any, drafted: None, flask: Flask) -> None:
    """Seven of forty in the country; of the 6 + 1 by establishment the one stays among fewer than five."""
    editor = by("editor")
    editor.send(f"/releases/{V2}/impact")
    counted(flask, 7, 40)
    page = html.unescape(editor.text(f"/releases/{V2}/impact"))
    rows = {
        name: re.sub("<[^>]+>", " ", row) for name in ("Tanger", "Larache", "Assilah") for row in [_row(page, name)]
    }
    assert "5 sur 40" in rows["Tanger"] and "5 sur 40" in rows["Larache"]
    assert "moins de 5" in rows["Assilah"] and not re.search(r"\b[1-4]\b", rows["Assilah"])
    assert "Repos → Café" in rows["Larache"] and "autre date" not in rows["Larache"]
    assert "<b>1</b> · <bdi>Repos (à une autre date)" in page, "the country is told as it is"
    rare = html.unescape(editor.text(f"/releases/{V2}/impact?change={RARE.code}"))
    assert "Larache" not in rare and "Assilah" not in rare


def test_the_fhir_door_tells_no_small_number_either(by: Any, drafted: None, flask: Flask) -> None:
    by("editor").send(f"/releases/{V2}/impact")
    counted(flask, 7, 40)
    with flask.app_context(), work(SYSTEM, reading=True) as repo:
        held = {
            one["reporter"]["reference"]: one for one in repo.search_all("MeasureReport?_count=50") if "reporter" in one
        }
        versions = [repo.history(f"MeasureReport/{one['id']}") for one in held.values()]
    few = held["Organization/other"]["group"]
    assert len(few) == 1 and [population.get("count") for population in few[0]["population"]] == [None, None]
    assert [one["_count"]["extension"][0]["valueCode"] for one in few[0]["population"]] == ["masked", "masked"]
    assert all(len(one) == 1 for one in versions), "nothing but the finished report has ever been stored"


def test_reports_are_written_a_few_at_a_time_the_countrys_last(
    by: Any, drafted: None, flask: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, told = by("editor"), []
    for portion in (100, 1):
        monkeypatch.setattr(impact_reports, "PORTION", portion)
        editor.send(f"/releases/{V2}/impact")
        job: dict[str, Any] | None = job_of(flask, 7, 40)
        transactions = 0
        while job is not None:
            page = html.unescape(editor.text(f"/releases/{V2}/impact"))
            assert "7 sur 40" not in page, "not before all are written"
            job, transactions = written(flask, job), transactions + 1
        assert transactions == {100: 1, 1: 4}[portion], "two establishments, their region, the country"
        with flask.app_context(), work(SYSTEM, reading=True) as repo:
            reports = impact_reports.all_of(repo, repo.read(f"Library/{V2}"))
        told.append({one["id"]: one["group"] for one in reports})
    assert len(told[0]) == 4 and told[0] == told[1]


def _row(page: str, name: str) -> str:
    return next(row for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL) if name in row)
