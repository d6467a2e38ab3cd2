"""The entries of a batch or transaction Bundle as interactions (https://hl7.org/fhir/R4/bundle.html#bundle-unique)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.errors import Invalid, Issue, MaslakError, NotSupported, TooLarge
from app.fhir.bundle import answered
from app.fhir.dates import parse
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.rest import negotiation
from app.rest.asked import Answer, Asked, Preference, decoded
from app.rest.outcomes import REASONS, within
from app.rest.performing import perform
from app.rest.routes import BY_NAME, located

MAX_ENTRIES = 5000
_TEXTS = ("ifMatch", "ifNoneMatch", "ifNoneExist", "ifModifiedSince")
_BODILESS = re.compile(r"\$|/_search\b")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def entries_of(bundle: Resource, *, together: bool = True) -> list[Resource]:
    """The entries, each with ``request.method`` and ``request.url``. ``together``: one without its resource refuses
    all; of a batch it is answered by itself.

    Raises TooLarge (413) over MAX_ENTRIES, Invalid (422) naming every entry whose request cannot be used.
    """
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise Invalid("Bundle.entry is a list.", expression="Bundle.entry")
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(f"The Bundle has {len(entries)} entries; at most {MAX_ENTRIES} are taken: send several Bundles.")
    issues = [i for at, entry in enumerate(entries) for i in _problems(entry, f"Bundle.entry[{at}]", together)]
    if issues:
        raise Invalid("Entries of the Bundle cannot be used.", issues=issues)
    return entries


def _problems(entry: Any, place: str, together: bool) -> list[Issue]:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict):
        return [
            Issue("An entry of a batch or transaction has a request {method, url}.", "required", f"{place}.request")
        ]
    found = []
    if request.get("method") not in METHODS:
        found.append(Issue(f"request.method is one of {', '.join(METHODS)}.", "value", f"{place}.request.method"))
    if not isinstance(request.get("url"), str) or not request["url"]:
        found.append(Issue("request.url says what the entry is about.", "required", f"{place}.request.url"))
    bare = "resource" not in entry and not _BODILESS.search(str(request.get("url")))
    if together and bare and request.get("method") in ("POST", "PUT", "PATCH"):
        found.append(Issue(f"A {request['method']} entry carries its resource.", "required", f"{place}.resource"))
    texts = {f"request.{name}": request.get(name) for name in _TEXTS} | {"fullUrl": entry.get("fullUrl")}
    found += [
        Issue(f"{name} is a text.", "structure", f"{place}.{name}")
        for name, value in texts.items()
        if value is not None and not isinstance(value, str)
    ]
    return found


def asked_by(entry: Resource, whole: Asked, written: Preference) -> tuple[str, Asked]:
    """(endpoint, interaction) of an entry; ``written`` is what is preferred of entries that write.

    In a transaction the entries are ``checked`` as ``whole`` is: the Bundle has been validated as one.

    Raises NotFound or NotSupported on an address that is not served, Malformed on an unreadable condition.
    """
    request = entry["request"]
    url = request["url"].removeprefix(whole.base)
    path, _, query = url.partition("?")
    method = "GET" if request["method"] == "HEAD" else request["method"]
    endpoint, parts = located(method, path)
    return endpoint, Asked(
        actor=whole.actor,
        base=whole.base,
        method=method,
        parameters=decoded(query),
        resource=entry.get("resource"),
        if_match=negotiation.version_of(request.get("ifMatch"), "ifMatch"),
        if_none_match=request.get("ifNoneMatch"),
        if_none_exist=request.get("ifNoneExist"),
        if_modified_since=_instant(request.get("ifModifiedSince")),
        prefer=whole.prefer if method == "GET" else written,
        checked=whole.checked,
        settled=whole.settled,
        language=whole.language,
        nested=True,
        **parts,
    )


def _instant(text: Any) -> datetime | None:
    """``request.ifModifiedSince``. Raises Malformed on what is no instant."""
    return parse(text).low if text else None


def run(repo: Repository, endpoint: str, asked: Asked) -> Answer:
    """Do what an entry asks, when the actor may. Raises what the interaction raises."""
    if endpoint == "operation":
        from app.rest.operations import run_operation

        return run_operation(repo, asked)
    row = BY_NAME.get(endpoint)
    if row is None:
        raise NotSupported(f"{asked.method} {endpoint} cannot stand in a Bundle.")
    return perform(repo, row, asked)


def response_entry(answer: Answer, base: str) -> Resource:
    """The entry of the answer Bundle; an OperationOutcome stands in ``response.outcome``."""
    body = answer.body
    outcome = body if isinstance(body, dict) and body.get("resourceType") == "OperationOutcome" else None
    made = answered(
        f"{answer.status} {REASONS.get(answer.status, '')}".strip(),
        None if outcome else body,
        location=f"{base}/{answer.located}" if answer.located else None,
        etag=answer.etag,
        lastModified=answer.last_updated,
        outcome=outcome,
    )
    return {"fullUrl": f"{base}/{answer.reference}"} | made if answer.reference else made


def failing(error: MaslakError, index: int) -> MaslakError:
    """The error of an entry, its paths seen from the Bundle."""
    return within(error, f"Bundle.entry[{index}]")


def ordered(entries: Sequence[tuple[str, Asked]]) -> list[int]:
    """The places of the entries in the order of work: DELETE, POST, PUT and PATCH, GET (http.html#trules)."""
    rank = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3}
    return sorted(range(len(entries)), key=lambda place: rank[entries[place][1].method])


def written_preference(asked: Asked, named: bool) -> Preference:
    """Written resources are sent back only to who names ``Prefer: return=representation``: Bundles can be large."""
    return asked.prefer if named else replace(asked.prefer, returned="minimal")
