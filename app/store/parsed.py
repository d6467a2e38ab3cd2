"""Definitions that have been read, parsed once for a process: what a visit asks for by the dozen.

A stored version never changes (``version`` is append-only), so what was parsed of its number stays true; which version
is current, the store says anew each time. Only what is committed is remembered: numbers of a transaction that is undone
may come again.
"""

from __future__ import annotations

from threading import Lock

from app.fhir.json import loads
from app.fhir.resource import Resource

_MOST = 256
"""So many are remembered; the content of two diseases is a few dozen."""
_LARGEST = 256 * 1024
"""Bytes of JSON: a code system of thousands is parsed when it is asked for."""

Known = tuple[int, int]
"""(number of the stored version, the instant it was stored)."""


class Parsed:
    """A bounded memory of parsed versions. Whoever gets one makes another to change it, as with every resource."""

    def __init__(self) -> None:
        self._found: dict[Known, Resource] = {}
        self._lock = Lock()

    def get(self, known: Known) -> Resource | None:
        """The resource of a version, if remembered."""
        return self._found.get(known)

    def read(self, known: Known, body: bytes, *, remember: bool) -> Resource:
        """The resource of a version, from its bytes."""
        resource = loads(body)
        if remember and len(body) <= _LARGEST:
            with self._lock:
                if len(self._found) >= _MOST:
                    self._found.clear()
                self._found[known] = resource
        return resource

    def forget(self) -> None:
        """Forget all (the tables were emptied)."""
        with self._lock:
            self._found.clear()
