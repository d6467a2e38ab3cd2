"""What is asked and what is answered, without HTTP: the same interactions serve requests and Bundle entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from app.access.actor import Actor
from app.errors import Malformed
from app.fhir.json import dumps
from app.fhir.outcome import informed
from app.fhir.resource import Resource
from app.store.search.request import pairs_of

Parameters = tuple[tuple[str, str], ...]
_READABLE = ":|,/$*"
_PLAIN = re.compile(r"[A-Za-z0-9_.~:|,/$*-]*", re.ASCII).fullmatch
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.~:|,/$*=&-]*", re.ASCII).fullmatch
_MOST_PARAMETERS = 500


@dataclass(frozen=True, slots=True)
class Preference:
    """The ``Prefer`` header (https://hl7.org/fhir/R4/http.html#ops): what to send back, and what to do with the
    unknown.
    """

    returned: str = "representation"
    strict: bool = False


@dataclass(slots=True, eq=False)
class Asked:
    """One interaction: ``type``, ``id``, ``version``, ``operation`` as they stand in the address.

    It is never changed but by making another (``at``); ``frozen`` would set each of its fields by a call.

    ``parameters`` are those of the query and of a form body, decoded, in order. ``resource`` is the body, parsed but
    not validated; ``checked`` says that it has been validated already, as part of its Bundle, ``settled`` that its
    references are judged with those of the Bundle. ``if_match`` is a version, or ``*`` for any that is there.
    """

    actor: Actor
    base: str
    method: str = "GET"
    type: str | None = None
    id: str | None = None
    version: str | None = None
    operation: str | None = None
    within: str | None = None
    """The compartment's type, in ``Patient/1/Observation``."""
    parameters: Parameters = ()
    resource: Any = None
    content_type: str = "application/fhir+json"
    checked: bool = False
    settled: bool = False
    if_match: int | Literal["*"] | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    if_none_exist: str | None = None
    prefer: Preference = Preference()
    language: str = "en"
    headers: Any = field(default_factory=dict)
    within_scopes: tuple[str, ...] = ()
    """Queries of which a search's matches must meet one; they stand in no link."""
    nested: bool = False
    """Whether this is an entry of a Bundle."""

    def first(self, name: str) -> str | None:
        """The first value of a parameter."""
        for key, value in self.parameters:
            if key == name:
                return value
        return None

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def without(self, *names: str) -> Parameters:
        """The parameters but for these."""
        return tuple([pair for pair in self.parameters if pair[0] not in names])

    def at(self, **changes: Any) -> Asked:
        """The same with some parts changed."""
        return replace(self, **changes)

    @property
    def reference(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"


@dataclass(slots=True, eq=False)
class Answer:
    """What goes back, never changed but by making another. ``body`` is JSON bytes that are served as they are, a
    resource, or nothing.
    """

    status: int = 200
    body: bytes | Resource | None = None
    reference: str | None = None
    """``Type/id`` of the resource concerned; with ``version`` it makes ETag and Location."""
    version: str | None = None
    last_updated: str | None = None
    """A FHIR instant."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str | None:
        """The weak ETag, whose value is the version (https://hl7.org/fhir/R4/http.html#versioning)."""
        return f'W/"{self.version}"' if self.version is not None else None

    @property
    def located(self) -> str | None:
        """``Type/id/_history/version``, as a creation or an update says where it is."""
        return f"{self.reference}/_history/{self.version}" if self.reference and self.version is not None else None


def of_stored(stored: Any, status: int = 200) -> Answer:
    """The answer that serves stored bytes as they are."""
    reference = f"{stored.type}/{stored.id}"
    return Answer(status, stored.body, reference, str(stored.version), stored.last_updated_text)


def of_written(resource: Resource, asked: Asked, status: int) -> Answer:
    """The answer to a create, update or patch: the resource with its new ``meta``, or less where less is preferred."""
    meta = resource["meta"]
    body: bytes | Resource | None = None
    if asked.prefer.returned == "representation":
        body = dumps(resource)
    elif asked.prefer.returned == "OperationOutcome":
        done = "created" if status == 201 else "updated"
        body = informed(f"{resource['resourceType']}/{resource['id']} was {done}: version {meta['versionId']}.")
    return Answer(
        status, body, f"{resource['resourceType']}/{resource['id']}", meta["versionId"], meta.get("lastUpdated")
    )


def decoded(query: str) -> Parameters:
    """The parameters of a query text, in order. Raises Malformed where the escapes are not UTF-8."""
    if not query:
        return ()
    found = tuple(pairs_of(query, _MOST_PARAMETERS))
    if "\x00" in query or "%00" in query:
        raise Malformed("The query holds the character U+0000, which no text of FHIR has.")
    return found


def encoded(parameters: Parameters) -> str:
    """The query text of parameters; what FHIR writes often (``:|,/$``) stays readable."""
    plain = "&".join([f"{name}={value}" for name, value in parameters])
    if _PLAIN_QUERY(plain) and plain.count("=") == len(parameters) == plain.count("&") + 1:
        return plain
    return "&".join([f"{_escaped(name)}={_escaped(value)}" for name, value in parameters])


def _escaped(text: str) -> str:
    return text if _PLAIN(text) else quote(text, safe=_READABLE)
