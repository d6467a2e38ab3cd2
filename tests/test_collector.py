"""The collector of a server process: what a request leaves behind is gone before the next one comes."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import collector
from app.collector import ENOUGH, Between


class Page:
    """What one request makes: it holds itself, so that only the collector can free it."""

    def __init__(self, size: int):
        self.itself = self
        self.parts: list[dict[str, Any]] = [{"part": {}} for _ in range(size)]


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    gc.collect()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(("size", "gone"), [(ENOUGH, True), (10, False)])
def test_what_a_large_page_leaves_is_collected_after_it_and_a_small_one_costs_nothing(size: int, gone: bool) -> None:
    made: list[weakref.ref[Page]] = []

    def page(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        made.append(weakref.ref(Page(size)))
        return [b"answer"]

    assert Between(page)({}, None) == [b"answer"]
    assert (made[0]() is None) is gone


def test_it_is_collected_after_a_failure_too() -> None:
    made: list[weakref.ref[Page]] = []

    def page(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        kept = Page(ENOUGH)
        made.append(weakref.ref(kept))
        del kept
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        Between(page)({}, None)
    assert made[0]() is None


def test_what_large_requests_held_is_given_back_once_none_come(monkeypatch: pytest.MonkeyPatch) -> None:
    given, clock = [], [0.0]
    monkeypatch.setattr(collector, "give_back", lambda: given.append(clock[0]))
    monkeypatch.setattr(collector, "monotonic", lambda: clock[0])
    sizes = iter([10, ENOUGH, ENOUGH, 10, 10, 10, 10])

    def page(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        Page(next(sizes))
        return [b"answer"]

    between = Between(page)
    for moment in (11, 12, 25, 26, 27, 40, 90):
        clock[0] = float(moment)
        between({}, None)
    assert given == [26.0], "after the large ones, once, not before and not again"


@pytest.mark.skipif(collector._trim is None, reason="not the C library of GNU")
def test_free_memory_goes_back_to_the_system() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1])

    pieces = [bytes(5000) for _ in range(20_000)]
    last = bytes(5000)
    held = resident()
    del pieces
    collector.give_back()
    assert held - resident() > 10_000, "of 100 MB in pages of 4 KB"
    assert len(last) == 5000
