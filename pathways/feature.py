"""What following brings to the platform, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.feature import Feature, Operation, Place

CLINIC = frozenset({"pathway:enrol", "visit:record", "referral:send", "referral:read"})


def _blueprint() -> Any:
    from pathways.views import blueprint

    return blueprint()


def _operations() -> Sequence[Operation]:
    from pathways.operations import OPERATIONS

    return OPERATIONS


def _places() -> Sequence[Place]:
    from pathways.views.places import PLACES

    return PLACES


def _commands() -> Sequence[Any]:
    from pathways.commands import COMMANDS

    return COMMANDS


def _check(resources: Sequence[Any], definitions: Any) -> Sequence[Any]:
    from pathways.apply.check import check
    from pathways.questionnaire.check import check as check_form
    from pathways.questionnaire.check import check_texts

    plans = [issue for one in resources if one["resourceType"] == "PlanDefinition" for issue in check(one, definitions)]
    forms = [one for one in resources if one["resourceType"] == "Questionnaire"]
    return plans + [issue for one in forms for issue in (*check_form(one), *check_texts(one))]


def _judge_response(repo: Any, before: Any, after: Any) -> None:
    """What an EHR posts is held to the rules of the form; what our own form made has been."""
    if repo.actor.scopes is not None:
        from pathways.questionnaire.operations import guard_response

        guard_response(repo, before, after)


def _judge_observation(repo: Any, before: Any, after: Any) -> None:
    """What an EHR posts is held to what a body can have; our own forms have limits of their own."""
    if repo.actor.scopes is not None:
        from pathways.plausible import guard_observation

        guard_observation(repo, before, after)
    _note_result(repo, before, after)


def _note_result(repo: Any, before: Any, after: Any) -> None:
    """What an EHR posts may answer and press: the worker sees to it. Our own forms do so themselves."""
    if repo.actor.scopes is not None:
        from pathways.arriving import note_arrival

        note_arrival(repo, before, after)


def _close_arrived(repo: Any, payload: Any) -> None:
    from app.terminology import Terminology
    from pathways.arriving import close_arrived

    close_arrived(repo, payload, Terminology(repo))


def _count_impact(repo: Any, payload: Any) -> Any:
    from pathways.impact import count_batch

    return count_batch(repo, payload)


def _reorder(repo: Any) -> None:
    """Once a day: those who are overdue stand in the order of their newest values, by whatever road these came."""
    from pathways.risk import note_overdue

    note_overdue(repo)


def _renew(repo: Any, payload: Any) -> None:
    from app.terminology import Terminology
    from pathways.risk import renew_overdue

    renew_overdue(repo, payload, Terminology(repo))


FEATURE = Feature(
    name="pathways",
    blueprint=_blueprint,
    operations=_operations,
    guards={
        "QuestionnaireResponse": _judge_response,
        "Observation": _judge_observation,
        "DiagnosticReport": _note_result,
        "Procedure": _note_result,
    },
    jobs={"result-arrived": _close_arrived, "impact": _count_impact, "risk": _renew},
    grants={
        "physician": CLINIC | {"visit:prescribe"},
        "nurse": CLINIC,
        "hospital-physician": CLINIC | {"visit:prescribe", "referral:receive"},
        "facility-manager": frozenset({"referral:read"}),
        "regional-delegate": frozenset({"referral:read"}),
    },
    access={
        "pathways.my_day": "worklist:read",
        "pathways.find_patient": "patient:read",
        "pathways.register": "patient:write",
        "pathways.patient": "patient:read",
        "pathways.enrol": "pathway:enrol",
        "pathways.end_enrolment": "pathway:enrol",
        "pathways.death": "visit:record",
        "pathways.visit": "visit:record",
        "pathways.form_options": "visit:record",
        "pathways.step": "visit:record",
        "pathways.visit_of_one": "visit:record",
        "pathways.step_of_one": "visit:record",
        "pathways.skip": "visit:record",
        "pathways.refer": "referral:send",
        "pathways.referrals": "referral:read",
        "pathways.referral": "referral:read",
        "pathways.answer": "referral:receive",
        "pathways.letter": "referral:read",
    },
    places=_places,
    daily=(_reorder,),
    commands=_commands,
    content=Path(__file__).parent / "content",
    check=_check,
    home={
        "physician": "pathways.my_day",
        "nurse": "pathways.my_day",
        "hospital-physician": "pathways.referrals",
        "facility-manager": "pathways.my_day",
        "regional-delegate": "pathways.my_day",
    },
)
