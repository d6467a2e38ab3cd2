"""The impact of a version as MeasureReports (https://hl7.org/fhir/R4/measurereport.html), by level.

They are read in the whole country, over ``/fhir`` too: no small number stands in them (``protocols.small_numbers``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.clock import instant_text
from app.config import CANONICAL_BASE, smallest_count
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, code_in, extension, identifier
from app.fhir.translation import text, translated
from protocols.impact_counts import Count, Figures, Kind, Payload, packed, unpacked, unpacked_figures
from protocols.small_numbers import HIDDEN, SMALL, Figure, Told, exact, sum_of, summed, told
from protocols.vocabulary import FACILITY_LEVEL

MEASURE = f"{CANONICAL_BASE}/Measure/release-impact"
OF = f"{CANONICAL_BASE}/sid/release-impact"
WORDS = f"{CANONICAL_BASE}/sid/release-impact-words"
CHANGE = f"{CANONICAL_BASE}/CodeSystem/release-impact"
"""Codes of what changes; a report is found by those that it tells (as identifiers)."""
LEVEL = f"{CANONICAL_BASE}/sid/release-impact-level"
SMALLEST = f"{CANONICAL_BASE}/StructureDefinition/smallest-count"
"""The smallest number that a report tells below the country's level."""
COUNTRY, REGION, ESTABLISHMENT = "country", "region", "establishment"
WRITTEN = (ESTABLISHMENT, REGION, COUNTRY)
"""In which order reports are written: whoever reads the country's finds the others."""
PAGE, PORTION = 25, 100
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FOLLOWED, OTHERS = "initial-population", "numerator"
RUNNING, DONE = "pending", "complete"

Place = tuple[str, str]
"""Level of a report, and the organization (a reference) that it counts for; none for the country."""
WHOLE: Place = (COUNTRY, "")


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is read: ``organization`` None for the whole country; ``words`` tells what was counted,
    ``smallest`` which number is the smallest that it tells."""

    organization: str | None
    complete: bool
    at: str
    words: str
    count: Figures
    smallest: int


def opened(repo: Repository, library: Resource, words: str) -> Resource:
    """The country's report while nobody is counted yet, stored."""
    return repo.update(_written(repo, library, WHOLE, Figures(), words, complete=False))


def write(repo: Repository, library: Resource, payload: Payload) -> dict[str, Any] | None:
    """Store the reports of what was counted, a portion at a time, the country's last.

    Gives back the payload for the next portion; None when all are stored. What they tell is worked out once.
    """
    left = _worked_out(repo, payload) if payload["left"] is None else unpacked_figures(payload["left"])
    order = sorted(left)
    for key in order[:PORTION]:
        repo.update(_written(repo, library, _place(key), left[key], payload["words"], complete=True))
    if len(left) <= PORTION:
        return None
    kept = {name: value for name, value in payload.items() if name != "tally"}
    return kept | {"left": packed({key: left[key] for key in order[PORTION:]})}


def _worked_out(repo: Repository, payload: Payload) -> dict[str, Figures]:
    counts = unpacked(payload.get("tally"))
    figures = figures_of(counts, _regions(repo, counts), smallest_count())
    return {_key(place): one for place, one in figures.items()}


def _key(place: Place) -> str:
    """A place in a payload: they are written in the order of these."""
    return f"{WRITTEN.index(place[0])} {place[1]}"


def _place(key: str) -> Place:
    number, _space, organization = key.partition(" ")
    return WRITTEN[int(number)], organization


def figures_of(counts: Mapping[str, Count], region_of: Mapping[str, str], smallest: int) -> dict[Place, Figures]:
    """What may be told of the country, of each region and of each establishment."""
    kinds = list(dict.fromkeys(kind for one in counts.values() for kind in one.kinds))
    by_kind = {kind: {place: told(one.kinds.get(kind, 0), smallest) for place, one in counts.items()} for kind in kinds}
    followed = {place: told(one.followed, smallest) for place, one in counts.items()}
    nobody = not kinds  # the country's zero tells of every establishment that it has none
    others = {
        place: exact(0) if nobody else sum_of(told(one.others, smallest), [by_kind[kind][place] for kind in kinds])
        for place, one in counts.items()
    }
    whole, of_regions = summed(followed, {p: one.followed for p, one in counts.items()}, region_of, smallest)
    whole_others, others_there = summed(
        others, {p: one.others for p, one in counts.items()}, region_of, 1 if nobody else smallest
    )
    whole_kinds, kinds_there = {}, {}
    for kind in kinds:
        true = {place: one.kinds.get(kind, 0) for place, one in counts.items()}
        whole_kinds[kind], kinds_there[kind] = summed(by_kind[kind], true, region_of, smallest)
    figures = {WHOLE: _figures(whole, whole_others, whole_kinds)}
    for region, one in of_regions.items():
        there = {kind: kinds_there[kind][region] for kind in kinds}
        figures[(REGION, region)] = _figures(one, sum_of(others_there[region], there.values()), there)
    for place in counts:
        own = {kind: by_kind[kind][place] for kind in kinds}
        figures[(ESTABLISHMENT, place)] = _figures(followed[place], others[place], own)
    return figures


