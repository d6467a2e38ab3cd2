"""The Repository as use cases know it: a Protocol, so that they need nothing of the store.

It is handed out by ``app.store.work(actor)`` and lives as long as that transaction. All methods check the actor's scope
over patient data (raising Forbidden with ``details["patient"]``) and collect what was touched for the audit.
Resources are plain dicts that no method changes. Writes expect resources that have passed validation at the door; they
are kept back and written together before the next query or at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from app.access.actor import Actor
from app.errors import Issue
from app.fhir.dates import Range
from app.fhir.resource import Resource


class StoredVersion(Protocol):
    """One version as it stands: ``body`` is its JSON (b"" for a deletion), ``method`` POST, PUT or DELETE."""

    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def last_updated(self) -> datetime: ...
    @property
    def deleted(self) -> bool: ...
    @property
    def body(self) -> bytes: ...
    @property
    def method(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def resource(self) -> Resource: ...


class RawPage(Protocol):
    """A page of stored bytes; ``next`` is an opaque cursor, given back as ``_cursor=``; ``issues`` are warnings."""

    @property
    def matches(self) -> Sequence[StoredVersion]: ...
    @property
    def included(self) -> Sequence[StoredVersion]: ...
    @property
    def total(self) -> int | None: ...
    @property
    def next(self) -> str | None: ...
    @property
    def issues(self) -> Sequence[Issue]: ...


class Page(Protocol):
    """A page of parsed resources; ``next`` is the whole query of the page that follows."""

    @property
    def resources(self) -> list[Resource]: ...
    @property
    def included(self) -> list[Resource]: ...
    @property
    def total(self) -> int | None: ...
    @property
    def next(self) -> str | None: ...
    @property
    def cursor(self) -> str | None:
        """The key of the page that follows, for ``_cursor``; None on the last page."""
        ...


class DirectoryRow(Protocol):
    """As much of a person as tells them apart; ``visible``: the actor may open the record."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def other_name(self) -> str: ...
    @property
    def birth_year(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def establishment(self) -> str | None: ...
    @property
    def visible(self) -> bool: ...


class Repository(Protocol):
    """All resources, for one actor, within one transaction."""

    actor: Actor
    now: datetime
    """The instant of this transaction, aware, in UTC, to the millisecond; ``meta.lastUpdated`` of what it writes."""

    @property
    def today(self) -> date:
        """The same as a day of Africa/Casablanca."""

    def new_id(self) -> str:
        """A fresh id for a resource that others of the same transaction refer to before it is created."""

    def read(self, reference: str) -> Resource:
        """``Type/id`` or ``Type/id/_history/3``. Raises NotFound, Gone, Forbidden."""

    def find(self, reference: str) -> Resource | None:
        """The same, None where it is not there (any more)."""

    def standing(self, references: Iterable[str]) -> set[str]:
        """Those of the references (``Type/id``) that are there, in one query; nobody deletes them before the commit."""

    def read_many(self, references: Iterable[str]) -> dict[str, Resource]:
        """Those that are there, by reference, in the order asked, in one query for each type."""

    def raw(self, type: str, id: str, version: int | None = None) -> StoredVersion:
        """Stored bytes, unparsed; a deletion comes back with ``deleted``. Raises NotFound, Forbidden."""

    def peek(self, type: str, id: str) -> StoredVersion | None:
        """The same without a row in the audit, for preconditions; None where it never was."""

    def record_of(self, patient_id: str, types: Iterable[str] | None = None) -> list[Resource]:
        """All current resources of a patient's record and the Patient, in one query. Raises NotFound, Forbidden."""

    def latest(self, type: str, patient_ids: Iterable[str], code: str) -> dict[str, Resource]:
        """Patient id -> its newest resource with ``system|code``, in one query; those out of scope are left out."""

    def recent(self, type: str, patient_ids: Iterable[str], code: str, count: int = 2) -> dict[str, list[Resource]]:
        """The same with the newest few of each patient, newest first."""

    def canonical(self, reference: str) -> Resource:
        """``url|version``, or for ``url`` alone the latest active business version by semver. Raises NotFound."""

    def meta_of(self, type: str | None) -> Resource:
        """The profiles, tags and security labels in use in a type (None: in all), each once, as a Meta."""

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Resource:
        """The resource with id and meta; an id that it carries is kept. Raises Conflict where that id is taken.

        ``if_none_exist`` (criteria such as ``identifier=system|value``): what exists already is given back instead;
        of any number of transactions that ask at once, one creates. Raises PreconditionFailed when several match.
        """

    def update(self, resource: Resource, *, if_match: int | None = None) -> Resource:
        """The next version (or the first: upsert); identical content makes none. Raises PreconditionFailed,
        Forbidden.
        """

    def delete(self, reference: str) -> None:
        """Raises NotFound; and at the end of the transaction Conflict while others refer to it."""

    def import_many(self, resources: Iterable[Resource]) -> int:
        """Create or update many, with memory for a few hundred at a time; how many they were."""

    def page(self, query: str, *, strict: bool = False) -> RawPage:
        """``Type?…`` or ``?_type=A,B&…`` as stored bytes. Raises Malformed with one issue for each thing wrong.

        A parameter that the type does not have is wrong when ``strict``, otherwise a warning in ``issues``.
        """

    def search(self, query: str) -> Page:
        """The same, parsed, strict."""

    def search_all(self, query: str) -> Iterator[Resource]:
        """Every match, read page by page (by key: stable under writes)."""

    def first(self, query: str) -> Resource | None:
        """The first match."""

    def count(self, query: str) -> int:
        """How many match."""

    def count_by(self, query: str, code: str) -> dict[str, int]:
        """How many match for each ``Type/id`` that they refer to by the reference parameter ``code``, in one query."""

    def matching(self, query: str) -> list[str]:
        """``Type/id`` of at most two matches, for conditional interactions.

        In a transaction that writes, the condition is held until the commit: nobody else decides on it meanwhile.
        """

    def search_directory(self, query: str) -> Sequence[DirectoryRow]:
        """People of the whole country by identifier, ``phone-key``, ``name-key`` …, without opening their records."""

    def history_page(
        self,
        of: str = "",
        *,
        since: datetime | None = None,
        at: Range | None = None,
        count: int = 50,
        cursor: str | None = None,
    ) -> RawPage:
        """Versions, newest first, of everything, ``Type`` or ``Type/id``; deletions have an empty body."""

    def history(self, of: str, *, count: int = 50) -> list[Any]:
        """The newest versions of ``Type/id``, as StoredVersions."""

    def enqueue(self, topic: str, payload: dict[str, Any]) -> None:
        """A job for after the commit, stored with it."""

    def waiting(self, topic: str) -> list[dict[str, Any]]:
        """The payloads of the jobs of a topic that are not done yet."""
