"""The protocol page: everything of a set in the order in which a clinician asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.fhir.resource import Resource
from app.fhir.translation import text
from protocols.parameters import Parameter, parameters
from protocols.presenters.figure import Figure, figure
from protocols.presenters.plans import Item, flat, in_reading_order, items, levels, role
from protocols.presenters.sources import Source, sources
from protocols.presenters.treatment import Alternatives, Definitions, Step, alternatives, steps


@dataclass(frozen=True, slots=True)
class Together:
    """Actions that say the same, once."""

    titles: tuple[str, ...]
    description: str
    timing: str
    to_confirm: bool
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One plan of the set, with what its part asks for."""

    anchor: str
    role: str
    title: str
    usage: str
    description: str
    steps: tuple[Step, ...]
    alternatives: tuple[Alternatives, ...]
    leads: tuple[str, ...]
    """What is said of a whole group of actions: how to measure before anything is decided."""
    alerts: tuple[Together, ...]
    rest: tuple[Together, ...]
    urgent: tuple[Together, ...]
    figure: Figure | None


@dataclass(frozen=True, slots=True)
class ProtocolPage:
    """All that the page shows of the artefacts themselves."""

    title: str
    levels: tuple[tuple[str, str], ...]
    minute: tuple[tuple[str, str, str], ...]
    sections: tuple[Section, ...]
    parameters: tuple[Parameter, ...]
    sources: tuple[Source, ...]
    copyright: str
    to_confirm: int


def present(library: Resource, artefacts: Sequence[Resource], definitions: Definitions, lang: str) -> ProtocolPage:
    """The page of a set in a language. ``definitions``: canonical → resource, raising NotFound."""
    plans = in_reading_order(one for one in artefacts if one["resourceType"] == "PlanDefinition")
    titles = _short_titles([text(plan, "title", lang) or "" for plan in plans])
    found = tuple(_section(plan, title, definitions, lang) for plan, title in zip(plans, titles, strict=True))
    held = parameters(plans, lang)
    everything = [item for plan in plans for item in flat(items(plan.get("action", ()), lang))]
    return ProtocolPage(
        title=text(library, "title", lang) or library["url"],
        levels=tuple(dict.fromkeys(level for plan in plans for level in levels(plan, lang))),
        minute=tuple(_minute(found)),
        sections=found,
        parameters=tuple(one for one in held if len(one.options) > 1 and not one.chooses),
        sources=tuple(sources([library, *plans], lang)),
        copyright=text(library, "copyright", lang) or "",
        to_confirm=sum(item.to_confirm for item in everything) + sum(one.to_confirm for one in held),
    )


def _section(plan: Resource, title: str, definitions: Definitions, lang: str) -> Section:
    part = role(plan)
    flattened = [item for item in flat(items(plan.get("action", ()), lang)) if item.kind]
    inner = {child.id for item in flattened for child in flat(item.children)}
    top = [item for item in flattened if item.id not in inner]
    table = steps(top, definitions, lang) if part == "treatment" else []
    numbered = {item.id for item in top if item.prefix} if table else set()
    unnumbered = [item for item in top if item.id not in numbered]
    urgent = [item for item in unnumbered if item.kind == "referral-urgent"]
    alerts = [item for item in unnumbered if item not in urgent and (item.kind == "alert" or item.urgent)]
    rest = [item for item in unnumbered if item not in urgent and item not in alerts]
    return Section(
        anchor=plan["url"].rsplit("/", 1)[-1],
        role=part,
        title=title,
        usage=text(plan, "usage", lang) or "",
        description=text(plan, "description", lang) or "",
        steps=tuple(table),
        alternatives=tuple(alternatives(table)),
        leads=tuple(one.description for one in items(plan.get("action", ()), lang) if not one.kind and one.description),
        alerts=_together(alerts),
        rest=() if part == "stage" else _together(rest),
        urgent=_together(urgent),
        figure=figure(plan, text(plan, "title", lang) or "", lang),
    )


def _minute(found: Iterable[Section]) -> Iterable[tuple[str, str, str]]:
    """(question, answer, anchor): who, threshold, first medicine, target, when to refer."""
    for section in found:
        if section.role == "diagnosis":
            yield _("For whom"), section.usage, section.anchor
            yield _("Threshold"), section.description, section.anchor
        elif section.role == "treatment":
            first = next((step for step in section.steps if step.regimen.shown), None)
            if first:
                yield _("First medicine"), " + ".join(_said(dose) for dose in first.regimen.shown), section.anchor
            yield _("Target"), section.description, section.anchor
            yield _("Take care"), section.usage, section.anchor
        elif section.role == "follow-up":
            yield _("Next visit"), section.description, section.anchor
        elif section.role == "referral":
            urgent = [title for group in section.urgent for title in group.titles]
            yield _("Refer urgently"), " · ".join(_condition(title) for title in urgent), section.anchor
        elif section.role == "stage":
            yield _("For whom"), section.usage, section.anchor
            yield _("In short"), section.description, section.anchor


def _said(dose: object) -> str:
    amount = f"\u2066{dose.amount}\u2069"  # type: ignore[attr-defined]
    return f"{dose.medicine} {amount}"  # type: ignore[attr-defined]


def _condition(title: str) -> str:
    """What stands before the colon: ``Over 200/120: refer urgently`` → ``Over 200/120``."""
    return title.rsplit(":", 1)[0].strip()


def _together(found: Iterable[Item]) -> tuple[Together, ...]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in found:
        groups.setdefault((item.kind, item.description or item.id), []).append(item)
    return tuple(
        Together(
            titles=tuple(item.title for item in group),
            description=group[0].description,
            timing="" if _says(group[0].title, group[0].timing) else group[0].timing,
            to_confirm=any(item.to_confirm for item in group),
            details=tuple(child.title for child in group[0].children if child.kind),
        )
        for group in groups.values()
    )


def _says(title: str, timing: str) -> bool:
    """Whether a title names the interval itself."""
    return " ".join(timing.split()) in " ".join(title.split())


def _short_titles(titles: list[str]) -> list[str]:
    """Titles without the words before a colon that all of them share."""
    heads = {title.partition(":")[0] for title in titles}
    if len(titles) < 2 or len(heads) > 1 or not all(":" in title for title in titles):
        return titles
    tails = [title.partition(":")[2].strip() for title in titles]
    return [tail[:1].upper() + tail[1:] for tail in tails]
