"""The outbox: what is to be done after the commit, written with the change that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.store.unit import Unit
from app.store.values import micros


@dataclass(frozen=True, slots=True)
class Job:
    """One job: ``attempts`` counts those before this one."""

    key: int
    topic: str
    payload: dict[str, Any]
    attempts: int


def enqueue(unit: Unit, topic: str, payload: dict[str, Any]) -> None:
    """Put a job into the outbox; it is there when the transaction commits, and not otherwise."""
    unit.jobs.append((topic, orjson.dumps(payload).decode(), unit.stamp, unit.stamp, 0))


def due_jobs(unit: Unit, limit: int = 10) -> list[Job]:
    """Jobs whose time has come, oldest first, held by this transaction; others skip them."""
    unit.flush()
    lock = " for update skip locked" if unit.driver.name == "postgresql" else ""
    rows = unit.driver.rows(
        "select key, topic, payload, attempts from outbox where done is null and due <= ? "
        f"order by due, key limit ?{lock}",
        (unit.stamp, limit),
    )
    return [Job(key, topic, orjson.loads(payload), attempts) for key, topic, payload, attempts in rows]


def job_done(unit: Unit, job: Job) -> None:
    """Mark a job as done."""
    unit.driver.run("update outbox set done = ? where key = ?", (unit.stamp, job.key))


def job_goes_on(unit: Unit, job: Job, payload: Mapping[str, Any]) -> None:
    """Keep a job that has done a part of its work: what it has so far stands in its payload. Others come first."""
    unit.driver.run(
        "update outbox set payload = ?, due = ?, attempts = 0 where key = ?",
        (orjson.dumps(payload).decode(), unit.stamp, job.key),
    )


def waiting(unit: Unit, topic: str) -> list[dict[str, Any]]:
    """The payloads of the jobs of a topic that are not done, oldest first."""
    unit.flush()
    rows = unit.driver.rows("select payload from outbox where done is null and topic = ? order by key", (topic,))
    return [orjson.loads(payload) for (payload,) in rows]


def job_failed(unit: Unit, job: Job, error: str, retry_at: Any) -> None:
    """Put a job off until ``retry_at`` (an aware datetime), with the error beside it."""
    unit.driver.run(
        "update outbox set attempts = attempts + 1, error = ?, due = ? where key = ?",
        (error[:2000], micros(retry_at), job.key),
    )
