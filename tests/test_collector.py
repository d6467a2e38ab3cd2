"""The collector of a server process: what a request leaves behind is gone before the next one comes."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

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
