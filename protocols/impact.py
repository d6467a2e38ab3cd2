"""What a version would change for the patients who are followed now, counted before it is released.

The count is a MeasureReport (https://hl7.org/fhir/R4/measurereport.html) of the whole country, one of each region and
one of each establishment, without any patient in it: how many are followed, how many would have got another next step
at their last visit, and which. Whoever runs the pathways does the counting (job ``impact``), a few patients a
transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from app.clock import instant_text
from app.config import CANONICAL_BASE
from app.errors import Conflict
from app.fhir.json import dumps
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, code_in, identifier, parse_canonical, reference
from app.fhir.translation import text, translated
from protocols import collection, lifecycle
from protocols.differences import work_of

TOPIC = "impact"
MEASURE = f"{CANONICAL_BASE}/Measure/release-impact"
OF = f"{CANONICAL_BASE}/sid/release-impact"
WORDS = f"{CANONICAL_BASE}/sid/release-impact-words"
CHANGE = f"{CANONICAL_BASE}/CodeSystem/release-impact"
"""Codes of what changes; a report is found by those that it counts (as identifiers)."""
LEVEL = f"{CANONICAL_BASE}/sid/release-impact-level"
COUNTRY, REGION, ESTABLISHMENT = "country", "region", "establishment"
FACILITY_LEVEL = f"{CANONICAL_BASE}/CodeSystem/facility-level"
PAGE = 25
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
FOLLOWED, OTHERS = "initial-population", "numerator"
RUNNING, DONE = "pending", "complete"

Words = dict[str, str]
"""Language → text."""
Place = tuple[str, str]
"""Level of a report, and the organization (a reference) that it counts for; none for the country."""
WHOLE: Place = (COUNTRY, "")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change: the next step before and after, by the ids of their actions; ``said`` in both languages."""

    code: str
    said: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Count:
    """Patients of one establishment, of a region, or of all: followed, with another next step, and which."""

    followed: int = 0
    others: int = 0
    kinds: dict[Kind, int] = field(default_factory=dict)

    def add(self, kind: Kind | None) -> None:
        """One more patient; ``kind`` is what changes, if anything."""
        self.followed += 1
        if kind is not None:
            self.others += 1
            self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def join(self, more: Count) -> None:
        """Take in what was counted elsewhere."""
        self.followed += more.followed
        self.others += more.others
        for kind, number in more.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + number


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it is read: ``organization`` None for the whole country; ``words`` tells what was counted."""

    organization: str | None
    complete: bool
    at: str
    words: str
    count: Count


def begin(repo: Repository, library_reference: str) -> Resource:
    """Ask for the count of a version that is not released yet; an earlier count of it is thrown away.

    Raises Conflict for a version that is or was in force: its patients have been treated by it.
    """
    library = repo.read(library_reference)
    if lifecycle.was_in_force(library):
        raise Conflict("a version that was in force is not counted any more")
    for held in list(repo.search_all(f"MeasureReport?identifier={OF}|{library['id']}")):
        repo.delete(reference(held))
    words = words_of(repo, library)
    made = repo.update(_written(library, WHOLE, Count(), words, complete=False, at=instant_text(repo.now)))
    repo.enqueue(TOPIC, {"library": library_reference, "words": words, "seen": made["meta"]["versionId"], "next": ""})
    return made


def stands(repo: Repository, library: Resource, payload: Mapping[str, Any]) -> bool:
    """Whether a batch belongs to the count as it is: not once the version was edited, or another count was begun.

    ``payload``: ``words``, and ``seen``, the version of the country's report on which the batch builds.
    """
    held = repo.find(_name(library, WHOLE))
    if held is None or held["meta"]["versionId"] != payload.get("seen"):
        return False
    return words_of(repo, library) == payload["words"]


def words_of(repo: Repository, library: Resource) -> str:
    """A digest of what a version says: it stays through review and approval, and changes with any edit."""
    said = [dumps(work_of(one)) for one in [library, *collection.parts(repo, library)]]
    return hashlib.sha256(b"\0".join(said)).hexdigest()[:32]


def counted(repo: Repository, library: Resource, found: Mapping[str, Count], words: str, *, complete: bool) -> Resource:
    """Add a batch (establishment → count) to the reports of a version. The country's comes back as it is stored."""
    added: dict[Place, Count] = {WHOLE: Count()}
    for place, one in found.items():
        region = _region(repo, place)
        for held_by in (WHOLE, (ESTABLISHMENT, place), *([(REGION, region)] if region else [])):
            added.setdefault(held_by, Count()).join(one)
    held = repo.read_many([_name(library, place) for place in added])
    stored = {}
    for place, count in added.items():
        if (before := held.get(_name(library, place))) is not None:
            count.join(read(before).count)
        done = complete or place != WHOLE
        stored[place] = repo.update(_written(library, place, count, words, complete=done, at=instant_text(repo.now)))
    return stored[WHOLE]


