"""``$everything`` of a patient or an episode: https://hl7.org/fhir/R4/patient-operation-everything.html"""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import Invalid, Malformed
from app.fhir.bundle import found, searchset
from app.fhir.compartment import types_in
from app.fhir.dates import Range, of_period, parse
from app.fhir.definitions import resource_types
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference, reference, references
from app.rest.operations import OperationRequest


def everything(repo: Repository, request: OperationRequest) -> Resource:
    """``Patient/[id]/$everything`` (https://hl7.org/fhir/R4/patient-operation-everything.html): the record, and what
    it names.

    ``start``, ``end`` (care dates), ``_since``, ``_type``, ``_count``. The patient stands first.
    """
    if not request.id:
        raise Malformed("Patient/$everything is called on one patient: Patient/[id]/$everything.")
    types = _types(request)
    wanted = types & set(types_in("Patient")) if types else None
    record = repo.record_of(request.id, sorted(wanted | {"Patient"}) if wanted is not None else None)
    if not any(one["resourceType"] == "Patient" for one in record):
        record = [repo.read(str(request.reference)), *record]
    return _answered(repo, [one for one in record if _within(one, request)], types, request)


def _types(request: OperationRequest) -> set[str]:
    types = {t.strip() for value in request.values("_type") for t in str(value).split(",") if t.strip()}
    if unknown := types - resource_types():
        raise Malformed(f"_type: {', '.join(sorted(unknown))} is no resource type.")
    return types


def _answered(repo: Repository, record: list[Resource], types: set[str], request: OperationRequest) -> Resource:
    """The Patient first, then the record by type, then what it names outside of itself."""
    kept = [one for one in record if not types or one["resourceType"] in types or one["resourceType"] == "Patient"]
    kept.sort(key=lambda one: (one["resourceType"] != "Patient", one["resourceType"], one["id"]))
    named = _named(repo, kept, types)
    count = request.whole("_count")
    listed = [*kept, *named] if count is None else [*kept, *named][:count]
    entries = [found(one, f"{request.base}/{reference(one)}") for one in listed]
    return searchset(entries, total=len(kept) + len(named))


def episode_everything(repo: Repository, request: OperationRequest) -> Resource:
    """``EpisodeOfCare/[id]/$everything``: the episode, what refers to it or to what belongs to it, and what they name.

    Not defined by R4; parameters and answer are those of the Patient's.
    """
    if not request.id:
        raise Malformed("EpisodeOfCare/$everything is called on one episode: EpisodeOfCare/[id]/$everything.")
    episode = repo.read(str(request.reference))
    patient = parse_reference(episode.get("patient"))
    if patient is None or not patient.id:
        raise Invalid("The episode names no patient of this server.", expression="EpisodeOfCare.patient")
    record = repo.record_of(patient.id)
    belonging = {str(request.reference)}
    while True:
        more = {reference(one) for one in record if reference(one) not in belonging and _points(one, belonging)}
        if not more:
            break
        belonging |= more
    kept = [one for one in record if reference(one) in belonging or one["resourceType"] == "Patient"]
    return _answered(repo, [one for one in kept if _within(one, request)], _types(request), request)


def _points(resource: Resource, targets: set[str]) -> bool:
    if resource["resourceType"] == "Patient":
        return False
    found = (parse_reference(element) for _, element in references(resource))
    return any(target is not None and target.key in targets for target in found)


def _within(resource: Resource, request: OperationRequest) -> bool:
    if resource["resourceType"] == "Patient":
        return True
    since = request.value("_since")
    if since and parse(resource["meta"]["lastUpdated"]).low < parse(since).low:
        return False
    start, end = request.value("start"), request.value("end")
    if not start and not end:
        return True
    dates = list(_dates(resource))
    if not dates:
        return True
    return any(
        (not start or date.high > parse(start).low) and (not end or date.low < parse(end).high) for date in dates
    )


def _dates(resource: Resource) -> Iterable[Range]:
    for name in ("effectiveDateTime", "recordedDate", "authoredOn", "authored", "date", "sent", "occurrenceDateTime"):
        if isinstance(resource.get(name), str):
            yield parse(resource[name])
    for name in ("period", "effectivePeriod", "performedPeriod"):
        span = resource.get(name)
        if isinstance(span, dict):
            yield of_period(span.get("start"), span.get("end"))


def _named(repo: Repository, record: list[Resource], types: set[str]) -> list[Resource]:
    """What the record refers to outside of itself: practitioners, organizations, places, medications."""
    inside = {f"{one['resourceType']}/{one['id']}" for one in record}
    wanted = {}
    for one in record:
        for _, element in references(one):
            target = parse_reference(element)
            if target is None or not target.type or not target.id or target.base or target.key in inside:
                continue
            if target.type not in types_in("Patient") and (not types or target.type in types):
                wanted[target.key] = True
    return list(repo.read_many(sorted(wanted)).values())
