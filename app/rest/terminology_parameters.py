"""What terminology operations are called with: codes, value sets and systems out of their parameters."""

from __future__ import annotations

from app.errors import Malformed
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.rest.operations import OperationRequest
from app.rest.parameters import parameter
from app.terminology import Terminology
from app.terminology.versions import Versions, by_system

Coded = tuple[str | None, str, str | None, str | None]
"""(system, code, display, version)."""


def coded_in(request: OperationRequest, in_system: bool, repo: Repository) -> list[Coded]:
    """What is to be judged. Raises Malformed where nothing, or too much, is given."""
    given = [name for name in ("code", "coding", "codeableConcept") if request.value(name) not in (None, "")]
    if len(given) != 1:
        raise Malformed("Give one of code (with system), coding, codeableConcept.", expression=parameter("code"))
    value = request.value(given[0])
    stated = request.value("version") if in_system else None
    version = stated or request.value("systemVersion")
    if given[0] == "code":
        system = request.value("system") or (system_of(repo, request) if in_system else None)
        return [(system, str(value), request.value("display"), version)]
    codings = [value] if given[0] == "coding" else value.get("coding", [])
    listed = [
        (one.get("system"), one["code"], one.get("display"), one.get("version") or version)
        for one in codings
        if one.get("code")
    ]
    if not listed:
        raise Malformed(f"{given[0]} holds no code.", expression=parameter(given[0]))
    return listed


def service_for(repo: Repository, request: OperationRequest) -> Terminology:
    """The terminology service in the reader's language, with the versions of systems that the call asks for."""
    default, checked, forced = (by_system(request.values(f"{one}system-version")) for one in ("", "check-", "force-"))
    return Terminology(repo, request.headers.get("Accept-Language"), Versions(default, checked, forced))


def canonical_in(request: OperationRequest, name: str, version: str) -> str:
    """``url|version`` of two parameters. Raises Malformed where the first is not given."""
    stated = request.value(version)
    return f"{request.required(name)}|{stated}" if stated else str(request.required(name))


def value_set_of(repo: Repository, request: OperationRequest, service: Terminology) -> Resource:
    """The value set of the address, of the body, or by its url. Raises Malformed, NotFound."""
    if request.id:
        return repo.read(str(request.reference))
    inline = request.resource_of("valueSet") or request.resource
    if inline is not None:
        if inline.get("resourceType") != "ValueSet":
            raise Malformed("valueSet is a ValueSet resource.", expression=parameter("valueSet"))
        return inline
    return service.value_set(canonical_in(request, "url", "valueSetVersion"))


def system_of(repo: Repository, request: OperationRequest) -> str | None:
    """The url of the CodeSystem of the address, else the parameter ``url``."""
    if request.id:
        return str(repo.read(str(request.reference))["url"])
    found: str | None = request.value("url")
    return found
