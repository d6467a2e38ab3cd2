"""What a server does in processes of their own: it goes with them, and stops nobody."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app import serving

pytestmark = pytest.mark.skipif(not serving.forks(), reason="processes are begun anew here, not forked")


def test_what_is_done_in_passing_is_done_when_it_returns_and_leaves_nothing_in_memory(tmp_path: Path) -> None:
    kept: list[bytes] = []

    def act() -> None:
        kept.append(bytes(1000))
        (tmp_path / "done").write_text("done")

    serving.in_passing(act)
    assert (tmp_path / "done").read_text() == "done"
    assert kept == []


def test_what_fails_in_passing_is_told_and_stops_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    def act() -> None:
        raise OSError("no disk")

    handler = logging.StreamHandler()
    serving.log.addHandler(handler)
    try:
        serving.in_passing(act)
    finally:
        serving.log.removeHandler(handler)
    assert "OSError: no disk" in capfd.readouterr().err


def test_a_preparation_that_fails_ends_the_command() -> None:
    def act() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        serving.apart(act)
    serving.apart(lambda: None)
