"""The worker: takes what is due in the outbox, one job a transaction, and tries again later what failed.

It also does what features want done once a day, and ends when the server that started it has ended. Handlers come from
the features' ``jobs`` (topic -> ``handle(repo, payload)``); a topic that nobody handles any more is put off, not lost.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app import clock
from app.access.actor import automation
from app.feature import Feature
from app.store import outbox, work

log = logging.getLogger(__name__)
WORKER = automation("jobs")
REST_SECONDS = 2.0
LONGEST_WAIT = timedelta(hours=6)

Handler = Callable[[Any, Mapping[str, Any]], Mapping[str, Any] | None]
"""Does a job; gives back the payload with which it goes on, in another transaction, or None when all is done."""


def handlers(features: Iterable[Feature]) -> dict[str, Handler]:
    """Topic -> handler, of all features."""
    return {topic: handle for feature in features for topic, handle in feature.jobs.items()}


def run_pending(
    features: Sequence[Feature],
    *,
    forever: bool = False,
    parent: int | None = None,
    daily: Callable[[Iterable[Feature]], None] | None = None,
) -> int:
    """Do all that is due; with ``forever`` go on looking, until the process ``parent`` is gone. How many jobs.

    ``daily`` does what is done once a day, by default ``run_daily``.
    """
    known = handlers(features)
    done, day = 0, None
    while parent is None or os.getppid() == parent:
        if day != clock.today():
            day = clock.today()
            (daily or run_daily)(features)
        if _run_one(known):
            done += 1
        elif forever:
            time.sleep(REST_SECONDS)
        else:
            break
    return done


def run_daily(features: Iterable[Feature]) -> None:
    """Do what is wanted once a day; what fails is written down and tried again the next day or at the next start."""
    for feature in features:
        for act in feature.daily:
            try:
                with work(WORKER) as repo:
                    act(repo)
            except Exception:
                log.exception("daily work of %s failed", feature.name)


def _run_one(known: Mapping[str, Handler]) -> bool:
    """Do one job; True when one was done, False when none is due or the one that was failed."""
    failed: tuple[outbox.Job, Exception] | None = None
    try:
        with work(WORKER) as repo:
            job = next(iter(outbox.due_jobs(repo.unit, 1)), None)
            if job is None:
                return False
            try:
                rest = known[job.topic](repo, job.payload)
            except Exception as error:  # the change of a failed job is rolled back; the failure is written by itself
                failed = (job, error)
                raise
            if rest is None:
                outbox.job_done(repo.unit, job)
            else:
                outbox.job_goes_on(repo.unit, job, rest)
            return True
    except Exception:
        if failed is None:
            raise
        _put_off(*failed)
        return False


def _put_off(job: outbox.Job, error: Exception) -> None:
    log.warning("job %s (%s) failed: %s", job.key, job.topic, error)
    with work(WORKER) as repo:
        wait = min(timedelta(minutes=2**job.attempts), LONGEST_WAIT)
        outbox.job_failed(repo.unit, job, f"{type(error).__name__}: {error}", repo.now + wait)
