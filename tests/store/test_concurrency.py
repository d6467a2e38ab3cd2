"""Many at once: no update is lost, one condition creates one resource, one number is given once."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask

from app.access.actor import SYSTEM
from app.errors import PreconditionFailed
from app.store import work
from tests.store.builders import a_patient, an_observation


def at_once(flask: Flask, count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run in so many threads, all starting at the same moment; their results or their errors."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        with flask.app_context():
            barrier.wait()
            try:
                return act(number)
            except Exception as error:
                return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_writers_with_the_same_if_match_one_wins(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1"))

    def write(number: int) -> str:
        with work(SYSTEM) as repo:
            return str(repo.update(a_patient("p1", f"Writer {number}"), if_match=1)["name"][0]["family"])

    results = at_once(app, 6, write)
    won = [one for one in results if isinstance(one, str)]
    assert len(won) == 1 and all(isinstance(one, PreconditionFailed) for one in results if one not in won)
    with work(SYSTEM) as repo:
        assert repo.read("Patient/p1")["name"][0]["family"] == won[0]
        assert repo.read("Patient/p1")["meta"]["versionId"] == "2"


def test_no_update_is_lost(app: Flask, stored: Callable[..., Any]) -> None:
    stored(a_patient("p1", "0"))

    def add(_: int) -> None:
        for _try in range(30):
            try:
                with work(SYSTEM) as repo:
                    patient = repo.read("Patient/p1")
                    counted = int(patient["name"][0]["family"]) + 1
                    repo.update(a_patient("p1", str(counted)), if_match=int(patient["meta"]["versionId"]))
                return
            except PreconditionFailed:
                continue
        raise AssertionError("never came through")

    assert at_once(app, 5, add) == [None] * 5
    with work(SYSTEM) as repo:
        assert repo.read("Patient/p1")["name"][0]["family"] == "5"
        assert [stored.version for stored in repo.history("Patient/p1")] == [6, 5, 4, 3, 2, 1]


def test_one_condition_creates_one_resource(app: Flask) -> None:
    def register(number: int) -> str:
        with work(SYSTEM) as repo:
            person = {"resourceType": "Patient", "identifier": [{"system": "urn:cnie", "value": "AB1"}]}
            return str(repo.create(person, if_none_exist="identifier=urn:cnie|AB1")["id"])

    results = at_once(app, 16, register)
    assert len(set(results)) == 1, results
    with work(SYSTEM) as repo:
        assert repo.count("Patient?identifier=urn:cnie|AB1") == 1


def test_matching_holds_the_condition_until_the_commit(app: Flask) -> None:
    def register(number: int) -> int:
        with work(SYSTEM) as repo:
            if repo.matching("Patient?identifier=urn:cnie|AB2"):
                return 200
            repo.create({"resourceType": "Patient", "identifier": [{"system": "urn:cnie", "value": "AB2"}]})
            return 201

    assert Counter(at_once(app, 12, register)) == {201: 1, 200: 11}


def test_all_refer_to_somebody_who_is_not_there_yet(app: Flask) -> None:
    def measure(number: int) -> None:
        with work(SYSTEM) as repo:
            repo.create(an_observation(f"o{number}", "later"))

    assert at_once(app, 8, measure) == [None] * 8
    with work(SYSTEM) as repo:
        assert repo.count("Observation?patient=later") == 8


def test_the_same_id_is_created_once(app: Flask) -> None:
    def put(number: int) -> str:
        with work(SYSTEM) as repo:
            return str(repo.update(a_patient("p1", f"Writer {number}"))["meta"]["versionId"])

    results = at_once(app, 6, put)
    done = [one for one in results if isinstance(one, str)]
    with work(SYSTEM) as repo:
        assert repo.read("Patient/p1")["meta"]["versionId"] == str(len(done))
        assert sorted(done) == [str(n) for n in range(1, len(done) + 1)]
        assert len(repo.history("Patient/p1")) == len(done)
