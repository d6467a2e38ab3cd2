"""``$everything`` of a patient or an episode: https://hl7.org/fhir/R4/patient-operation-everything.html"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.errors import Invalid, Malformed
from app.fhir.bundle import found, searchset
from app.fhir.compartment import types_in
from app.fhir.dates import Range, of_period, parse
from app.fhir.definitions import resource_types
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference, reference, references
from app.rest.asked import decoded, encoded
from app.rest.bundles import sealed, unsealed
from app.rest.operations import OperationRequest

_PARAMETERS = ("start", "end", "_since", "_type", "_count")
Place = tuple[int, str, str]
"""Where a resource stands in the answer: section, type, id."""


def everything(repo: Repository, request: OperationRequest) -> Resource:
    """``Patient/[id]/$everything`` (https://hl7.org/fhir/R4/patient-operation-everything.html): the record, and what
    it names.

    ``start``, ``end`` (care dates), ``_since``, ``_type``, ``_count``. The patient stands first.
    """
    if not request.id:
        raise Malformed("Patient/$everything is called on one patient: Patient/[id]/$everything.")
    request = _continued(request)
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
    """The Patient first, then the record by type, then what it names outside of itself.

    With ``_count``, a page of it; the next begins after the last resource of this one, whatever is written meanwhile.
    """
    kept = [one for one in record if not types or one["resourceType"] in types or one["resourceType"] == "Patient"]
    placed = [(_place(one), one) for one in kept] + [((2, *_place(one)[1:]), one) for one in _named(repo, kept, types)]
    placed.sort(key=lambda pair: pair[0])
    address = f"/{request.reference}/$everything"
    count, after = request.whole("_count"), _after(request)
    left = [pair for pair in placed if after is None or pair[0] > after]
    listed = left if not count else left[:count]
    entries = [found(one, f"{request.base}/{reference(one)}") for _, one in listed] if count != 0 else []
    links = {"self": f"{request.base}{address}"}
    if count and len(left) > count:
        token = sealed(address, encoded(_asked(request)), "|".join(map(str, listed[-1][0])))
        links["next"] = f"{request.base}{address}?_page={token}"
    return searchset(entries, total=len(placed), links=links)


def _place(resource: Resource) -> Place:
    type = resource["resourceType"]
    return (0 if type == "Patient" else 1), type, resource["id"]


def _asked(request: OperationRequest) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name in _PARAMETERS for value in request.values(name))


def _continued(request: OperationRequest) -> OperationRequest:
    """The call that a page link goes on with. Raises Malformed on a link that is not ours."""
    token = request.value("_page")
    if token is None:  # where a page begins is said by our own links alone
        return replace(request, parameters=tuple(one for one in request.parameters if one.get("name") != "_after"))
    query, after = unsealed(str(token), f"/{request.reference}/$everything")
    given = (*decoded(query), ("_after", after))
    return replace(request, parameters=tuple({"name": name, "valueString": value} for name, value in given))


def _after(request: OperationRequest) -> Place | None:
    text = request.value("_after")
    section, type, id = str(text).split("|") if text else ("", "", "")
    return (int(section), type, id) if text else None


def episode_everything(repo: Repository, request: OperationRequest) -> Resource:
    """``EpisodeOfCare/[id]/$everything``, ``Encounter/[id]/$everything``: the episode or encounter, what refers to it
    or to what belongs to it, and what they name (https://hl7.org/fhir/R4/encounter-operation-everything.html).

    Of an episode R4 does not define it; parameters and answer are those of the Patient's.
    """
    request = _continued(request)
    episode = repo.read(str(request.reference))
    element = "patient" if request.type == "EpisodeOfCare" else "subject"
    patient = parse_reference(episode.get(element))
    if patient is None or patient.type != "Patient" or not patient.id:
        raise Invalid("It names no patient of this server.", expression=f"{request.type}.{element}")
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
