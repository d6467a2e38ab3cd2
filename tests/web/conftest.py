"""An application with the shell and no feature, on a fresh database, with one establishment tree and people in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app.access
import app.i18n
import app.web
from app.access import accounts, csv_rows, facilities
from app.access.actor import SYSTEM
from app.db import db, init_app
from app.store import work
from app.web import facility_tree
from tests.web.a_feature import FEATURE

PASSWORD = "une phrase simple"
TREE = """number;level;name_fr;name_ar;parent
MIN;ministry;Ministère;الوزارة;
MA-04;region;Rabat-Salé-Kénitra;الرباط-سلا-القنيطرة;MIN
441;province;Salé;سلا;MA-04
4410;CSU-1;CSU Hay Salam;المركز الصحي حي السلام;441
4411;CSR-1;CSR Bouknadel;المركز الصحي بوقنادل;441
"""


@pytest.fixture
def flask(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application. No context is open: each request must have its own, as in the server."""
    path = tmp_path / "maslak.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    made = Flask("app", static_folder=None, template_folder=None)
    made.config.update(
        SECRET_KEY="tests",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{path}",
        MAIL_FOLDER=str(tmp_path / "mail"),
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        WTF_CSRF_ENABLED=False,
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={"argon2__time_cost": 1, "argon2__memory_cost": 1024},
    )
    init_app(made)
    app.i18n.init_app(made)
    app.access.init_app(made, (FEATURE,))
    app.web.init_app(made, (FEATURE,))
    made.register_blueprint(FEATURE.blueprint())
    with made.app_context():
        with work(SYSTEM) as repo:
            rows = csv_rows.read(TREE.encode(), facilities.COLUMNS)
            assert not facilities.import_rows(repo, rows).refused
        app.web.protection.limiter.reset()
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def place(flask: Flask) -> Any:
    """The reference of an establishment by its number."""
    with flask.app_context():
        nodes = {node.number: node.reference for node in facility_tree.tree().nodes.values()}
    return nodes.__getitem__


@pytest.fixture
def a_person(flask: Flask, place: Any) -> Any:
    """Make an account: ``a_person("nurse", at="4410")`` gives its user name."""

    def make(role: str, *, at: str | None = "4410", **values: Any) -> str:
        username = values.pop("username", role)
        with flask.app_context(), work(SYSTEM):
            accounts.create(
                username=username,
                name=values.pop("name", "Fatima Alaoui"),
                roles=[role],
                organization=place(at) if at else None,
                password=PASSWORD,
                **values,
            )
        return username

    return make


@pytest.fixture
def browser(flask: Flask) -> FlaskClient:
    """Somebody's browser, not signed in."""
    return flask.test_client()


@pytest.fixture
def signed_in(flask: Flask, a_person: Any) -> Any:
    """A browser in which somebody of a role has signed in: ``signed_in("administrator", at=None)``."""

    def enter(role: str, **values: Any) -> FlaskClient:
        client = flask.test_client()
        answer = client.post("/sign-in", data={"username": a_person(role, **values), "password": PASSWORD})
        assert answer.status_code == 303
        return client

    return enter
