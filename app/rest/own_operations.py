"""Operations on every resource: ``$validate``, ``$meta``, ``$everything``, ``$document`` (operations-list.html)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.clock import instant_text
from app.errors import Forbidden, Invalid, Issue, Malformed, MaslakError, NotFound, PreconditionFailed
from app.feature import Operation
from app.fhir.bundle import document as document_bundle
from app.fhir.bundle import found, searchset
from app.fhir.definitions import resource_types
from app.fhir.outcome import has_errors, informed, outcome
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference, references
from app.fhir.validation import validate as problems_of
from app.rest.everyone import patient_everything
from app.rest.everything import episode_everything
from app.rest.integrity import require_targets
from app.rest.operations import OperationRequest
from app.rest.outcomes import spoken
from app.rest.parameters import answer, parameter
from app.rest.permission import limits
from app.store.guards import judge

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_MODES = ("create", "update", "delete", "profile")


def validate(repo: Repository, request: OperationRequest) -> Resource:
    """``[Type[/id]]/$validate`` (https://hl7.org/fhir/R4/resource-operation-validate.html): an OperationOutcome,
    always 200.

    ``resource`` (or the bare body; the stored one where none is given), ``mode``, ``profile``.
    """
    mode = request.value("mode")
    if mode is not None and mode not in _MODES:
        raise Malformed("mode is create, update, delete or profile.", expression=parameter("mode"))
    if mode in ("update", "delete") and not request.id:
        raise Malformed(
            f"mode={mode} is asked of one resource: {request.type}/[id]/$validate.", expression=parameter("mode")
        )
    if mode == "delete":
        return _deletable(repo, str(request.reference))
    resource = request.resource_of("resource") or request.resource
    if resource is None:
        if not request.id:
            raise Malformed("$validate needs the parameter 'resource'.", expression=parameter("resource"))
        resource = repo.read(str(request.reference))
    issues = [*_addressed(resource, request, mode), *problems_of(resource, profile=_profile(repo, request))]
    if not has_errors(issues):
        issues += _judged(repo, resource, mode)
    return outcome(spoken(issues, request.language)) if issues else informed("All OK: the resource is valid.")


def _deletable(repo: Repository, reference: str) -> Resource:
    """Whether a deletion would be refused: while others refer to it. Raises NotFound, Gone."""
    repo.read(reference)
    type, _, id = reference.partition("/")
    found = repo.page(f"{type}?_id={id}&_revinclude=*:*&_count=1").included
    users = ", ".join([one.reference for one in found if one.reference != reference][:5])
    if not users:
        return informed(f"All OK: nothing refers to {reference}.")
    return outcome([Issue(f"{reference} cannot be deleted while others refer to it: {users}.", "conflict", type)])


def _judged(repo: Repository, resource: Resource, mode: str | None) -> list[Issue]:
    """What storing it would be refused for: a rule of a feature; a reference that finds nothing, which another entry of
    a transaction may still bring unless ``mode`` says that it comes by itself.
    """
    found: list[Issue] = []
    try:
        judge(repo, resource["resourceType"], None, resource)
    except Invalid as error:
        found += error.issues
    except MaslakError:  # whether the move is granted is another question than whether the content is right
        pass
    try:
        require_targets(repo, [(resource["resourceType"], resource)])
    except Invalid as error:
        severity = "error" if mode in ("create", "update") else "warning"
        found += [replace(issue, severity=severity) for issue in error.issues]
    return found


def _addressed(resource: Resource, request: OperationRequest, mode: str | None) -> list[Issue]:
    type = resource.get("resourceType")
    if request.type and type != request.type:
        return [Issue(f"The resource is a {type}, the address says {request.type}.", "invalid", "resourceType")]
    if mode == "update" and request.id and resource.get("id") != request.id:
        return [Issue(f"For an update, the id is {request.id}.", "invalid", f"{type}.id")]
    profile = str(request.value("profile") or "").removeprefix(_BASE)
    if profile in resource_types() and profile != type:
        return [Issue(f"The resource is a {type}, the profile {_BASE}{profile} is of another.", "invalid", str(type))]
    return []


def _profile(repo: Repository, request: OperationRequest) -> Resource | None:
    url = request.value("profile")
    if url is None or url.removeprefix(_BASE) in {*resource_types(), "Resource", "DomainResource"}:
        return None
    try:
        return repo.canonical(url)
    except NotFound:
        raise NotFound(
            "The profile {url} is not here: store its StructureDefinition first.",
            expression=parameter("profile"),
            url=url,
        ) from None


def meta(repo: Repository, request: OperationRequest) -> Resource:
    """``$meta`` (https://hl7.org/fhir/R4/resource-operation-meta.html) of a resource, a type or the whole server."""
    if not request.id:
        if limits(repo.actor, "r", request.type):
            raise Forbidden("A scope with a query does not cover this: ask for $meta of one resource.")
        return answer(("return", "Meta", repo.meta_of(request.type)))
    return answer(("return", "Meta", repo.read(str(request.reference))["meta"]))


def meta_add(repo: Repository, request: OperationRequest) -> Resource:
    """``$meta-add``: profiles, tags and security labels laid over those that are there."""
    return _changed(repo, request, add=True)


def meta_delete(repo: Repository, request: OperationRequest) -> Resource:
    """``$meta-delete``: takes away the profiles, tags and labels named."""
    return _changed(repo, request, add=False)


def _changed(repo: Repository, request: OperationRequest, *, add: bool) -> Resource:
    try:
        return _laid(repo, request, add=add)
    except PreconditionFailed:  # another changed it meanwhile: it is held now, and what it has become is changed
        return _laid(repo, request, add=add)


def _laid(repo: Repository, request: OperationRequest, *, add: bool) -> Resource:
    given = request.required("meta")
    before = repo.read(str(request.reference))
    now = dict(before.get("meta", {}))
    for name in ("profile", "tag", "security"):
        named = {_same(one) for one in given.get(name, ())}
        kept = [one for one in now.get(name, ()) if _same(one) not in named]
        now[name] = [*kept, *(given.get(name, ()) if add else ())]
    settled = {key: item for key, item in now.items() if item and key not in ("versionId", "lastUpdated")}
    rest = {key: item for key, item in before.items() if key != "meta"}
    made = rest | ({"meta": settled} if settled else {})
    return answer(("return", "Meta", repo.update(made, if_match=int(before["meta"]["versionId"]))["meta"]))


def _same(one: Any) -> Any:
    return (one.get("system"), one.get("code")) if isinstance(one, dict) else one


def document(repo: Repository, request: OperationRequest) -> Resource:
    """``Composition/[id]/$document`` (https://hl7.org/fhir/R4/composition-operation-document.html): a document
    Bundle, made anew each time: ``persist`` is refused, since a stored Bundle stands outside of the patient's record.
    """
    if not request.id:
        raise Malformed("$document is called on one Composition: Composition/[id]/$document.")
    if request.flag("persist"):
        said = "persist: a document is not stored here, outside of its patient's record: call again."
        raise Invalid(said, issues=[Issue(said, "not-supported", parameter("persist"))])
    composition = repo.read(str(request.reference))
    seen, waiting, listed = {str(request.reference)}, [composition], []
    while waiting:
        for _, element in references(waiting.pop(0)):
            target = parse_reference(element)
            if target and target.type and target.id and target.key not in seen:
                seen.add(target.key)
                resource = repo.find(target.key)
                if resource is None:
                    raise Invalid(f"{target.key}, which the document names, is not there.")
                listed.append(resource)
                if len(listed) > 500:
                    raise Invalid("The document would hold more than 500 resources.")
    made = document_bundle(composition, listed, request.base, timestamp=instant_text(repo.now))
    made["identifier"] = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{repo.new_id()}"}
    return made


def last_n(repo: Repository, request: OperationRequest) -> Resource:
    """``Observation/$lastn`` (https://hl7.org/fhir/R4/observation-operation-lastn.html): the latest ``max`` of each
    code.
    """
    patient = request.value("patient") or request.value("subject")
    if not patient:
        raise Malformed("$lastn needs patient.", expression=parameter("patient"))
    most = request.whole("max", 1)
    if not most:
        raise Malformed("max is a whole number from 1.", expression=parameter("max"))
    filters = [f"{name}={value}" for name in ("category", "code") for value in request.values(name)]
    query = "&".join([f"patient={patient}", *filters, "_sort=-date"])
    groups: dict[Any, list[Resource]] = {}
    for one in repo.search_all(f"Observation?{query}"):
        group = groups.setdefault(_code_of(one), [])
        if len(group) < most:
            group.append(one)
    listed = [one for group in groups.values() for one in group]
    if not listed and repo.find(f"Patient/{str(patient).split('/')[-1]}") is None:
        raise NotFound(f"There is no Patient/{str(patient).split('/')[-1]}.")
    return searchset([found(one, f"{request.base}/Observation/{one['id']}") for one in listed], total=len(listed))


def _code_of(observation: Resource) -> Any:
    codings = observation.get("code", {}).get("coding", [])
    return (codings[0].get("system"), codings[0].get("code")) if codings else observation.get("code", {}).get("text")


_READ = "fhir:read"
OPERATIONS = (
    Operation("validate", validate, grant=_READ),
    Operation("meta", meta, grant=_READ, system_level=True),
    Operation("meta-add", meta_add, grant="fhir:write", type_level=False, affects_state=True),
    Operation("meta-delete", meta_delete, grant="fhir:write", type_level=False, affects_state=True),
    Operation("everything", patient_everything, grant=_READ, types=("Patient",)),
    Operation("everything", episode_everything, grant=_READ, types=("EpisodeOfCare", "Encounter"), type_level=False),
    Operation("document", document, grant=_READ, types=("Composition",), type_level=False),
    Operation("lastn", last_n, grant=_READ, types=("Observation",), instance=False),
)
