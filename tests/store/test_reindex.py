"""Indexes are derived: made anew they are the same, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.access.actor import SYSTEM
from app.db import db
from app.store import work
from app.store.reindex import reindex, reindex_command
from app.store.tables import CONTAINED, INDEXES
from tests.store.builders import a_patient, a_quantity, an_observation, an_organization

TABLES = [*(f"index_{name}" for name in INDEXES), "index_scope", "head"]


def dump() -> dict[str, list[Any]]:
    with db.engine.connect() as connection:
        return {name: sorted(connection.execute(text(f"select * from {name}")).all(), key=str) for name in TABLES}


@pytest.fixture
def some_records(app: Flask, stored: Callable[..., Any]) -> None:
    stored(
        an_organization("csu"),
        a_patient("p1", "Alaoui", "Ahmed", birthDate="1960", managingOrganization={"reference": "Organization/csu"}),
        an_observation("o1", valueQuantity=a_quantity(140), performer=[{"reference": "Practitioner/d1"}]),
        an_observation("o2", meta={"profile": ["http://example.org/x|1"]}),
        {
            "resourceType": "Provenance",
            "id": "v1",
            "target": [{"reference": "Observation/o1"}],
            "recorded": "2024-01-01",
        },
    )
    with work(SYSTEM) as repo:
        repo.update(an_observation("o2", status="amended", meta={"profile": ["http://example.org/x|2"]}))
        repo.create({"resourceType": "Basic", "id": "b1"})
    with work(SYSTEM) as repo:
        repo.delete("Basic/b1")


def test_reindexing_finds_what_old_rows_lack(app: Flask, stored: Callable[..., Any]) -> None:
    """Rows of before a release that indexes more: narratives, contained resources."""
    held = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Kabbaj"}]}
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Tension élevée</div>'}
    stored(an_observation("o1", contained=[held], performer=[{"reference": "#d"}], text=narrative))
    asked = ("Practitioner?family=kabbaj&_contained=true", "Observation?_text=tension", "Observation?_content=Kabbaj")

    def found() -> list[int]:
        with work(SYSTEM, reading=True) as repo:
            return [len(repo.search(query).resources) for query in asked]

    assert found() == [1, 1, 1]
    with work(SYSTEM) as repo:
        repo.unit.driver.run(f"delete from head where state = {CONTAINED}")
        repo.unit.driver.run("delete from index_string")
    assert found() == [0, 0, 1]
    for _ in range(2):
        with work(SYSTEM) as repo:
            reindex(repo.unit)
        assert found() == [1, 1, 1]
    with work(SYSTEM) as repo:
        repo.delete("Observation/o1")
    assert found() == [0, 0, 0]
    assert [name for name, rows in dump().items() if rows and name != "head"] == []


def test_reindexing_changes_nothing(some_records: None) -> None:
    before = dump()
    with work(SYSTEM) as repo:
        assert reindex(repo.unit) == 5
    assert dump() == before
    assert before["index_quantity"] and before["index_scope"] and before["index_uri"]


def test_reindexing_brings_back_what_was_lost(app: Flask, some_records: None) -> None:
    before = dump()
    with work(SYSTEM) as repo:
        repo.unit.driver.run("delete from index_token")
        repo.unit.driver.run("update head set patient = 0, at = 0")
    assert dump() != before
    result = app.test_cli_runner().invoke(reindex_command)
    assert "5 resources indexed anew" in result.output, result.output
    after = dump()
    assert after["index_token"] == before["index_token"] and after["index_scope"] == before["index_scope"]