def of(repo: Repository, library: Resource) -> Report | None:
    """The report of the whole country, if it was asked for."""
    held = repo.find(_name(library, WHOLE))
    return None if held is None else read(held)


def reports(library: Resource, level: str, change: str | None = None, after: str | None = None) -> str:
    """The query of a page of the reports of regions or of establishments, in the order of their keys; ``change`` (the
    code of a Kind) asks for those that count somebody with this change."""
    query = f"MeasureReport?identifier={OF}|{library['id']}&identifier={LEVEL}|{level}&_count={PAGE}"
    query += f"&identifier={CHANGE}|{quote(change)}" if change else ""
    return f"{query}&_cursor={after}" if after else query


def pathways_of(repo: Repository, library: Resource) -> list[str]:
    """Urls of the pathways through which a set reaches patients: its own, and those in force that depend on it."""
    return sorted({parse_canonical(one).url for one in collection.pathways(repo, library)})


def drafted(repo: Repository, library: Resource) -> dict[str, Resource]:
    """What would be in force: the artefacts of a version, by url."""
    return {one["url"]: one for one in collection.parts(repo, library)}


def read(report: Resource) -> Report:
    """A MeasureReport of ours, read."""
    count = Count()
    for group in report["group"]:
        populations = {one["code"]["coding"][0]["code"]: one["count"] for one in group["population"]}
        if FOLLOWED in populations:
            count.followed, count.others = populations[FOLLOWED], populations[OTHERS]
        else:
            said = tuple((lang, text(group["code"], "text", lang) or "") for lang in ("fr", "ar"))
            count.kinds[Kind(group["code"]["coding"][0]["code"], said)] = populations[OTHERS]
    place = report.get("reporter", {}).get("reference")
    return Report(place, report["status"] == DONE, report["date"], identifier(report, WORDS) or "", count)


def _region(repo: Repository, place: str) -> str | None:
    """The region in which an establishment lies, as far as the facility tree says; a ring in it ends."""
    seen: list[str] = []
    while place and place not in seen and (held := repo.find(place)) is not None:
        if any(code_in(kind, FACILITY_LEVEL) == REGION for kind in held.get("type", ())):
            return place
        seen.append(place)
        place = held.get("partOf", {}).get("reference", "")
    return None


def _name(library: Resource, place: Place) -> str:
    digest = hashlib.sha256(f"{canonical(library)} {' '.join(place)}".encode()).hexdigest()[:32]
    return f"MeasureReport/impact-{digest}"


def _written(library: Resource, place: Place, count: Count, words: str, *, complete: bool, at: str) -> Resource:
    made: Resource = {
        "resourceType": "MeasureReport",
        "id": _name(library, place).partition("/")[2],
        "language": "fr",
        "identifier": [
            {"system": OF, "value": library["id"]},
            {"system": WORDS, "value": words},
            {"system": LEVEL, "value": place[0]},
            *({"system": CHANGE, "value": kind.code} for kind in count.kinds),
        ],
        "status": DONE if complete else RUNNING,
        "type": "summary",
        "measure": MEASURE,
        "date": at,
        "period": {"start": at[:10], "end": at[:10]},
        "group": [
            {"population": [_population(FOLLOWED, count.followed), _population(OTHERS, count.others)]},
            *_kinds(count),
        ],
    }
    return made | ({"reporter": {"reference": place[1]}} if place[1] else {})


def _kinds(count: Count) -> Iterator[Resource]:
    for kind, number in count.kinds.items():
        said = dict(kind.said)
        code: dict[str, Any] = {"coding": [{"system": CHANGE, "code": kind.code}], "text": said["fr"]}
        yield {
            "code": translated(code, "text", {"ar": said["ar"]}),
            "population": [_population(OTHERS, number)],
        }


def _population(code: str, count: int) -> Resource:
    return {"code": {"coding": [{"system": POPULATION, "code": code}]}, "count": count}
