"""The first process of a server, which only waits: it ends the others when it is told to, or when one is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import serving

pytestmark = pytest.mark.skipif(not serving.forks(), reason="nothing is forked here, so nobody watches")

BECOME = """
import os, signal, subprocess, sys
started = [str(subprocess.Popen(["sleep", "60"]).pid) for _ in range(3)]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
print(*started, flush=True)
os.execv(sys.executable, [sys.executable, "-I", "-S", sys.argv[1], ",".join(started[:2]), started[2]])
"""


@contextmanager
def watched() -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that watches two that serve and one beside them, started as a server does it."""
    words = [sys.executable, "-c", BECOME, str(serving.WATCH)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        started = [int(pid) for pid in process.stdout.readline().split()]
        try:
            yield process, started
        finally:
            for pid in started:
                if there(pid):
                    os.kill(pid, signal.SIGKILL)
            process.kill()


def there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_all(told: signal.Signals) -> None:
    with watched() as (process, started):
        process.send_signal(told)
        assert process.wait(10) == 0
        assert not any(map(there, started))


def test_when_one_that_serves_is_lost_all_stop_and_it_says_so() -> None:
    with watched() as (process, started):
        os.kill(started[1], signal.SIGKILL)
        assert process.wait(10) == 1
        assert not any(map(there, started))
        assert process.stderr and f"process {started[1]}" in process.stderr.read()


def test_it_outlives_what_runs_beside_and_a_terminal_that_hangs_up() -> None:
    with watched() as (process, started):
        process.send_signal(signal.SIGHUP)
        os.kill(started[2], signal.SIGKILL)
        while there(started[2]):
            time.sleep(0.01)
        assert process.poll() is None and there(started[0]) and there(started[1])
        process.terminate()
        assert process.wait(10) == 0
        assert process.stderr and process.stderr.read() == ""


def test_it_holds_next_to_nothing() -> None:
    with watched() as (process, _started):
        resident = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
        assert int(resident) * os.sysconf("SC_PAGE_SIZE") < 20 << 20
