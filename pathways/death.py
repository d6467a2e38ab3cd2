"""Recording that a patient has died: pathways end, nobody calls the family for a visit."""

from __future__ import annotations

from datetime import date

from app.errors import Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from pathways.enrolment import end, enrolments, refuse_dead
from pathways.provenance import record_act
from pathways.vocabulary import FORM, form_identifier

REASON = "died"


def record_death(repo: Repository, patient_reference: str, day: date, *, form_key: str) -> Resource:
    """Write the day of death; every pathway of the patient ends and its open tasks are cancelled.

    The same form sent twice records once. Raises Conflict (recorded already), Invalid (in the future, before birth).
    """
    patient = repo.read(patient_reference)
    mark = form_identifier(form_key, "death")
    if any(one.get("system") == FORM and one.get("value") == mark["value"] for one in patient.get("identifier", ())):
        return patient
    refuse_dead(patient)
    if day > repo.today:
        raise Invalid("the day of death cannot be in the future", expression="day")
    birth = patient.get("birthDate", "")
    if day.isoformat()[: len(birth)] < birth:
        raise Invalid("the day of death cannot be before the birth", expression="day")
    for held in enrolments(repo, patient_reference):
        end(repo, held, reason=REASON)
    known = [*patient.get("identifier", []), mark]
    stored = repo.update(patient | {"deceasedDateTime": day.isoformat(), "identifier": known})
    record_act(repo, "death", [stored])
    return stored
