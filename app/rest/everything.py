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
from app.rest.parameters import parameter

_PARAMETERS = ("start", "end", "_since", "_type", "_count")
_DATED = (
    *("effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "recordedDate", "authoredOn"),
    *("authored", "date", "sent", "start", "whenHandedOver"),
)
Place = tuple[int, str, str]
"""Where a resource stands in the answer: section, type, id."""
Placed = list[tuple[Place, Resource]]


def everything(repo: Repository, request: OperationRequest) -> Resource:
    """``Patient/[id]/$everything`` (https://hl7.org/fhir/R4/patient-operation-everything.html): the record, and what
    it names.

    ``start``, ``end`` (care dates), ``_since``, ``_type``, ``_count``. The patient stands first.
    """
    request, after = continued(request, address_of(request))
    return _page(everything_of(repo, str(request.id), request), request, after)


def everything_of(repo: Repository, patient_id: str, request: OperationRequest) -> Placed:
    """All of one patient's, in order. Raises NotFound, Gone, Forbidden; Malformed on a ``_type`` that is none."""
    types = _types(request)
    wanted = types & set(types_in("Patient")) if types else None
    record = repo.record_of(patient_id, sorted(wanted | {"Patient"}) if wanted is not None else None)
    if not any(one["resourceType"] == "Patient" for one in record):
        record = [repo.read(f"Patient/{patient_id}"), *record]
    return _placed(repo, [one for one in record if _within(one, request)], types)


def _types(request: OperationRequest) -> set[str]:
    types = {t.strip() for value in request.values("_type") for t in str(value).split(",") if t.strip()}
    if unknown := types - resource_types():
        raise Malformed(f"_type: {', '.join(sorted(unknown))} is no resource type.", expression=parameter("_type"))
    return types


def _placed(repo: Repository, record: list[Resource], types: set[str]) -> Placed:
    """The Patient first, then the record by type, then what it names outside of itself."""
    kept = [one for one in record if not types or one["resourceType"] in types or one["resourceType"] == "Patient"]
    placed = [(_place(one), one) for one in kept] + [((2, *_place(one)[1:]), one) for one in _named(repo, kept, types)]
    return sorted(placed, key=lambda pair: pair[0])


def _page(placed: Placed, request: OperationRequest, after: str) -> Resource:
    """With ``_count``, a page; the next begins after the last resource of this one, whatever is written meanwhile."""
    count, last = request.whole("_count"), place_in(after)
    left = [pair for pair in placed if last is None or pair[0] > last]
    listed = left if not count else left[:count]
    entries = [found(one, f"{request.base}/{reference(one)}") for _, one in listed] if count != 0 else []
    on = said(listed[-1][0]) if count and len(left) > count else None
    return searchset(entries, total=len(placed), links=links(request, on))


def _place(resource: Resource) -> Place:
    type = resource["resourceType"]
    return (0 if type == "Patient" else 1), type, resource["id"]


def said(place: Place) -> str:
    """A place in a page link."""
    return "|".join(map(str, place))


def place_in(text: str) -> Place | None:
    """The way back; None where nothing is said."""
    section, type, id = text.split("|") if text else ("", "", "")
    return (int(section), type, id) if text else None


def address_of(request: OperationRequest) -> str:
    """Where the operation was called, below the base."""
    return f"/{request.reference or request.type}/$everything"


def links(request: OperationRequest, on: str | None) -> dict[str, str]:
    """The links of a page; ``on`` says where the next one begins, None: there is none."""
    address = address_of(request)
    made = {"self": f"{request.base}{address}"}
    if on is not None:
        asked = tuple((name, str(value)) for name in _PARAMETERS for value in request.values(name))
        made["next"] = f"{request.base}{address}?_page={sealed(address, encoded(asked), on)}"
    return made


def continued(request: OperationRequest, address: str) -> tuple[OperationRequest, str]:
    """The call that a page link goes on with, and where: empty at the beginning. Raises Malformed on a link that is
    not ours.
    """
    token = request.value("_page")
    if token is None:
        return request, ""
    query, on = unsealed(str(token), address)
    given = tuple({"name": name, "valueString": value} for name, value in decoded(query))
    return replace(request, parameters=given), on


def episode_everything(repo: Repository, request: OperationRequest) -> Resource:
    """``EpisodeOfCare/[id]/$everything``, ``Encounter/[id]/$everything``: the episode or encounter, what refers to it
    or to what belongs to it, and what they name (https://hl7.org/fhir/R4/encounter-operation-everything.html).

    Of an episode R4 does not define it; parameters and answer are those of the Patient's.
    """
    request, after = continued(request, address_of(request))
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
    return _page(_placed(repo, [one for one in kept if _within(one, request)], _types(request)), request, after)


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
    for name in _DATED:
        if isinstance(resource.get(name), str):
            yield parse(resource[name])
    for name in ("period", "effectivePeriod", "performedPeriod", "occurrencePeriod"):
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
