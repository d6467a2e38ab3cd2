"""Whose patients somebody sees follows from where their account stands in the facility tree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.access import csv_rows, facilities
from app.access.actor import SYSTEM
from app.access.authentication import establishments
from app.store import work
from app.web import facility_tree

DISPENSARY = "number;level;name_fr;name_ar;parent\n4412;DR;Dispensaire Douar;مستوصف الدوار;4411\n"


@pytest.fixture
def dispensary(flask: Flask) -> None:
    with flask.app_context():
        with work(SYSTEM) as repo:
            assert not facilities.import_rows(repo, csv_rows.read(DISPENSARY.encode(), facilities.COLUMNS)).refused
        facility_tree.forget()


def numbers(flask: Flask, role: str, at: str) -> set[str]:
    with flask.app_context():
        nodes = facility_tree.tree().nodes
        here = next(node.reference for node in nodes.values() if node.number == at)
        return {nodes[reference].number for reference in establishments(frozenset({role}), here)}


def test_a_health_centre_sees_the_patients_of_its_dispensaries(flask: Flask, dispensary: None) -> None:
    assert numbers(flask, "physician", "4411") == {"4411", "4412"}


def test_a_dispensary_sees_its_own_alone(flask: Flask, dispensary: None) -> None:
    assert numbers(flask, "nurse", "4412") == {"4412"}


def test_an_account_placed_at_a_province_sees_no_establishment_beneath(flask: Flask, dispensary: None) -> None:
    assert numbers(flask, "physician", "441") == {"441"}


def test_a_delegate_sees_everything_beneath(flask: Flask, dispensary: None, place: Callable[[str], str]) -> None:
    assert numbers(flask, "regional-delegate", "MA-04") == {"MA-04", "441", "4410", "4411", "4412"}
