"""The targets on which pathways disagree, as a page says them: the stricter one applies, with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.fhir.resource import Resource
from pathways import measurement
from pathways.together.standings import Standings
from pathways.together.targets import Disagreement


@dataclass(frozen=True, slots=True)
class StricterTarget:
    """``whole``: the target of the whole measurement (``< 130/80 mmHg``); ``parts``: (what, value) that are stricter;
    ``pathway`` they come from; ``others``: (pathway, what it aims at by itself)."""

    whole: str
    parts: list[tuple[str, str]]
    source: str
    pathway: Resource
    others: list[tuple[Resource, str]]


def present(standings: Standings, language: str) -> list[StricterTarget]:
    """One line for each pathway whose target applies instead of another's."""
    lines = []
    for url in dict.fromkeys(one.applies.pathway["url"] for one in standings.disagreeing):
        held = [one for one in standings.disagreeing if one.applies.pathway["url"] == url]
        others = {other.pathway["url"]: other.pathway for one in held for other in one.others}
        lines.append(
            StricterTarget(
                whole=next((text for other in others if (text := _whole(standings, other))), ""),
                parts=[(one.applies.title(language), measurement.aim([one.applies.limit])) for one in held],
                source=held[0].applies.citation(language),
                pathway=held[0].applies.pathway,
                others=[(plan, _own(held, plan)) for plan in others.values()],
            )
        )
    return lines


def _own(held: Sequence[Disagreement], plan: Resource) -> str:
    """What a pathway aims at by itself."""
    own = [target.limit for one in held for target in one.others if target.pathway == plan]
    return " / ".join(measurement.aim([limit]) for limit in own)


def _whole(standings: Standings, url: str) -> str:
    """The target of a pathway's leading measurement as it was run: ``< 130/80 mmHg``."""
    standing = standings.of(url)
    of = measurement.leading(standing.enrolment.pathway) if standing else None
    if standing is None or of is None:
        return ""
    values = measurement.targets(standing.applied.frame.scope, of)
    return "" if None in values else f"{measurement.aim(values)} {of.unit}"
