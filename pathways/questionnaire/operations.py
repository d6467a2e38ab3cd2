"""``Questionnaire/$populate`` and ``QuestionnaireResponse/$extract`` (http://hl7.org/fhir/uv/sdc/), and the guard that
judges every response stored by whatever door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.config import LANGUAGES
from app.errors import Invalid, Malformed, NotFound
from app.fhir.bundle import found, searchset
from app.fhir.outcome import has_errors, outcome
from app.fhir.resource import Resource, reference
from app.terminology import Terminology
from pathways.questionnaire.context import FormContext, ValueSets
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.extract import extract_bundle
from pathways.questionnaire.listing import lists_of
from pathways.questionnaire.populate import populate
from pathways.questionnaire.validate import validate

_OBSERVED = "Observation?patient={patient}&status=final,amended,corrected&_sort=-date&_count=200"


def context_of(repo: Any, language: str, subject: str | None = None, **launch: Any) -> FormContext:
    """The context of a form over a repository: its time, its terminology, its searches; ``subject`` is a reference."""
    patient = repo.read(subject) if subject and subject.startswith("Patient/") else None
    encounter = launch.pop("encounter", None)
    user = launch.pop("user", None)
    return FormContext(
        now=repo.now,
        language=language,
        patient=patient,
        encounter=encounter,
        user=user,
        launch=launch,
        value_sets=value_sets_of(repo, language),
        query=lambda text: searchset(found(one) for one in repo.search(text).resources),
    )


def value_sets_of(repo: Any, language: str) -> ValueSets:
    """Value set address → codes; an unknown value set has none (its answers are then not checked against it)."""
    listed = lists_of(Terminology(repo), language)

    @lru_cache(maxsize=256)
    def codes(url: str) -> Sequence[tuple[str, str, str]]:
        try:
            return listed(url)
        except NotFound:
            return ()

    return codes


def questionnaire_populate(repo: Any, request: Any) -> Resource:
    """``$populate``: ``questionnaire`` (resource), ``canonical`` or the instance; ``subject``; ``context``.

    Answers Parameters with ``response`` and, where something was left out, ``issues``. Raises Malformed, NotFound.
    """
    questionnaire = _questionnaire(repo, request)
    subject = _reference(request.value("subject"))
    launch = _launch(repo, request)
    context = context_of(repo, request.language, subject, **launch)
    if context.patient is None and isinstance(launch.get("patient"), dict):
        context = context_of(repo, request.language, reference(launch["patient"]), **launch)
    observed = _observations(repo, context.patient)
    response = populate(questionnaire, context, observed)
    if subject and "subject" not in response:
        response = response | {"subject": {"reference": subject}}
    return {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": response}]}


def questionnaireresponse_extract(repo: Any, request: Any) -> Resource:
    """``$extract``: ``questionnaire-response`` (resource) or the instance, ``questionnaire`` where it is not stored.

    Answers a transaction Bundle that has not been carried out. What the form calculates and the response leaves out is
    calculated here, as in our own form. A response that breaks its form's rules is refused: raises Invalid with every
    issue.
    """
    response = _resource(request, "questionnaire-response") or _instance(repo, request, "QuestionnaireResponse")
    if response is None:
        raise Malformed("$extract needs a QuestionnaireResponse", expression="Parameters.parameter")
    questionnaire = _resource(request, "questionnaire") or _definition(repo, response)
    context = _context_of_response(repo, response, request.language)
    _refuse(repo, questionnaire, response, context)
    return extract_bundle(questionnaire, Expressions(questionnaire, context).completed(response), context)


def judged(repo: Any, response: Mapping[str, Any], language: str) -> Resource:
    """The OperationOutcome of a response against its Questionnaire."""
    context = _context_of_response(repo, response, language)
    return outcome(validate(_definition(repo, response), response, context))


def guard_response(repo: Any, before: Resource | None, after: Resource | None) -> None:
    """Refuses a completed response that breaks the rules of a Questionnaire that is kept here. Raises Invalid.

    A response to a form of somebody else, or one still in progress, is stored as it is.
    """
    if after is None or after.get("status") not in ("completed", "amended") or "questionnaire" not in after:
        return
    try:
        questionnaire = repo.canonical(after["questionnaire"])
    except NotFound:
        return
    _refuse(repo, questionnaire, after, _context_of_response(repo, after, repo.actor.language))


def _refuse(repo: Any, questionnaire: Mapping[str, Any], response: Mapping[str, Any], context: FormContext) -> None:
    """Refuse a response that breaks the rules, each broken rule said in every language: the reader's is not known here.

    Raises Invalid.
    """
    issues = validate(questionnaire, response, context)
    if not has_errors(issues):
        return
    told: list[dict[str, str]] = [{} for _each in issues]
    for language in (*LANGUAGES, "en"):
        spoken = validate(questionnaire, response, _context_of_response(repo, response, language))
        for texts, one in zip(told, spoken, strict=True):
            texts[language] = str(one)
    said = [replace(issue, said=texts) for issue, texts in zip(issues, told, strict=True)]
    raise Invalid("The answers break the rules of their form", issues=said)


def _context_of_response(repo: Any, response: Mapping[str, Any], language: str) -> FormContext:
    subject = _reference(response.get("subject"))
    encounter = _reference(response.get("encounter"))
    kept = repo.find(encounter) if encounter and "/" in encounter and ":" not in encounter else None
    return context_of(repo, language, subject, encounter=kept)


def _definition(repo: Any, response: Mapping[str, Any]) -> Resource:
    if "questionnaire" not in response:
        raise Invalid("The response names no Questionnaire", expression="QuestionnaireResponse.questionnaire")
    questionnaire: Resource = repo.canonical(response["questionnaire"])
    return questionnaire


def _questionnaire(repo: Any, request: Any) -> Resource:
    given = _resource(request, "questionnaire") or _instance(repo, request, "Questionnaire")
    if given is not None:
        return given
    address = request.value("canonical") or _reference(request.value("questionnaireRef"))
    if not address or not isinstance(address, str):
        raise Malformed("$populate needs a Questionnaire: an instance, a canonical or the resource")
    read: Callable[[str], Resource] = repo.canonical if ":" in address else repo.read
    return read(address)


def _instance(repo: Any, request: Any, type_: str) -> Resource | None:
    if request.id and request.type == type_:
        resource: Resource = repo.read(f"{type_}/{request.id}")
        return resource
    return None


def _resource(request: Any, name: str) -> Resource | None:
    """A resource parameter, or the bare body where the operation takes one resource."""
    given = next((one["resource"] for one in request.named(name) if "resource" in one), None)
    if given is not None:
        return dict(given)
    body = request.resource
    wanted = "".join(part.capitalize() for part in name.split("-")).replace("response", "Response")
    return dict(body) if body and body.get("resourceType") == wanted else None


def _launch(repo: Any, request: Any) -> dict[str, Any]:
    """The launch context: ``context`` parameters with the parts ``name`` and ``content`` (reference or resource)."""
    launch: dict[str, Any] = {}
    for one in request.named("context"):
        parts = {part["name"]: part for part in one.get("part", ())}
        content = parts.get("content", {})
        name = parts.get("name", {}).get("valueString")
        resource = content.get("resource")
        if resource is None and "valueReference" in content:
            resource = repo.read(content["valueReference"]["reference"])
        if name and resource is not None:
            launch[name] = resource
    return launch


def _observations(repo: Any, patient: Mapping[str, Any] | None) -> list[Resource]:
    if patient is None or "id" not in patient:
        return []
    page = repo.search(_OBSERVED.format(patient=reference(patient)))
    return list(page.resources)


def _reference(value: Any) -> str | None:
    """``Type/id`` of a Reference or of its text."""
    text = value.get("reference") if isinstance(value, dict) else value
    return str(text) if text else None
