"""The worker does each job once, tries again later what failed, and does daily work once a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.access.actor import SYSTEM
from app.feature import Feature
from app.jobs.worker import run_pending
from app.store import work


@pytest.fixture
def notes() -> list[str]:
    return []


def feature(notes: list[str], **more: Any) -> Feature:
    def note(repo: Any, payload: Mapping[str, Any]) -> None:
        notes.append(payload["text"])

    def fail(repo: Any, payload: Mapping[str, Any]) -> None:
        repo.create({"resourceType": "Basic", "id": "half-done", "code": {"text": "half done"}})
        raise ConnectionError("the mail server is away")

    return Feature("test", jobs={"note": note, "fail": fail}, **more)


def test_a_job_is_done_once(app: Flask, notes: list[str]) -> None:
    with work(SYSTEM) as repo:
        repo.enqueue("note", {"text": "hello"})
    assert run_pending([feature(notes)]) == 1
    assert run_pending([feature(notes)]) == 0
    assert notes == ["hello"]


def test_a_job_of_a_transaction_that_failed_was_never_asked_for(app: Flask, notes: list[str]) -> None:
    with pytest.raises(RuntimeError), work(SYSTEM) as repo:
        repo.enqueue("note", {"text": "hello"})
        raise RuntimeError
    assert run_pending([feature(notes)]) == 0


def test_a_failed_job_leaves_nothing_behind_and_waits(app: Flask, notes: list[str]) -> None:
    with work(SYSTEM) as repo:
        repo.enqueue("fail", {})
        repo.enqueue("note", {"text": "after"})
    run_pending([feature(notes)])
    run_pending([feature(notes)])
    assert notes == ["after"]
    with work(SYSTEM) as repo:
        assert repo.find("Basic/half-done") is None


def test_a_job_goes_on_with_what_it_has_so_far_and_lets_others_come_first(app: Flask, notes: list[str]) -> None:
    def count(repo: Any, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        notes.append(str(payload["so_far"]))
        with_others = [one["so_far"] for one in repo.waiting("count")]
        assert with_others == [payload["so_far"]]
        return {"so_far": payload["so_far"] + 1} if payload["so_far"] < 2 else None

    counting = replace(feature(notes), jobs=dict(feature(notes).jobs) | {"count": count})
    with work(SYSTEM) as repo:
        repo.enqueue("count", {"so_far": 0})
    with work(SYSTEM) as repo:
        repo.enqueue("note", {"text": "another"})
    assert run_pending([counting]) == 4
    assert notes[0] == "0" and notes[-1] == "2" and sorted(notes) == ["0", "1", "2", "another"]
    with work(SYSTEM, reading=True) as repo:
        assert repo.waiting("count") == []


def test_daily_work_is_done_and_one_failure_does_not_stop_the_rest(app: Flask, notes: list[str]) -> None:
    def good(repo: Any) -> None:
        repo.create({"resourceType": "Basic", "id": "today", "code": {"text": "daily"}})

    def bad(repo: Any) -> None:
        raise ValueError("no")

    run_pending([feature(notes, daily=(bad, good))])
    with work(SYSTEM) as repo:
        assert repo.read("Basic/today")
