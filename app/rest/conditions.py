"""Conditional interactions (https://hl7.org/fhir/R4/http.html#cond-update): criteria resolved within the
transaction.
"""

from __future__ import annotations

from app.errors import Malformed, MaslakError, PreconditionFailed
from app.fhir.repository import Repository
from app.rest.asked import Asked, decoded, encoded
from app.rest.reach import criteria_reached

IF_MATCH, IF_NONE_EXIST = "http.If-Match", "http.If-None-Exist"
_RESULT = frozenset(
    {"_format", "_pretty", "_summary", "_elements", "_count", "_sort", "_include", "_revinclude", "_total"}
)


def match(repo: Repository, type: str, criteria: str, place: str | None = None) -> str | None:
    """The one resource (``Type/id``) that meets the criteria; None where none does.

    ``criteria`` is a query text, with or without ``Type?`` before it; ``place`` says where it stands, when that is not
    the address. Raises PreconditionFailed (412) when several meet it, Malformed (400) on an unknown parameter.
    """
    try:
        return _met(repo, type, criteria)
    except MaslakError as error:
        if place is None:
            raise
        raise error.placed(lambda _: place) from None  # what is wrong with the criteria stands there


def _met(repo: Repository, type: str, criteria: str) -> str | None:
    text = criteria.removeprefix(type).lstrip("?")
    given = decoded(text)
    if any(name == "_contained" and value != "false" for name, value in given):
        raise Malformed("_contained: a condition is on what stands by itself.", expression="http._contained")
    criteria_reached(repo.actor, type, given)
    asked = tuple(pair for pair in given if pair[0] not in _RESULT)
    if not asked:
        raise Malformed("'{criteria}' holds no criteria: write for example identifier=system|value.", criteria=text)
    found = repo.matching(f"{type}?{encoded(asked)}")
    if len(found) > 1:
        raise PreconditionFailed(
            "Several {type} resources meet '{criteria}': add criteria, such as an identifier, that only one meets.",
            expression="http.url",
            type=type,
            criteria=text,
        )
    return found[0] if found else None


def same(type: str, criteria: str) -> str:
    """Criteria in one spelling: two that ask the same are the same text, however escaped and in whatever order."""
    return encoded(tuple(sorted(decoded(criteria.removeprefix(type).lstrip("?")))))


def demanded(repo: Repository, asked: Asked, reference: str, present: int | None) -> int | None:
    """The version that ``If-Match`` lets a write replace; None where any will do.

    ``present`` is the version that is there. Raises PreconditionFailed (412) on a version that is not, and on ``*``
    where there is none (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1).
    """
    if asked.if_match is None:
        return None
    if asked.if_match == "*":
        if present is None or reference not in repo.standing([reference]):  # which nobody deletes from here on
            raise PreconditionFailed(
                "If-Match: * asks for what is there, but {reference} is not.", expression=IF_MATCH, reference=reference
            )
        return None
    if asked.if_match != present:
        at = "not there" if present is None else f"version {present}"
        raise PreconditionFailed(
            f"If-Match names version {asked.if_match}, but {reference} is {at}.", expression=IF_MATCH
        )
    return asked.if_match


def criteria(asked: Asked) -> str:
    """The criteria of a conditional update, patch or delete. Raises Malformed (400) where there are none."""
    kept = tuple(pair for pair in asked.parameters if pair[0] not in _RESULT)
    if not kept:
        raise Malformed(
            "{method} {type} needs an id ({type}/id) or criteria ({type}?identifier=system|value).",
            expression="http.url",
            method=asked.method,
            type=asked.type,
        )
    return encoded(kept)
