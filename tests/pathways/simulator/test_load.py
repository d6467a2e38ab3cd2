"""The demo region in a store: made by the command, on both databases, and only once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app import content
from app.access.accounts import by_name
from app.access.grants import ROLES
from app.access.passwords import matches
from app.db import db
from app.factory import create_app
from app.store import work
from pathways import worklist
from pathways.enrolment import enrolments
from pathways.progression import evaluate
from pathways.simulator import crowd, load, region

PEOPLE = 8


@pytest.fixture
def server(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    flask = create_app({"SQLALCHEMY_DATABASE_URI": database, "TESTING": True, "PRODUCTION": False})
    monkeypatch.setattr(crowd, "BATCH", 3)
    with flask.app_context():
        content.load(flask.extensions["features"])
        db.session.remove()
    yield flask
    with flask.app_context():
        db.engine.dispose()


def run(server: Flask, *arguments: str) -> str:
    result = server.test_cli_runner().invoke(args=["demo", *arguments])
    return f"{result.exit_code}\n{result.output}"


def test_the_command_makes_a_region_that_can_be_signed_in_to(server: Flask) -> None:
    said = run(server, "load", "--patients", str(PEOPLE))
    assert said.startswith("0\n") and f"{PEOPLE} patients loaded" in said
    assert region.PASSWORD in said and all(role in said for role in ROLES)
    with server.app_context(), work(load.LOADER) as repo:
        assert repo.count("Patient?_count=0") == PEOPLE
        levels = {row["level"] for row in region.rows(region.PLACES)}
        assert levels >= {"DR", "CSR-1", "CSR-2", "CSU-1", "CSU-2", "HP", "CHP", "CHR", "CHU"}
        account = by_name("medecin")
        assert account is not None and matches(account, region.PASSWORD)
        assert repo.read(account.practitioner or "")["name"][1]["family"] == "التازي"


def test_what_stands_is_the_pathway_at_work(server: Flask) -> None:
    run(server, "load", "--patients", str(PEOPLE))
    with server.app_context(), work(load.LOADER) as repo:
        followed = [
            held for one in repo.search_all("Patient?_count=50") for held in enrolments(repo, f"Patient/{one['id']}")
        ]
        assert len(followed) >= PEOPLE - 3
        for held in followed:
            standing = evaluate(repo, held, language="ar")
            assert standing.stage is not None and not standing.failed
        organizations = [f"Organization/{one['id']}" for one in repo.search_all("Organization?_count=100")]
        listed = [worklist.listed(repo, organizations, group).total for group in worklist.GROUPS]
        assert sum(listed) > 0


def test_a_second_load_changes_nothing(server: Flask) -> None:
    run(server, "load", "--patients", str(PEOPLE))
    said = run(server, "load", "--patients", "50", "--seed", "2")
    assert f"{PEOPLE} patients of" in said and "there already" in said
    assert region.PASSWORD in run(server, "sign-ins")


def test_a_load_that_was_broken_off_goes_on(server: Flask) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stop

    with server.app_context():
        with pytest.raises(Stop):
            load.load(PEOPLE, 1, stop)
        state = load.state()
        assert state is not None and state.done == 3
        assert load.load(PEOPLE, 1).complete
        with work(load.LOADER) as repo:
            assert repo.count("Patient?_count=0") == PEOPLE
            assert {one["meta"]["versionId"] for one in repo.search_all("Encounter?_count=100")} == {"1"}


def test_production_refuses(server: Flask) -> None:
    server.config["PRODUCTION"] = True
    said = run(server, "load", "--patients", "3")
    assert said.startswith("1\n") and "production" in said
    with server.app_context():
        assert by_name("medecin") is None


def test_no_sign_ins_without_a_region(server: Flask) -> None:
    assert "there is no demo region" in run(server, "sign-ins")
