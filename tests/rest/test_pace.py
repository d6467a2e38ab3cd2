"""One bucket for a client, whichever worker of the server it meets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import TooMany
from app.rest import pace

ROOT = Path(__file__).resolve().parents[2]
WORKERS = """
import os
from app.errors import TooMany
from app.rest import pace

for worker in range(4):
    if os.fork() == 0:
        let, wait = 0, 0
        for _ in range(50):
            try:
                pace.take("client:ehr", 6, 40)
                let += 1
            except TooMany as error:
                wait = error.details["retry_after"]
        os.write(1, f"{let} {wait}\\n".encode())
        os._exit(0)
for worker in range(4):
    os.wait()
try:
    pace.take("client:ehr", 6, 40)
except TooMany as error:
    print("0", error.details["retry_after"])
"""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    pace.forget()


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux")
def test_all_workers_take_out_of_one_bucket() -> None:
    done = subprocess.run([sys.executable, "-c", WORKERS], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.split("\n") if line]
    assert sum(int(let) for let, _ in lines) == 40, done.stdout
    assert len(lines) == 5 and {wait for _, wait in lines[-1:]} == {"10"}, done.stdout


def test_a_bucket_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = 1000.0
    monkeypatch.setattr(pace, "monotonic", lambda: instant)
    for _ in range(10):
        pace.take("client:a", 60)
    with pytest.raises(TooMany) as refused:
        pace.take("client:a", 60)
    assert refused.value.details["retry_after"] == 1
    pace.take("client:b", 60)
    instant += 3
    for _ in range(3):
        pace.take("client:a", 60)
    with pytest.raises(TooMany):
        pace.take("client:a", 60)


def test_more_clients_than_buckets_let_the_busy_one_keep_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = 1000.0
    monkeypatch.setattr(pace, "monotonic", lambda: instant)
    for other in range(pace.SLOTS * 2):
        instant += 0.001
        pace.take(f"client:{other}", 60, 1)
        if other % 100 == 0:
            with pytest.raises(TooMany):
                for _ in range(3):
                    pace.take("client:busy", 1, 2)
