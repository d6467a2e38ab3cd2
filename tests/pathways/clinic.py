"""A health centre and a hospital on a real store, and what their people do, in the words of the clinic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app import clock
from app.access.actor import Actor
from app.access.grants import merged, of_roles
from app.clock import CASABLANCA
from app.config import CANONICAL_BASE
from app.fhir.resource import Resource, reference
from app.store import work
from pathways import enrolment
from pathways.decision import decide
from pathways.enrolment import Enrolment
from pathways.facts import Facts
from pathways.feature import FEATURE
from pathways.progression import Standing, evaluate
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.extract import extract
from pathways.questionnaire.response import respond
from pathways.referral.sending import Request, send
from pathways.registration import Person, register
from pathways.together.standings import alone
from pathways.treatment import current
from pathways.visit import Visit, of_encounter, record_visit

HYPERTENSION = f"{CANONICAL_BASE}/PlanDefinition/hypertension-pathway"
CLINICAL = f"{CANONICAL_BASE}/CodeSystem/clinical"
MONDAY = datetime(2026, 9, 7, 9, 30, tzinfo=CASABLANCA)
GRANTS = merged([FEATURE])
ZINEB = Person(
    family="Amrani", given="Zineb", family_ar="العمراني", given_ar="زينب", gender="female", birth="1962-04-03",
    phone="06 12 34 56 78", cnie="lf 12345",
)  # fmt: skip


@dataclass
class Clinic:
    """A health centre and a hospital with their people, at a moment that passes by ``later``."""

    physician: Actor
    nurse: Actor
    hospital: Actor
    now: datetime = MONDAY

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    @contextmanager
    def open(self, actor: Actor) -> Iterator[Any]:
        """A transaction of somebody, now."""
        with clock.frozen(self.now), work(actor) as repo:
            yield repo


def person_of(role: str, name: str, place: str) -> Actor:
    return Actor(
        key=f"account:{name}",
        name=name,
        roles=frozenset({role}),
        grants=of_roles([role], GRANTS),
        practitioner=f"Practitioner/{name}",
        organization=place,
        organizations=frozenset({place}),
    )


def sign(code: str) -> dict[str, Any]:
    return {"valueCoding": {"system": CLINICAL, "code": code, "display": code}}


def measured(systolic: int, diastolic: int, **more: list[Any]) -> dict[str, list[Any]]:
    """The answers of a consultation."""
    readings = {
        "bp1-systolic": systolic + 4,
        "bp1-diastolic": diastolic,
        "bp-systolic": systolic,
        "bp-diastolic": diastolic,
    }
    return {link: [{"valueInteger": value}] for link, value in readings.items()} | {
        "danger-signs": [sign("no-danger-sign")], "adherence": [sign("good-adherence")],
    } | more  # fmt: skip


def enrolled(clinic: Clinic, person: Person = ZINEB) -> Enrolment:
    with clinic.open(clinic.nurse) as repo:
        patient = register(repo, person, form_key=f"register-{person.cnie}")
        return enrolment.enrol(repo, HYPERTENSION, reference(patient), form_key=f"enrol-{person.cnie}")


def seen(
    clinic: Clinic, held: Enrolment, key: str, answers: dict[str, list[Any]], actor: Actor | None = None
) -> tuple[Visit, Standing]:
    """A visit recorded with the form of the stage, and the standing after it."""
    with clinic.open(actor or clinic.physician) as repo:
        record = repo.record_of(held.patient.split("/")[1])
        before = evaluate(repo, held, language="fr", record=record)
        assert before.questionnaire is not None
        form = repo.canonical(before.questionnaire)
        patient = next(one for one in record if one["resourceType"] == "Patient")
        context = FormContext(repo.now, "fr", patient, query=Facts(record, repo.now).query)
        response = respond(form, answers, context, form_key=key)
        extracted = lambda stored, _: extract(form, stored[0], context)  # noqa: E731
        visit = record_visit(repo, [held], [response], extracted, form_key=key)
    return visit, standing_of(clinic, held, visit)


def standing_of(clinic: Clinic, held: Enrolment, visit: Visit | None = None) -> Standing:
    with clinic.open(clinic.physician) as repo:
        here = reference(visit.encounter) if visit else None
        return evaluate(repo, enrolment.of_episode(repo, held.episode), language="fr", encounter=here)


def decided(clinic: Clinic, visit: Visit, standing: Standing, key: str, **more: Any) -> Any:
    with clinic.open(more.pop("actor", clinic.physician)) as repo:
        held = of_encounter(repo, repo.read(reference(visit.encounter)))
        return decide(repo, held, alone(standing), form_key=key, seen=more.pop("seen", standing.fingerprint), **more)


def doses(clinic: Clinic, held: Enrolment) -> list[str]:
    """The active treatment: ``Amlodipine 5``."""
    with clinic.open(clinic.physician) as repo:
        return sorted(
            f"{one['medicationCodeableConcept']['text']} "
            f"{one['dosageInstruction'][0]['doseAndRate'][0]['doseQuantity']['value']}"
            for one in current(repo, held.patient)
        )


def refer(clinic: Clinic, held: Enrolment, visit: Visit, key: str = "refer") -> Resource:
    with clinic.open(clinic.physician) as repo:
        return send(
            repo,
            Request(
                patient=held.patient,
                recipient="Organization/chp",
                urgency="urgent",
                reason="Pression très élevée",
                summary="204/122 ce jour",
                encounter=reference(visit.encounter),
                care_plan=reference(held.plan),
            ),
            form_key=key,
        )


def stage(standing: Standing) -> str | None:
    return standing.stage.id if standing.stage else None
