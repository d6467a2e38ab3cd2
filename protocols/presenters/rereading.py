"""Translations to be re-read, and those that were confirmed, as somebody reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from app.fhir.resource import Resource
from app.fhir.translation import text
from protocols.presenters.changes import named, place_word
from protocols.presenters.placeholders import isolated
from protocols.rereading import Confirmation, Stale
from protocols.wording import part_of


@dataclass(frozen=True, slots=True)
class ToReread:
    """One text: ``changed`` is the language that has changed, ``behind`` the one that has not; ``part`` where it is
    edited."""

    name: str
    type: str
    id: str
    part: str
    title: str
    place: str
    label: str
    changed: str
    behind: str
    before: str
    now: str
    other: str

    @property
    def said(self) -> str:
        """What happened, in words."""
        if self.behind == "ar":
            return str(_("The French text has changed, the Arabic has not:"))
        return str(_("The Arabic text has changed, the French has not:"))

    @property
    def confirming(self) -> str:
        """What somebody confirms."""
        if self.behind == "ar":
            return str(_("I have read it again: the Arabic still says the same"))
        return str(_("I have read it again: the French still says the same"))


@dataclass(frozen=True, slots=True)
class Held:
    """A translation that somebody confirmed."""

    title: str
    place: str
    by: str
    day: str


def to_reread(found: Iterable[Stale], lang: str) -> list[ToReread]:
    """Lines in the page's language, in the order of the set."""
    return [_line(one, lang) for one in found]


def confirmed(found: Iterable[tuple[Resource, Confirmation]], lang: str) -> list[Held]:
    """The confirmations of a version."""
    return [Held(text(one, "title", lang) or one["url"], said.place, said.named(lang), said.day) for one, said in found]


def _line(one: Stale, lang: str) -> ToReread:
    words = dict(zip(("fr", "ar"), one.text.wording, strict=True))
    changed = "fr" if one.behind == "ar" else "ar"
    field = str(one.text.path[-1])
    around = [named(element, lang) for element in one.text.within[1:]]
    return ToReread(
        name=one.name,
        type=one.artefact["resourceType"],
        id=one.artefact["id"],
        part=part_of(one.artefact, one.text.path),
        title=text(one.artefact, "title", lang) or one.artefact["url"],
        place=" › ".join(dict.fromkeys(place for place in around if place)),
        label=place_word(field, one.text.within[-1]),
        changed=changed,
        behind=one.behind,
        before=isolated(one.agreed[0 if changed == "fr" else 1]),
        now=isolated(words[changed]),
        other=isolated(words[one.behind]),
    )
