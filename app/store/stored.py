"""What the store hands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from app.errors import Issue
from app.fhir.json import loads
from app.fhir.resource import Resource
from app.store.values import instant, stamp_text

METHODS = {1: "POST", 2: "PUT", 3: "DELETE"}


@dataclass
class Stored:
    """One version as it stands: ``updated`` in microseconds since 1970, ``body`` its JSON, empty for a deletion,
    ``method`` how it came to be.
    """

    type: str
    id: str
    version: int
    updated: int
    body: bytes
    deleted: bool = False
    method: str = "PUT"

    @property
    def reference(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"

    @property
    def last_updated(self) -> datetime:
        """When it was stored, in UTC."""
        return instant(self.updated)

    @property
    def last_updated_text(self) -> str:
        """The same as a FHIR instant."""
        return stamp_text(self.updated)

    @cached_property
    def resource(self) -> Resource:
        """The parsed body."""
        return loads(self.body)


@dataclass(slots=True)
class RawPage:
    """A page of stored bytes. ``next`` is an opaque cursor, to be given back as ``_cursor``; ``issues`` are
    warnings.
    """

    matches: Sequence[Stored]
    included: Sequence[Stored] = ()
    total: int | None = None
    next: str | None = None
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """The same, parsed. ``next`` is the whole query of the page that follows."""

    resources: list[Resource]
    included: list[Resource]
    total: int | None
    next: str | None
    issues: list[Issue] = field(default_factory=list)

    @property
    def cursor(self) -> str | None:
        """The key of the page that follows."""
        return self.next.rpartition("_cursor=")[2] if self.next else None
