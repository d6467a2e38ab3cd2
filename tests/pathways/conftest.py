"""The clinic of these tests: a health centre and a hospital with the national content loaded."""

from __future__ import annotations

import pytest
from flask import Flask

from app import content
from app.access.actor import SYSTEM
from app.store import work
from pathways.feature import FEATURE
from protocols.feature import FEATURE as PROTOCOLS
from tests.pathways.clinic import Clinic, person_of


@pytest.fixture
def clinic(app: Flask) -> Clinic:
    content.load([PROTOCOLS, FEATURE])
    with work(SYSTEM) as repo:
        for id, name in (("centre", "Centre de santé Larache"), ("chp", "CHP Larache")):
            repo.update({"resourceType": "Organization", "id": id, "active": True, "name": name})
        for id in ("salma", "hicham", "omar"):
            repo.update({"resourceType": "Practitioner", "id": id, "active": True})
    return Clinic(
        person_of("physician", "salma", "Organization/centre"),
        person_of("nurse", "hicham", "Organization/centre"),
        person_of("hospital-physician", "omar", "Organization/chp"),
    )
