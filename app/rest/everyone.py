"""``Patient/$everything``: the records of all patients that the actor may see, page by page."""

from __future__ import annotations

from app.errors import Gone, NotFound
from app.fhir.bundle import found, searchset
from app.fhir.repository import Repository
from app.fhir.resource import Resource, reference
from app.rest.asked import encoded
from app.rest.everything import Placed, address_of, continued, everything, everything_of, links, place_in, said
from app.rest.operations import OperationRequest
from app.rest.permission import limits, require
from app.rest.search import DEFAULT_COUNT, MAX_COUNT, paging


def patient_everything(repo: Repository, request: OperationRequest) -> Resource:
    """``Patient[/id]/$everything`` (https://hl7.org/fhir/R4/patient-operation-everything.html), of one or of all.

    Of all: patient after patient in the order in which they came, each with what ``everything`` gives of one. A page
    has ``_count`` resources (DEFAULT_COUNT, at most MAX_COUNT), each once; who names the same practitioner on the next
    page brings it again. How many there are in all is not counted. Raises Forbidden (403) unless the scopes let
    patients be searched.
    """
    if request.id:
        return everything(repo, request)
    require(repo.actor, "s", "Patient")
    request, on = continued(request, address_of(request))
    count = min(request.whole("_count", DEFAULT_COUNT) or 0, MAX_COUNT)
    listed: dict[str, Resource] = {}
    following = _filled(repo, request, on, count, listed) if count else None
    entries = [found(one, f"{request.base}/{name}") for name, one in listed.items()]
    return searchset(entries, links=links(request, following))


def _filled(
    repo: Repository, request: OperationRequest, on: str, count: int, listed: dict[str, Resource]
) -> str | None:
    """Fill a page; where the next one begins, or None after the last patient.

    A place is: the cursor that leads to a patient, the patient's id, and the last resource given of it. Where that
    patient has been deleted meanwhile, the cursor leads to the one who follows, of whom nothing has been given.
    """
    cursor, _, begun = on.partition("|")
    id, _, place = begun.partition("|")
    while True:
        page = repo.page(f"Patient?{encoded(paging(1, cursor, limits(repo.actor, 's', 'Patient')))}")
        if not page.matches:
            return None
        patient = page.matches[0].id
        last = place_in(place) if patient == id else None
        for at, resource in _of(repo, patient, request):
            if last is not None and at <= last:
                continue
            if len(listed) == count:
                return f"{cursor}|{patient}|{said(last)}" if last else f"{cursor}||"
            listed.setdefault(reference(resource), resource)
            last = at
        if page.next is None:
            return None
        cursor, id = page.next, ""
        if len(listed) == count:
            return f"{cursor}||"


def _of(repo: Repository, patient: str, request: OperationRequest) -> Placed:
    try:
        return everything_of(repo, patient, request)
    except (NotFound, Gone):  # deleted since it was found
        return []
