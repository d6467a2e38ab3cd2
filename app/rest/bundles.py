"""Searchset and history Bundles, joined from stored bytes that are not read again; paging links that say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from app.errors import Malformed
from app.fhir.json import dumps
from app.fhir.resource import Resource
from app.rest.asked import Asked, decoded, encoded
from app.rest.outcomes import REASONS
from app.rest.summary import Part, subset
from app.store.search.found import Found


def searchset(page: Any, asked: Asked, links: Mapping[str, str], part: Part | None, notes: Resource | None) -> bytes:
    """A searchset of the page's ``matches`` and ``included``, and an OperationOutcome entry of what was left out."""
    entries = _found(asked.base, page.matches, b"match", part)
    if page.included:
        entries += _found(asked.base, page.included, b"include", part)
    if notes:
        entries.append(b'{"resource":%b,"search":{"mode":"outcome"}}' % dumps(notes))
    return _bundle(b"searchset", page.total, links, entries)


def history_bundle(page: Any, asked: Asked, links: Mapping[str, str]) -> bytes:
    """A history of versions, each with the request that made it and its answer."""
    return _bundle(b"history", page.total, links, [_version(asked.base, stored) for stored in page.matches])


def _found(base: str, page: Sequence[Any], mode: bytes, part: Part | None) -> list[bytes]:
    named = page.named() if isinstance(page, Found) else [(f"{one.type}/{one.id}", one.body) for one in page]
    if part is not None:
        named = [(name, dumps(subset(body, part))) for name, body in named]
    first, last = b'{"fullUrl":"%b/' % base.encode(), b',"search":{"mode":"%b"}}' % mode
    return [b'%b%b","resource":%b%b' % (first, _place(name), body, last) for name, body in named]


def _place(name: str) -> bytes:
    return (name if "/#" not in name else name.partition("/#")[2]).encode()  # Type/id#local of contained ones


def _version(base: str, stored: Any) -> bytes:
    reference = f"{stored.type}/{stored.id}"
    method = stored.method
    status = {"POST": 201, "DELETE": 204}.get(method, 201 if stored.version == 1 else 200)
    about = {
        "request": {"method": method, "url": stored.type if method == "POST" else reference},
        "response": {
            "status": f"{status} {REASONS[status]}",
            "etag": f'W/"{stored.version}"',
            "lastModified": stored.last_updated_text,
        },
    }
    resource = b"" if stored.deleted else b'"resource":%b,' % stored.body
    return b'{"fullUrl":"%b",%b%b' % (f"{base}/{reference}".encode(), resource, dumps(about)[1:])


def _bundle(type: bytes, total: int | None, links: Mapping[str, str], entries: Iterable[bytes]) -> bytes:
    listed = [{"relation": relation, "url": url} for relation, url in links.items()]
    counted = b"" if total is None else b'"total":%d,' % total
    joined = b",".join(entries)
    head = b'{"resourceType":"Bundle","type":"%b",%b"link":%b' % (type, counted, dumps(listed))
    return head + (b',"entry":[%b]}' % joined if joined else b"}")


def next_link(asked: Asked, path: str, cursor: str | None) -> dict[str, str]:
    """The link to the next page: a sealed word, so that no patient data stands in an address, POST searches
    included.
    """
    if cursor is None:
        return {}
    return {"next": f"{asked.base}{path}?_page={sealed(path, encoded(asked.parameters), cursor)}"}


def resume(asked: Asked, path: str | None = None) -> tuple[Asked, str | None]:
    """The request that a page link continues, and its cursor; the request itself where it starts one.

    Raises Malformed (400) on a word that this server did not make, or made for another address.
    """
    token = asked.first("_page")
    if token is None:
        return asked, None
    query, cursor = unsealed(token, path)
    return asked.at(parameters=decoded(query)), cursor


def sealed(path: str, query: str, cursor: str) -> str:
    """What a page link says, as one word that only this server makes."""
    return str(_seal().dumps([path, query, cursor]))


def unsealed(token: str, path: str | None) -> tuple[str, str]:
    """(query, cursor) of such a word. Raises Malformed (400) as ``resume`` does."""
    try:
        made_for, query, cursor = _seal().loads(token)
    except (BadData, ValueError):
        said = "_page is not a page of this server: follow the next link as it is, or search anew."
        raise Malformed(said, expression="http._page") from None
    if path is not None and made_for != path:
        raise Malformed("_page belongs to another address: follow the next link as it is.", expression="http._page")
    return query, cursor


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key or "unsealed"), salt="fhir-page")
