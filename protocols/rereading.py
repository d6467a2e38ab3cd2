"""Translations left behind: a French text that changed while its Arabic stayed as it was, or the other way round.

A pair of texts *agrees* when the version before had it, when both were written together, or when somebody confirmed
that it holds. A text is to be re-read while only one side of the last agreeing pair has changed. Confirmations stand on
the artefact, in its lifecycle, with the name, the day and a digest of both texts: they hold for those very words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.access.actor import Actor
from app.errors import Issue
from app.fhir.resource import Resource, extension, reference
from app.fhir.translation import translations
from protocols import lifecycle
from protocols.completeness import NOT_READ, READ_BY_PEOPLE, is_text
from protocols.differences import keyed
from protocols.wording import repeats

HOLDS = "translation-holds"
Wording = tuple[str, str]
"""French, Arabic."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Worded:
    """A text of an artefact: ``path`` in its JSON; ``within`` are the elements around it, outermost first."""

    path: Path
    wording: Wording
    within: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """A text to be re-read in the language ``behind`` (fr or ar): the other one has changed since they ``agreed``."""

    artefact: Resource
    text: Worded
    agreed: Wording
    behind: str

    @property
    def expression(self) -> str:
        """FHIRPath of the text: ``PlanDefinition.action[0].title``."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.text.path)
        return f"{self.artefact['resourceType']}{''.join(steps)}"

    @property
    def name(self) -> str:
        """What names it among all texts of a set: ``PlanDefinition/<id>#action[0].title``."""
        return f"{reference(self.artefact)}#{self.expression.partition('.')[2]}"

    @property
    def issue(self) -> Issue:
        """It as a warning."""
        of: dict[str, Any] = {"expression": self.expression, "severity": "warning", "values": {"path": self.name}}
        if self.behind == "ar":
            return Issue("{path}: the French text has changed and the Arabic has not: read it again", "invariant", **of)
        return Issue("{path}: the Arabic text has changed and the French has not: read it again", "invariant", **of)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody's word that a translation still holds; ``by_ar`` is the name in Arabic letters, where it is known."""

    place: str
    by: str
    day: str
    digest: str
    by_ar: str = ""

    def named(self, lang: str) -> str:
        """Whose word it is, in the script of a language."""
        return self.by_ar or self.by if lang == "ar" else self.by


def stale(before: Resource | None, drafts: Sequence[Resource]) -> list[Stale]:
    """What is to be re-read in an artefact: ``before`` is the version it follows, ``drafts`` what was saved since.

    ``drafts`` are oldest first, the artefact as it stands last; without a version before, the first of them agrees.
    """
    artefact = drafts[-1]
    confirmed = {one.digest for one in confirmations(artefact)}
    agreed: dict[str, Wording] = {}
    found: dict[str, Worded] = {}
    for version in ([] if before is None else [before]) + list(drafts):
        found = worded(version)
        agreed = {key: _agreed(agreed.get(key), text.wording, confirmed) for key, text in found.items()}
    return [
        Stale(artefact, text, agreed[key], "ar" if _same(agreed[key][1], text.wording[1]) else "fr")
        for key, text in found.items()
        if "" not in text.wording and not _equal(agreed[key], text.wording)
    ]


def worded(resource: Resource) -> dict[str, Worded]:
    """Every text that people read in both languages, by a name that stays when others are put before it."""
    return {"/".join(name): Worded(path, pair, within) for name, path, pair, within in _texts(resource, (), (), ())}


def confirmations(artefact: Resource) -> list[Confirmation]:
    """What was confirmed in this version of an artefact, oldest first."""
    return [_confirmation(one) for one in lifecycle.records(artefact, HOLDS)]


def confirming(holding: Iterable[Stale], *, actor: Actor, day: str) -> list[Resource]:
    """The parts of a lifecycle that put these confirmations on record, in the name of whoever gives them."""
    return [_record(one.expression, one.text.wording, actor, day) for one in holding]


def holding(found: Iterable[Stale], named: Collection[str]) -> tuple[list[Stale], list[Stale]]:
    """(those that are named, the others)."""
    texts = list(found)
    return [one for one in texts if one.name in named], [one for one in texts if one.name not in named]


def digest(wording: Wording) -> str:
    """What a confirmation holds for: these two texts, whatever the spaces between their words."""
    return hashlib.sha256("\0".join(map(_plain, wording)).encode()).hexdigest()


def _record(place: str, wording: Wording, actor: Actor, day: str) -> Resource:
    values = {
        "place": {"valueString": place},
        lifecycle.SIGNED: {"valueString": actor.key},
        "by": lifecycle.named(actor),
        "on": {"valueDate": day},
        "wording": {"valueString": digest(wording)},
    }
    return {"url": HOLDS, "extension": [{"url": name} | value for name, value in values.items()]}


def _confirmation(record: Resource) -> Confirmation:
    parts = {part["url"]: part for part in record["extension"]}
    place, by, day, wording = (str(extension(record, name) or "") for name in ("place", "by", "on", "wording"))
    return Confirmation(place, by, day, wording, translations(parts.get("by"), "valueString").get("ar", ""))


def _agreed(last: Wording | None, now: Wording, confirmed: Collection[str]) -> Wording:
    """The last pair of texts that agreed, once another pair is written; what lacks a text yet says nothing."""
    if last is None or "" in last:
        return now
    if "" in now:
        return last
    both_changed = not (_same(last[0], now[0]) or _same(last[1], now[1]))
    return now if both_changed or _equal(last, now) or digest(now) in confirmed else last


def _equal(one: Wording, other: Wording) -> bool:
    return _same(one[0], other[0]) and _same(one[1], other[1])


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _texts(
    element: Resource, name: tuple[str, ...], path: Path, around: tuple[Resource, ...]
) -> Iterator[tuple[tuple[str, ...], Path, Wording, tuple[Resource, ...]]]:
    within = (*around, element)
    for key, value in element.items():
        if key in NOT_READ or key.startswith("_"):
            continue
        if isinstance(value, str):
            if key in READ_BY_PEOPLE and is_text(element, key) and not repeats(element, key):
                yield (*name, key), (*path, key), (value, translations(element, key).get("ar", "")), within
        elif isinstance(value, dict):
            yield from _texts(value, (*name, key), (*path, key), within)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for item_name, (index, item) in keyed(value).items():
                yield from _texts(item, (*name, key, item_name), (*path, key, index), within)
