"""The server (granian): processes forked from one that has made the application and loaded what requests need.

What a process imports and loads by itself is 110 MB; what it is forked with stands in memory once for all of them, as
long as nobody writes to it. The collector writes to whatever it looks at, so it looks at nothing of that
(https://docs.python.org/3/library/gc.html#gc.freeze). Each process still comes to write to a fifth of it (the counts of
references to what it uses), and has its own copy of that. The first one would keep the original for nobody, so it
becomes another program as soon as the others run (``app.watch``).
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from app.collector import Between, keep_what_is_there
from app.fhir.definitions import load
from app.fhir.validation.structure import walk_of
from app.store.extract import extract
from app.watch import HELD

DEFINITIONS = (
    "elements",
    "bindings",
    "value_sets",
    "search_parameters",
    "summaries",
    "invariants",
    "reference_targets",
    "operations",
    "compartments",
)
RECORDED = (
    "Patient",
    "Condition",
    "Observation",
    "Encounter",
    "EpisodeOfCare",
    "MedicationRequest",
    "ServiceRequest",
    "Task",
    "QuestionnaireResponse",
)
"""Types that come in all day long."""
WATCH = Path(__file__).with_name("watch.py")
log = logging.getLogger(__name__)
LATER = 5.0
"""Seconds that what runs beside the server waits: the server itself starts first."""


def forks() -> bool:
    """Whether processes are forked here (Linux), and not begun anew (macOS, Windows)."""
    return multiprocessing.get_start_method() == "fork"


def apart(act: Callable[[], object]) -> None:
    """Do something in a process of its own, so that what it leaves in memory goes with it; meanwhile this one warms up.
    Ends this one when it failed. No connection to a database may be open.
    """
    if not forks():
        act()
        return
    process = multiprocessing.Process(target=_told, args=(act,))
    process.start()
    warm()
    process.join()
    if process.exitcode:
        sys.exit(1)


def in_passing(act: Callable[[], object]) -> None:
    """Do something heavy in a process of its own, wherever this may be called; what it raises is written down there.

    No connection to a database may be open.
    """
    if not forks():
        act()
        return
    if child := os.fork():
        os.waitpid(child, 0)
        return
    try:
        act()
    except BaseException:
        log.exception("%r failed", act)
    finally:
        os._exit(0)


def _told(act: Callable[[], object]) -> None:
    try:
        act()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(1)


def serve(
    application: Callable[..., Any],
    *,
    target: str,
    host: str,
    port: int,
    workers: int,
    threads: int,
    beside: Callable[[], object] | None = None,
) -> None:
    """Serve a WSGI application until the process is stopped. No connection to a database may be open.

    ``target``: where processes that are not forked make an application of their own. ``beside``: what a process of its
    own does meanwhile; it is not asked for where nothing is forked.
    """
    kind: Any = Watched if forks() else Granian
    server = kind(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.warning,
    )
    sys.stdout.flush()
    if not forks():
        server.serve()
        return
    warm()
    keep_what_is_there()
    if beside:
        process = multiprocessing.Process(target=_later, args=(beside,), daemon=True)
        process.start()
        server.beside = process.pid
    server.serve(target_loader=lambda _target: Between(application))


class Watched(MPServer):
    """Granian whose first process becomes ``app.watch`` once the others run: what it loaded was for forking them."""

    beside: int | None = None
    """A process that ends with the server, but whose end does not end it."""

    def _serve_loop(self, _target: Any, _loader: Any) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)  # what comes now is there when the other program asks
        if self.interrupt_signal or self.interrupt_children:
            return
        serving = ",".join(str(worker.inner.pid) for worker in self.wrks)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-I", "-S", str(WATCH), serving, str(self.beside or "")])


def _later(act: Callable[[], object]) -> None:
    with suppress(KeyboardInterrupt), open(os.devnull, "w") as nowhere:
        sys.stdout = nowhere
        time.sleep(LATER)
        act()


def warm() -> None:
    """Load what the first requests would load, each process for itself. Reads no database."""
    for name in DEFINITIONS:
        load(name)
    for resource_type in RECORDED:
        walk_of(resource_type)
        extract({"resourceType": resource_type})
