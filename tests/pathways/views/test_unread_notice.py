"""My day tells of a new version that has not been read; who has confirmed it is left in peace."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.access import accounts
from app.access.actor import SYSTEM, automation
from app.store import work
from protocols import drafting, publishing
from tests.protocols.browser import PASSWORD, Browser, application
from tests.protocols.scenes import NEXT, SET, V2, a_set


@pytest.fixture
def flask(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """Publishing and following, one set of which version 1.1.0 is in force, a nurse and a manager."""
    with application(sqlite_template, tmp_path, "protocols", "pathways") as made:
        with made.app_context():
            with work(SYSTEM) as repo:
                for one in a_set():
                    repo.create(one)
                repo.update({"resourceType": "Organization", "id": "centre", "active": True, "name": "Centre"})
                repo.update({"resourceType": "Practitioner", "id": "latifa", "active": True})
                for name, role in (("nurse", "nurse"), ("manager", "facility-manager")):
                    person = accounts.create(
                        username=name, name=name, roles=[role], organization="Organization/centre", password=PASSWORD
                    )
                    person.practitioner = "Practitioner/latifa" if name == "nurse" else None
            with work(automation("writer")) as repo:
                drafting.draft(repo, SET)
            for verb in (publishing.submit, publishing.approve, publishing.release):
                with work(automation(verb.__name__)) as repo:
                    verb(repo, NEXT)
        yield made


def test_a_new_version_is_told_until_it_is_confirmed(flask: Flask) -> None:
    nurse, manager = Browser(flask, "nurse"), Browser(flask, "manager")
    page = html.unescape(nurse.text("/my-day"))
    assert "Nouvelle version en vigueur" in page and f"/protocols/{V2}/read" in page
    assert "Nouvelle version" not in html.unescape(manager.text("/my-day"))
    assert nurse.send(f"/protocols/{V2}/read", **{"has-read": "y"}).status_code == 303
    assert "Nouvelle version" not in html.unescape(nurse.text("/my-day"))
