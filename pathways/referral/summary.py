"""What the referral says before anybody types: the reason that the protocol gives, and a summary of the record.

It is drawn in both languages when it is written, so that whoever reads it finds it in their own; what people wrote
themselves stays as they wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from app.config import LANGUAGES
from app.fhir.resource import Resource
from app.fhir.translation import translated
from pathways import measurement, treatment
from pathways.apply.outcome import ActionOutcome
from pathways.progression import Standing
from pathways.referral.answered import answered
from pathways.texts import apart, name_of, unmarked

Wording = Mapping[str, str]
"""Language -> the same said in it."""
COLON = {"fr": " : ", "ar": ": "}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the record and the protocol say. ``used``: references of what the summary was drawn from."""

    urgency: str = "routine"
    reason: Wording | None = None
    lines: tuple[Wording, ...] = ()
    used: tuple[str, ...] = ()

    def summary(self, language: str) -> str:
        """The summary in a language, a line each."""
        return "\n".join(line[language] for line in self.lines)


def draw(
    standing: Standing | None, record: Iterable[Resource], leading: measurement.Leading | None, today: date
) -> Drawn:
    """Reason and urgency of the referral that the protocol proposes (routine and none where it proposes none); last
    readings, diseases, present treatment, allergies."""
    outcome = standing.referral if standing is not None and not answered(standing) else None
    lines, used = _lines(list(record), leading, today)
    if outcome is None:
        return Drawn(lines=lines, used=used)
    urgent = outcome.kind == "referral-urgent" or outcome.urgent
    return Drawn("urgent" if urgent else "routine", _in_each(partial(_reason, outcome)), lines, used)


def told(owner: Resource, field: str, drawn: Drawn, language: str) -> Resource:
    """The owner whose text, written in ``language``, says in the other languages what of it was drawn; the lines that
    people wrote stand there as they are. No translation where nothing of it was drawn."""
    parts = [*drawn.lines, *([drawn.reason] if drawn.reason else [])]
    lines = owner[field].splitlines()
    said = {one: "\n".join(_line_in(line, one, parts) for line in lines) for one in LANGUAGES}
    others = {other: words for other, words in said.items() if other != language and words != said[language]}
    return translated(owner | {field: said[language]}, field, others)


def _line_in(line: str, language: str, parts: Iterable[Wording]) -> str:
    """A line in a language if it was drawn, or begins with what was drawn; else as it is. (What comes back from a form
    has lost its marks of direction.)"""
    plain = unmarked(line)
    for part in parts:
        for written in (unmarked(one) for one in part.values()):
            if written and (plain.strip() == written or plain.startswith(written + " ")):
                return part[language] + plain[len(written) :].rstrip()
    return line


def _reason(outcome: ActionOutcome, language: str) -> str:
    title = outcome.text("title", language) or outcome.title
    return " ".join(part for part in (title + ".", outcome.reason_in(language)) if part.strip("."))


def _lines(
    record: list[Resource], leading: measurement.Leading | None, today: date
) -> tuple[tuple[Wording, ...], tuple[str, ...]]:
    lines: list[Wording] = []
    used: list[str] = []
    for one in reversed(measurement.readings(record, leading, today)[-3:] if leading else []):
        lines.append(_in_each(partial(_reading, one, leading)))
        used.append(one.reference)
    for resource in record:
        match resource["resourceType"]:
            case "Condition" if _present(resource):
                lines.append(_in_each(partial(name_of, resource.get("code", {}))))
            case "MedicationRequest" if resource["status"] == "active" and resource.get("intent") == "order":
                lines.append(_in_each(partial(_drug, resource)))
            case "AllergyIntolerance":
                lines.append(_in_each(partial(name_of, resource.get("code", {}))))
            case _:
                continue
        used.append(f"{resource['resourceType']}/{resource['id']}")
    once = {line["fr"]: line for line in lines if line["fr"].strip()}
    return tuple(once.values()), tuple(used)


def _in_each(say: Callable[[str], str]) -> Wording:
    return {language: say(language) for language in LANGUAGES}


def _reading(one: measurement.Reading, leading: measurement.Leading, language: str) -> str:
    day = "/".join(reversed(one.day.split("-")))  # in figures, as both languages write it: 21/11/2026
    figures = _figures(one.shown) if one.doubt else f"{_figures(one.shown)} {leading.unit}"
    return f"{leading.name(language)}{COLON[language]}{apart(figures)} ({day})"


def _drug(order: Resource, language: str) -> str:
    drug = name_of(order.get("medicationCodeableConcept", {}), language)
    dose = " ".join(treatment.dose(order) or ())
    return f"{drug} {apart(_figures(dose))}" if dose else drug


def _figures(text: str) -> str:
    """Numbers with the decimal comma, which French and Moroccan Arabic share."""
    return text.replace(".", ",")


def _present(condition: Resource) -> bool:
    def codes(concept: Any) -> set[str]:
        return {coding.get("code", "") for coding in (concept or {}).get("coding", ())}

    return not codes(condition.get("clinicalStatus")) & {"resolved", "inactive", "remission"} and not codes(
        condition.get("verificationStatus")
    ) & {"refuted", "entered-in-error"}
