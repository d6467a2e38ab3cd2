"""The counter-referral: the hospital's letter goes back, and the health centre gets the patient back with a date.

The letter is a Composition (https://hl7.org/fhir/R4/composition.html); ``$document`` makes the document Bundle of it.
Answering ends the hospital's part: the pathway's next stage follows from the data by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape

from app.clock import moment_text
from app.errors import Forbidden, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from pathways.provenance import signature
from pathways.referral import moves
from pathways.referral.receiving import GRANT, advance, side
from pathways.referral.returning import give_back
from pathways.vocabulary import LOINC, form_identifier

SECTIONS = (
    ("findings", "51848-0", "Evaluation note"),
    ("treatment", "18776-5", "Plan of care note"),
    ("advice", "69730-0", "Instructions"),
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What the hospital answers. ``return_on``: the day by which the health centre sees the patient again."""

    findings: str
    treatment: str
    return_on: date | None
    advice: str = ""
    language: str = "fr"


def answer(
    repo: Repository, task_reference: str, letter: Letter, *, form_key: str, seen_version: int | None = None
) -> Resource:
    """Send the letter and give the patient back; the referral's Task comes back, answered.

    Raises Invalid (an empty letter, a day that is missing or past), Conflict (the state does not allow an answer),
    Forbidden (not the receiving side).
    """
    task = repo.read(task_reference)
    mark = form_identifier(form_key, "move")
    if mark in task.get("identifier", []):
        return task
    if side(repo, task) != moves.RECIPIENT or not repo.actor.may(GRANT[moves.RECIPIENT]):
        raise Forbidden("only the establishment that received the referral answers it")
    move = moves.find(task, moves.ANSWER, moves.RECIPIENT)
    _refuse_incomplete(letter, repo.today)
    composition = repo.create(_composition(repo, task, letter, form_key))
    output = {"type": {"text": "counter-referral"}, "valueReference": {"reference": reference(composition)}}
    answered = advance(repo, task, move, mark=mark, seen_version=seen_version, output=[output])
    letter_sent = answered["output"][0]["valueReference"]
    give_back(repo, answered, focus=letter_sent, mark=form_identifier(form_key, "return"), by=letter.return_on)
    return answered


def _refuse_incomplete(letter: Letter, today: date) -> None:
    issues = []
    if not letter.findings.strip():
        issues.append(Issue("write what was found", "required", "findings"))
    if not letter.treatment.strip():
        issues.append(Issue("write the treatment that you recommend", "required", "treatment"))
    if letter.return_on is None:
        issues.append(Issue("say by which day the health centre is to see the patient again", "required", "return_on"))
    elif letter.return_on < today:
        issues.append(Issue("the day of return cannot be in the past", "value", "return_on"))
    if issues:
        raise Invalid("the letter cannot be sent yet", issues=issues)


def _composition(repo: Repository, task: Resource, letter: Letter, form_key: str) -> Resource:
    texts = {"findings": letter.findings, "treatment": letter.treatment, "advice": letter.advice}
    return {
        "resourceType": "Composition",
        "language": letter.language,
        "identifier": form_identifier(form_key, "letter"),
        "status": "final",
        "type": concept(LOINC, "11488-4", "Consult note"),
        "subject": task["for"],
        "date": moment_text(repo.now),
        "author": [signature(repo.actor, place=True)],
        "title": "Counter-referral",
        "custodian": {"reference": task["owner"]["reference"]},
        "section": [
            {"title": name, "code": concept(LOINC, code, display), "text": _narrative(texts[name])}
            for name, code, display in SECTIONS
            if texts[name].strip()
        ],
    }


def _narrative(text: str) -> Resource:
    lines = "<br/>".join(escape(line) for line in text.strip().splitlines())
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'}
