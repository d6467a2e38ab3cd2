"""Bundles (https://hl7.org/fhir/R4/bundle.html), built from plain resources or from stored bytes that stay unread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.fhir.json import raw
from app.fhir.resource import Resource, reference

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


def entry(resource: Resource | bytes | None = None, full_url: str | None = None, **parts: Any) -> Resource:
    """One entry; stored bytes stand in it as they are. ``parts``: search, request, response, link (None: absent)."""
    made: Resource = {"fullUrl": full_url} if full_url else {}
    if resource is not None:
        made["resource"] = raw(resource) if isinstance(resource, bytes) else resource
    return made | {name: part for name, part in parts.items() if part is not None}


def searchset(
    matches: Iterable[Resource], *, total: int | None = None, links: Mapping[str, str] | None = None
) -> Resource:
    """A searchset of entries made by ``found``; ``links`` maps self, next, previous ... to addresses."""
    return _bundle("searchset", matches, total, links)


def found(resource: Resource | bytes, full_url: str | None = None, mode: str = "match") -> Resource:
    """One entry of a searchset; ``mode`` is match, include or outcome."""
    return entry(resource, full_url, search={"mode": mode})


def history(
    versions: Iterable[Resource], *, total: int | None = None, links: Mapping[str, str] | None = None
) -> Resource:
    """A history of entries that carry their ``request`` and ``response``."""
    return _bundle("history", versions, total, links)


def collection(resources: Iterable[Resource | bytes], **about: Any) -> Resource:
    """A collection; ``about`` adds id, identifier, timestamp ... of the Bundle itself."""
    return _bundle("collection", [entry(resource) for resource in resources]) | about


def document(composition: Resource, resources: Iterable[Resource], base: str, **about: Any) -> Resource:
    """A document: the Composition first; ``about`` brings identifier and timestamp, which documents must have.

    The full urls stand below ``base``, so that the ``Type/id`` references among the entries are found by them
    (https://hl7.org/fhir/R4/bundle.html#references).
    """
    entries = [entry(resource, f"{base}/{reference(resource)}") for resource in (composition, *resources)]
    return about | _bundle("document", entries)


def transaction(requests: Iterable[Resource]) -> Resource:
    """A transaction of ``create``, ``update`` and ``remove`` entries: all or nothing."""
    return _bundle("transaction", requests)


def batch(requests: Iterable[Resource]) -> Resource:
    """A batch: each entry by itself."""
    return _bundle("batch", requests)


def create(resource: Resource, full_url: str | None = None, if_none_exist: str | None = None) -> Resource:
    """A POST entry; others of the same Bundle name it by its ``urn:uuid:`` full url."""
    request = {"method": "POST", "url": resource["resourceType"]}
    return entry(resource, full_url, request=request | ({"ifNoneExist": if_none_exist} if if_none_exist else {}))


def update(resource: Resource, if_match: str | None = None, full_url: str | None = None) -> Resource:
    """A PUT entry."""
    request = {"method": "PUT", "url": reference(resource)}
    return entry(resource, full_url, request=request | ({"ifMatch": if_match} if if_match else {}))


def remove(target: str) -> Resource:
    """A DELETE entry of ``Type/id``."""
    return entry(request={"method": "DELETE", "url": target})


def transaction_response(entries: Iterable[Resource]) -> Resource:
    """The answer to a transaction, entries in the order of the request."""
    return _bundle("transaction-response", entries)


def batch_response(entries: Iterable[Resource]) -> Resource:
    """The answer to a batch, entries in the order of the request."""
    return _bundle("batch-response", entries)


def answered(status: str, resource: Resource | bytes | None = None, **response: Any) -> Resource:
    """One entry of an answer: ``status`` such as ``201 Created``; location, etag, lastModified, outcome where given."""
    given = {name: part for name, part in response.items() if part is not None}
    return entry(resource, response={"status": status} | given)


def in_order(entries: Sequence[Resource]) -> list[tuple[int, Resource]]:
    """(place in the request, entry) in the order of work: DELETE, POST, PUT and PATCH, GET.

    https://hl7.org/fhir/R4/http.html#trules: the result does not depend on the order in which entries stand.
    """
    return sorted(enumerate(entries), key=lambda numbered: _ORDER.get(numbered[1]["request"]["method"], 4))


def resources(bundle: Mapping[str, Any], type: str | None = None) -> Iterator[Resource]:
    """The resources in a Bundle, those of one type where named."""
    for one in bundle.get("entry", ()):
        resource = one.get("resource")
        if resource is not None and (type is None or resource["resourceType"] == type):
            yield resource


def _bundle(
    type: str, entries: Iterable[Resource], total: int | None = None, links: Mapping[str, str] | None = None
) -> Resource:
    made: Resource = {"resourceType": "Bundle", "type": type}
    if total is not None:
        made["total"] = total
    if links:
        made["link"] = [{"relation": relation, "url": url} for relation, url in links.items()]
    listed = list(entries)
    return made | ({"entry": listed} if listed else {})
