"""Who has read a version: a professional confirms it, with the answers to its quiz, once.

The confirmation is a Communication (https://hl7.org/fhir/R4/communication.html) about that very version
(``instantiatesUri``), received by the professional at an establishment; the answers are a QuestionnaireResponse
to the version's own quiz. Both are of the professional, not of a patient.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from app.clock import moment_text
from app.errors import Conflict, Forbidden
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, choice, reference
from app.fhir.translation import text, translated
from protocols import lifecycle, quiz
from protocols.collection import SETS, version_key

PAGE = 25


@dataclass(frozen=True, slots=True)
class Reading:
    """One confirmation: who, where (a reference), when, and where the answers stand."""

    who: str
    name: str
    place: str
    at: str
    right: int | None
    asked: int | None
    response: str | None


def acknowledge(repo: Repository, library_reference: str, answers: Mapping[str, str]) -> Resource:
    """Confirm that one has read a version in force; the second time gives back the first.

    ``answers``: linkId → code. Raises Forbidden (nobody who treats patients), Conflict (the version is not in force),
    Invalid with an issue for each question of the quiz that is not answered.
    """
    library = repo.read(library_reference)
    person = repo.actor.practitioner
    if person is None or not repo.actor.may("protocol:acknowledge"):
        raise Forbidden("only who treats patients confirms having read a protocol")
    if (before := repo.find(_name(library, person))) is not None:
        return before
    if lifecycle.state(library) != lifecycle.RELEASED:
        raise Conflict("this version is not in force: read the one that is")
    asked_in = quiz.of_set(repo, library)
    asked = quiz.questions(asked_in, "fr")
    signed = translated({"reference": person, "display": repo.actor.name}, "display", {"ar": repo.actor.name_ar})
    made: Resource = {
        "resourceType": "Communication",
        "id": _name(library, person).partition("/")[2],
        "instantiatesUri": [canonical(library)],
        "status": "completed",
        "about": [{"reference": library_reference}],
        "received": moment_text(repo.now),
        "recipient": [signed],
    }
    if repo.actor.organization:
        made["recipient"].append({"reference": repo.actor.organization})
    if asked_in is not None:
        response = repo.create(
            {
                "resourceType": "QuestionnaireResponse",
                "questionnaire": canonical(asked_in),
                "status": "completed",
                "authored": moment_text(repo.now),
                "author": {"reference": person},
                "source": {"reference": person},
                "item": quiz.answered(asked, answers),
            }
        )
        made["payload"] = [
            {"contentReference": {"reference": reference(response)}},
            {"contentString": f"{quiz.score(asked, answers)}/{len(asked)}"},
        ]
    return repo.update(made)


def own(repo: Repository, library: Resource) -> Reading | None:
    """One's own confirmation of a version, if it was given."""
    held = repo.find(_name(library, repo.actor.practitioner)) if repo.actor.practitioner else None
    return None if held is None else read(held)


def unread(repo: Repository) -> list[Resource]:
    """The sets whose version in force followed another one and is not confirmed by whoever acts; two queries."""
    if repo.actor.practitioner is None or not repo.actor.may("protocol:acknowledge"):
        return []
    held = list(repo.search_all(f"{SETS}&status={','.join(lifecycle.OF_STATUS)}&_count=200"))
    new = [one for one in held if one["status"] == "active" and _followed(one, held)]
    if not new:
        return []
    confirmed = repo.read_many(_name(one, repo.actor.practitioner) for one in new)
    return [one for one in new if _name(one, repo.actor.practitioner) not in confirmed]


def readers(library: Resource, cursor: str | None) -> str:
    """The query of a page of confirmations of a version, in the order in which they were stored."""
    query = f"Communication?instantiates-uri={canonical(library)}&_count={PAGE}"
    return f"{query}&_cursor={cursor}" if cursor else query


def read(communication: Resource, lang: str = "fr") -> Reading:
    """A Communication of ours, read; the name in the script of a language, as far as it is known."""
    person = communication["recipient"][0]
    places = [one["reference"] for one in communication["recipient"][1:]]
    content = [value for part in communication.get("payload", ()) if (value := choice(part, "content"))]
    scored = next((str(value).split("/") for kind, value in content if kind == "String"), None)
    response = next((value["reference"] for kind, value in content if kind == "Reference"), None)
    return Reading(
        who=person["reference"],
        name=text(person, "display", lang, primary="fr") or "",
        place=places[0] if places else "",
        at=communication["received"],
        right=int(scored[0]) if scored else None,
        asked=int(scored[1]) if scored else None,
        response=response,
    )


def _followed(library: Resource, held: list[Resource]) -> bool:
    key = version_key(library["version"])
    return any(one["url"] == library["url"] and version_key(one["version"]) < key for one in held)


def _name(library: Resource, person: str) -> str:
    digest = hashlib.sha256(f"{canonical(library)} {person}".encode()).hexdigest()[:32]
    return f"Communication/read-{digest}"
