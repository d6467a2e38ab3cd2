"""history, of a resource, a type or all: https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from datetime import datetime

from app.errors import Malformed
from app.fhir.dates import Range, parse
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked, encoded
from app.rest.bundles import history_bundle, next_link, resume
from app.rest.search import count_of

_CRITERIA = ("_since", "_at", "_count")
_KNOWN = frozenset({*_CRITERIA, "_format", "_pretty", "_page"})


def history(repo: Repository, asked: Asked) -> Answer:
    """``GET [Type[/id]]/_history``: versions, newest first, stored bytes as they are.

    ``_since`` (made since that instant), ``_at`` (current at some time in that period), ``_count``. Raises NotFound
    (404) for a resource that never was, Malformed (400) on a bad parameter; on an unknown one when strict.
    """
    asked, cursor = resume(asked)
    if asked.prefer.strict and (odd := sorted({name for name, _ in asked.parameters} - _KNOWN)):
        raise Malformed(f"'{odd[0]}' is no parameter of a history.", expression=f"http.{odd[0]}")
    page = repo.history_page(
        "/".join(part for part in (asked.type, asked.id) if part),
        since=_instant(asked, "_since"),
        at=_period(asked, "_at"),
        count=count_of(asked),
        cursor=cursor,
    )
    said = encoded(tuple(pair for pair in asked.parameters if pair[0] in _CRITERIA))
    address = asked.base + _path(asked) + (f"?{said}" if said else "")
    links = {"self": address} | next_link(asked, _path(asked), page.next)
    return Answer(200, history_bundle(page, asked, links))


def _path(asked: Asked) -> str:
    return "/" + "/".join(part for part in (asked.type, asked.id, "_history") if part)


def _instant(asked: Asked, name: str) -> datetime | None:
    found = _period(asked, name)
    return found.low if found else None


def _period(asked: Asked, name: str) -> Range | None:
    text = asked.first(name)
    if text is None:
        return None
    try:
        return parse(text.replace(" ", "+"))
    except Malformed as error:
        raise Malformed(f"{name}: {error.message}", expression=f"http.{name}") from None
