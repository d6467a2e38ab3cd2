"""The FHIR operations of publishing, by their CRMI names (http://hl7.org/fhir/uv/crmi/artifact-operations.html).

They stand on Library: a set moves as a whole. ``$package``, ``$artifact-diff`` and ``$data-requirements`` also stand on
PlanDefinition and the other artefacts. Each is another way to call the verb that the pages call.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from app.errors import Conflict, Invalid, Malformed
from app.feature import Operation
from app.fhir.repository import Repository
from app.fhir.resource import Resource, reference
from app.rest.operations import OperationRequest
from protocols import drafting, lifecycle, publishing
from protocols.packaging import data_requirements, difference, package

CRMI = "http://hl7.org/fhir/uv/crmi/OperationDefinition/crmi-"
ARTEFACTS = lifecycle.PUBLISHED_TYPES


def draft(repo: Repository, request: OperationRequest) -> Resource:
    """``$draft``: parameter ``version`` (semver). The new Library comes back within a transaction-response Bundle."""
    made = drafting.draft(repo, _set(repo, request), request.value("version"))
    return _moved(repo, made)


def submit(repo: Repository, request: OperationRequest) -> Resource:
    """``$submit`` (ours): hand a draft in for review; parameter ``comment``."""
    return _moved(
        repo, publishing.submit(repo, _set(repo, request), comment=request.value("comment", ""), seen=_seen(request))
    )


def review(repo: Repository, request: OperationRequest) -> Resource:
    """``$review``: send a version in review back to its authors with ``artifactAssessmentSummary`` (or ``comment``)."""
    comment = request.value("artifactAssessmentSummary") or request.value("comment", "")
    return _moved(repo, publishing.send_back(repo, _set(repo, request), comment=comment, seen=_seen(request)))


def approve(repo: Repository, request: OperationRequest) -> Resource:
    """``$approve``; the day of approval is the server's. ``translationHolds`` (ours, repeated) names a translation left
    behind that was read again and still holds, as the refusal named it."""
    comment = request.value("artifactAssessmentSummary") or request.value("comment", "")
    target, holds = _set(repo, request), _holds(request)
    return _moved(repo, publishing.approve(repo, target, comment=comment, holds=holds, seen=_seen(request)))


def release(repo: Repository, request: OperationRequest) -> Resource:
    """``$release``: ``effective`` (date, ours) plans a later day; ``releaseVersion`` must be the version's own;
    ``translationHolds`` as in ``$approve``."""
    library = repo.read(_set(repo, request))
    if request.value("releaseVersion", library["version"]) != library["version"]:
        raise Conflict("the number of a version does not change: draft a new version")
    from protocols.views.release import checks

    done = publishing.release(
        repo,
        reference(library),
        effective=_day(request, "effective"),
        checks=checks(),
        holds=_holds(request),
        seen=_seen(request),
    )
    return _moved(repo, done)


def retire(repo: Repository, request: OperationRequest) -> Resource:
    """``$retire`` without a successor."""
    comment = request.value("comment", "")
    return _moved(repo, publishing.retire(repo, _set(repo, request), comment=comment, seen=_seen(request)))


def withdraw(repo: Repository, request: OperationRequest) -> Resource:
    """``$withdraw`` a draft: what was deleted comes back as a Bundle of entries without resources."""
    target = _set(repo, request)
    entries = _entries(repo, repo.read(target))
    publishing.withdraw(repo, target, seen=_seen(request))
    gone = [{"fullUrl": one["fullUrl"], "response": {"status": "204"}} for one in entries]
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": gone}


def packaged(repo: Repository, request: OperationRequest) -> Resource:
    """``$package``: the artefact and all that it is composed of or calls, as a collection Bundle; ``capability``,
    ``count`` and ``offset`` page it."""
    found = package(repo, _artefact(repo, request))
    offset, count = request.whole("offset", 0) or 0, request.whole("count")
    shown = found[offset : None if count is None else offset + count]
    entries = [{"fullUrl": f"{request.base}/{reference(one)}", "resource": one} for one in shown]
    return (
        {"resourceType": "Bundle", "type": "collection", "total": len(found), "entry": entries}
        if entries
        else {
            "resourceType": "Bundle",
            "type": "collection",
            "total": len(found),
        }
    )


def artifact_diff(repo: Repository, request: OperationRequest) -> Resource:
    """``$artifact-diff``: ``source`` and ``target`` (references or canonicals) → Parameters as ``$diff`` gives them."""
    source, target = (_named(repo, str(request.required(name))) for name in ("source", "target"))
    if source["resourceType"] != target["resourceType"]:
        raise Invalid("two artefacts of different types cannot be compared")
    return difference(source, target)


def requirements(repo: Repository, request: OperationRequest) -> Resource:
    """``$data-requirements``: a module-definition Library with what the rules ask of a record."""
    return data_requirements(_artefact(repo, request), package(repo, _artefact(repo, request)))


def _set(repo: Repository, request: OperationRequest) -> str:
    """The Library that is meant: of the address, or by the parameters ``id`` or ``url`` with ``version``."""
    if request.reference:
        return request.reference
    if (found := request.value("id")) is not None:
        return f"Library/{found}"
    url, version = str(request.required("url")), request.value("version")
    return reference(repo.canonical(f"{url}|{version}" if version else url))


def _artefact(repo: Repository, request: OperationRequest) -> Resource:
    if request.reference:
        return repo.read(request.reference)
    if (found := request.value("id")) is not None:
        return repo.read(f"{request.type}/{found}")
    version = request.value("canonicalVersion") or request.value("version")
    url = str(request.required("url"))
    return repo.canonical(f"{url}|{version}" if version else url)


def _named(repo: Repository, name: str) -> Resource:
    return repo.canonical(name) if name.startswith("http") and "|" in name else repo.read(_relative(name))


def _relative(name: str) -> str:
    return "/".join(name.split("/")[-2:]) if name.startswith("http") else name


def _holds(request: OperationRequest) -> list[str]:
    return [str(value) for value in request.values("translationHolds")]


def _seen(request: OperationRequest) -> int | None:
    """The version of ``If-Match``, where the client sends one."""
    tag = next((value for name, value in request.headers.items() if name.lower() == "if-match"), None)
    if tag is None:
        return None
    digits = tag.removeprefix("W/").strip('"')
    if not digits.isdigit():
        raise Malformed('If-Match is a version such as W/"3".')
    return int(digits)


def _day(request: OperationRequest, name: str) -> date | None:
    value = request.value(name)
    try:
        return None if value is None else date.fromisoformat(str(value))
    except ValueError as error:
        raise Malformed(f"The parameter '{name}' is a date such as 2026-11-21.") from error


def _moved(repo: Repository, library: Resource) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": _entries(repo, library)}


def _entries(repo: Repository, library: Resource) -> list[dict[str, Any]]:
    from protocols.collection import parts

    return [
        {
            "fullUrl": one["url"],
            "resource": one,
            "response": {"status": "200", "etag": f'W/"{one["meta"]["versionId"]}"'},
        }
        for one in [library, *parts(repo, library)]
    ]


def _move(code: str, run: Any, grant: str, *, type_level: bool = False, crmi: bool = True) -> Operation:
    definition = f"{CRMI}{code}" if crmi else None
    return Operation(code, run, grant, ("Library",), type_level=type_level, affects_state=True, definition=definition)


OPERATIONS = (
    _move("draft", draft, "protocol:write"),
    _move("submit", submit, "protocol:write", crmi=False),
    _move("review", review, "protocol:review"),
    _move("approve", approve, "protocol:approve"),
    _move("release", release, "protocol:release"),
    _move("retire", retire, "protocol:retire"),
    _move("withdraw", withdraw, "protocol:write"),
    Operation("package", packaged, "protocol:read", ARTEFACTS, definition=f"{CRMI}package"),
    Operation("artifact-diff", artifact_diff, "protocol:read", ARTEFACTS, definition=f"{CRMI}artifact-diff"),
    Operation(
        "data-requirements",
        requirements,
        "protocol:read",
        ("Library", "PlanDefinition"),
        definition=f"{CRMI}data-requirements",
    ),
)