def whole(repo: Repository, library: Resource) -> Resource | None:
    """The country's report as it is stored."""
    return repo.find(_name(library, WHOLE))


def of(repo: Repository, library: Resource) -> Report | None:
    """The report of the whole country, if it was asked for."""
    held = whole(repo, library)
    return None if held is None else read(held)


def all_of(repo: Repository, library: Resource) -> list[Resource]:
    """All reports of a version."""
    return list(repo.search_all(f"MeasureReport?identifier={OF}|{library['id']}"))


def query(library: Resource, level: str, change: str | None = None, after: str | None = None) -> str:
    """The query of a page of the reports of regions or of establishments, in the order of their keys; ``change`` (the
    code of a Kind) asks for those that tell of somebody with this change."""
    asked = f"MeasureReport?identifier={OF}|{library['id']}&identifier={LEVEL}|{level}&_count={PAGE}"
    asked += f"&identifier={CHANGE}|{quote(change)}" if change else ""
    return f"{asked}&_cursor={after}" if after else asked


def read(report: Resource) -> Report:
    """A MeasureReport of ours, read."""
    followed: Figure = 0
    others: Figure = 0
    kinds: dict[Kind, Figure] = {}
    for group in report["group"]:
        populations = {one["code"]["coding"][0]["code"]: _figure(one) for one in group["population"]}
        if FOLLOWED in populations:
            followed, others = populations[FOLLOWED], populations[OTHERS]
        else:
            said = tuple((lang, text(group["code"], "text", lang) or "") for lang in ("fr", "ar"))
            kinds[Kind(group["code"]["coding"][0]["code"], said)] = populations[OTHERS]
    return Report(
        report.get("reporter", {}).get("reference"),
        report["status"] == DONE,
        report["date"],
        identifier(report, WORDS) or "",
        Figures(followed, others, kinds),
        extension(report, SMALLEST) or 1,
    )


def _figures(followed: Told, others: Told, kinds: Mapping[Kind, Told]) -> Figures:
    listed = {kind: one.figure for kind, one in kinds.items() if one.figure not in (SMALL, 0)}
    return Figures(followed.figure, others.figure, listed)


def _regions(repo: Repository, places: Collection[str]) -> dict[str, str]:
    """The region in which each establishment lies, as far as the facility tree says; a ring in it ends.

    One read for each level of the tree; what lies in no region is left out.
    """
    held: dict[str, Resource] = {}
    asked = set(places)
    while asked:
        found = repo.read_many(asked)
        held |= found
        asked = {_above(one) for one in found.values()} - held.keys()
    regions = {place: _region(held, place) for place in places}
    return {place: region for place, region in regions.items() if region}


def _region(held: Mapping[str, Resource], place: str) -> str | None:
    seen: set[str] = set()
    while place in held and place not in seen:
        if any(code_in(kind, FACILITY_LEVEL) == REGION for kind in held[place].get("type", ())):
            return place
        seen.add(place)
        place = _above(held[place])
    return None


def _above(organization: Resource) -> str:
    above: str = organization.get("partOf", {}).get("reference", "")
    return above


def _name(library: Resource, place: Place) -> str:
    digest = hashlib.sha256(f"{canonical(library)} {' '.join(place)}".encode()).hexdigest()[:32]
    return f"MeasureReport/impact-{digest}"


def _written(
    repo: Repository, library: Resource, place: Place, figures: Figures, words: str, *, complete: bool
) -> Resource:
    at = instant_text(repo.now)
    made: Resource = {
        "resourceType": "MeasureReport",
        "id": _name(library, place).partition("/")[2],
        "language": "fr",
        "extension": [{"url": SMALLEST, "valuePositiveInt": smallest_count()}],
        "identifier": [
            {"system": OF, "value": library["id"]},
            {"system": WORDS, "value": words},
            {"system": LEVEL, "value": place[0]},
            *({"system": CHANGE, "value": kind.code} for kind in figures.kinds),
        ],
        "status": DONE if complete else RUNNING,
        "type": "summary",
        "measure": MEASURE,
        "date": at,
        "period": {"start": at[:10], "end": at[:10]},
        "group": [
            {"population": [_population(FOLLOWED, figures.followed), _population(OTHERS, figures.others)]},
            *_kinds(figures.kinds.items()),
        ],
    }
    return made | ({"reporter": {"reference": place[1]}} if place[1] else {})


def _kinds(kinds: Iterable[tuple[Kind, Figure]]) -> Iterator[Resource]:
    for kind, figure in kinds:
        said = dict(kind.said)
        code: dict[str, Any] = {"coding": [{"system": CHANGE, "code": kind.code}], "text": said["fr"]}
        yield {
            "code": translated(code, "text", {"ar": said["ar"]}),
            "population": [_population(OTHERS, figure)],
        }


def _population(code: str, figure: Figure) -> Resource:
    told_or_not = {"_count": {"extension": [{"url": ABSENT, "valueCode": figure}]}}
    return {"code": {"coding": [{"system": POPULATION, "code": code}]}} | (
        {"count": figure} if isinstance(figure, int) else told_or_not
    )


def _figure(population: Resource) -> Figure:
    if "count" in population:
        return int(population["count"])
    return extension(population.get("_count", {}), ABSENT) or HIDDEN
