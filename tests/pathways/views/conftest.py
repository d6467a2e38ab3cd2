"""The whole application with the national content, a health centre, a hospital, a second centre and their people."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import app.web
from app import clock, content
from app.access import accounts
from app.access.actor import SYSTEM
from app.clock import CASABLANCA
from app.config import CANONICAL_BASE, ROOT
from app.db import db
from app.factory import create_app
from app.fhir.resource import Resource
from app.fhir.translation import translated
from app.store import work
from pathways.feature import FEATURE
from tests.pathways.views.browser import Browser

PASSWORD = "une phrase bien longue"
MONDAY = datetime(2026, 9, 7, 9, 30, tzinfo=CASABLANCA)
HYPERTENSION = f"{CANONICAL_BASE}/PlanDefinition/hypertension-pathway"
PLACES = (
    ("region", "region", "Tanger-Tétouan-Al Hoceïma", "طنجة تطوان الحسيمة", None),
    ("province", "province", "Province de Chefchaouen", "إقليم شفشاون", "region"),
    ("centre", "CSR-1", "Centre de santé Bab Taza", "المركز الصحي باب تازة", "province"),
    ("other", "CSR-1", "Centre de santé Bni Ahmed", "المركز الصحي بني أحمد", "province"),
    ("chp", "CHP", "CHP de Chefchaouen", "المركز الاستشفائي شفشاون", "province"),
)
PEOPLE = (
    ("physician", "physician", "centre"),
    ("nurse", "nurse", "centre"),
    ("stranger", "physician", "other"),
    ("hospital", "hospital-physician", "chp"),
    ("manager", "facility-manager", "centre"),
    ("delegate", "regional-delegate", "region"),
)
ZINEB = {
    "family": "Amrani", "given": "Zineb", "family_ar": "العمراني", "given_ar": "زينب", "gender": "female",
    "birth": "03/04/1960", "phone": "06 12 34 56 78", "cnie": "LF12345",
}  # fmt: skip


def application(database: str) -> Flask:
    return create_app(
        {
            "SQLALCHEMY_DATABASE_URI": database,
            "SECRET_KEY": "tests",
            "TESTING": True,
            "PROPAGATE_EXCEPTIONS": False,
            "FEATURES": ("pathways",),
            "WTF_CSRF_ENABLED": False,
            "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {"argon2__time_cost": 1, "argon2__memory_cost": 1024},
        }
    )


def place(id: str, level: str, french: str, arabic: str, above: str | None) -> Resource:
    system = f"{CANONICAL_BASE}/CodeSystem/facility-level"
    made = {
        "resourceType": "Organization",
        "id": id,
        "language": "fr",
        "active": True,
        "name": french,
        "type": [{"coding": [{"system": system, "code": level}]}],
    }
    return translated(made, "name", {"ar": arabic}) | (
        {"partOf": {"reference": f"Organization/{above}"}} if above else {}
    )


def fill(flask: Flask) -> None:
    """The national content, the establishments and the accounts."""
    with flask.app_context():
        protocols = dataclasses.replace(
            FEATURE, name="protocols", content=ROOT / "protocols" / "content", check=None, jobs={}
        )
        content.load([protocols, FEATURE])
        with work(SYSTEM) as repo:
            for one in PLACES:
                repo.create(place(*one))
            for name, _role, _place in PEOPLE:
                repo.create({"resourceType": "Practitioner", "id": name, "active": True})
        with work(SYSTEM):
            for name, role, where in PEOPLE:
                accounts.create(
                    username=name,
                    name=f"Dr {name.capitalize()}",
                    roles=[role],
                    organization=f"Organization/{where}",
                    password=PASSWORD,
                    practitioner=f"Practitioner/{name}",
                )
        db.session.remove()
        db.engine.dispose()


@dataclass
class Clinic:
    """The running application; ``browser("nurse", "ar")`` is somebody who has signed in."""

    flask: Flask

    def browser(self, name: str, language: str = "fr") -> Browser:
        client = self.flask.test_client()
        answer = client.post(f"/sign-in?lang={language}", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 303
        return Browser(client, language)

    def stored(self, query: str) -> list[Resource]:
        """What the store holds."""
        with self.flask.app_context(), work(SYSTEM, reading=True) as repo:
            return list(repo.search(query).resources)

    def store(self, *resources: Resource) -> list[Resource]:
        with self.flask.app_context(), work(SYSTEM) as repo:
            return [repo.update(one) if "id" in one else repo.create(one) for one in resources]


@pytest.fixture(scope="session")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the content, the establishments and the people."""
    path = tmp_path_factory.mktemp("clinic") / "filled.sqlite"
    shutil.copy(sqlite_template, path)
    fill(application(f"sqlite:///{path}"))
    return path


def _running(flask: Flask) -> Iterator[Clinic]:
    with flask.app_context():
        app.web.protection.limiter.reset()
    with clock.frozen(MONDAY):
        yield Clinic(flask)
    with flask.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def clinic(filled: Path, tmp_path: Path) -> Iterator[Clinic]:
    """The application on SQLite, on a Monday morning."""
    path = tmp_path / "clinic.sqlite"
    shutil.copy(filled, path)
    yield from _running(application(f"sqlite:///{path}"))


@pytest.fixture
def clinic_anywhere(database: str) -> Iterator[Clinic]:
    """The same on SQLite and on PostgreSQL."""
    flask = application(database)
    fill(flask)
    yield from _running(flask)


@pytest.fixture
def zineb(clinic: Clinic) -> Any:
    """A patient of the centre who is enrolled and waits for the first visit: her record's address and the form's."""
    return enrolled(clinic)


@dataclass(frozen=True)
class Followed:
    """Addresses of a patient's pages."""

    record: str
    visit: str


def enrolled(clinic: Clinic, language: str = "fr", **person: str) -> Followed:
    nurse = clinic.browser("nurse", language)
    record = nurse.send("/patients/register", **{**ZINEB, **person}).headers["Location"]
    return Followed(record, nurse.send(f"{record}/enrol", pathway=HYPERTENSION).headers["Location"])


NO_DANGER = f"{CANONICAL_BASE}/CodeSystem/clinical|no-danger-sign"


def measured(systolic: int, diastolic: int, **more: Any) -> dict[str, Any]:
    """The answers of a consultation."""
    pressure = {"bp_systolic": systolic, "bp_diastolic": diastolic}
    first = {"bp1_systolic": systolic + 4, "bp1_diastolic": diastolic}
    return first | pressure | {"danger_signs": NO_DANGER} | more
