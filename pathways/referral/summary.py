"""What the referral says before anybody types: the reason that the protocol gives, and a summary of the record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from app.fhir.resource import Resource
from app.fhir.translation import text
from pathways import measurement, treatment
from pathways.progression import Standing
from pathways.referral.answered import answered


def reason(standing: Standing | None) -> tuple[str, str]:
    """(urgency, reason) of the referral that the protocol proposes; routine and empty where it proposes none."""
    outcome = standing.referral if standing else None
    if outcome is None or standing is None or answered(standing):
        return "routine", ""
    urgency = "urgent" if outcome.kind == "referral-urgent" or outcome.urgent else "routine"
    return urgency, " ".join(part for part in (outcome.title + ".", outcome.reason) if part.strip("."))


def summary(
    record: Iterable[Resource], leading: measurement.Leading | None, language: str, today: date
) -> tuple[list[str], list[str]]:
    """(lines, references of what they were drawn from): last readings, diseases, present treatment, allergies."""
    held = list(record)
    lines: list[str] = []
    used: list[str] = []
    if leading is not None:
        last = measurement.readings(held, leading, today)[-3:]
        lines += [
            f"{leading.name(language)} : {one.shown} {leading.unit} ({_written(one.day)})" for one in reversed(last)
        ]
        used += [one.reference for one in last]
    for resource in held:
        match resource["resourceType"]:
            case "Condition" if _present(resource):
                lines.append(_concept(resource.get("code", {}), language))
            case "MedicationRequest" if resource["status"] == "active" and resource.get("intent") == "order":
                drug = _concept(resource.get("medicationCodeableConcept", {}), language)
                lines.append(f"{drug} {' '.join(treatment.dose(resource) or ())}")
            case "AllergyIntolerance":
                lines.append(_concept(resource.get("code", {}), language))
            case _:
                continue
        used.append(f"{resource['resourceType']}/{resource['id']}")
    return [line for line in dict.fromkeys(lines) if line.strip()], used


def _written(day: str) -> str:
    """An ISO day as both languages write it in figures: ``21/11/2026``."""
    return "/".join(reversed(day.split("-")))


def _present(condition: Resource) -> bool:
    def codes(concept: Any) -> set[str]:
        return {coding.get("code", "") for coding in (concept or {}).get("coding", ())}

    return not codes(condition.get("clinicalStatus")) & {"resolved", "inactive", "remission"} and not codes(
        condition.get("verificationStatus")
    ) & {"refuted", "entered-in-error"}


def _concept(concept: Resource, language: str) -> str:
    coding = next(iter(concept.get("coding", ())), {})
    return text(concept, "text", language) or text(coding, "display", language) or coding.get("code", "")
