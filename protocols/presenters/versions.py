"""Versions of a set: state in words, since when, by whom."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from app.fhir.resource import Resource
from app.fhir.translation import text
from protocols import lifecycle

KINDS = {
    lifecycle.DRAFT: "quiet",
    lifecycle.IN_REVIEW: "now",
    lifecycle.APPROVED: "now",
    lifecycle.RELEASED: "good",
    lifecycle.RETIRED: "quiet",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a set as lists and pages show it."""

    id: str
    title: str
    description: str
    number: str
    state: str
    word: str
    tag: str
    since: str
    until: str
    approved: str
    approved_by: str
    released_by: str
    submitted_by: str
    comment: str
    planned: bool
    seen: int
    name: str


def words() -> dict[str, str]:
    """State → word."""
    return {
        lifecycle.DRAFT: _("draft"),
        lifecycle.IN_REVIEW: _("in review"),
        lifecycle.APPROVED: _("approved"),
        lifecycle.RELEASED: _("in force"),
        lifecycle.RETIRED: _("retired"),
    }


def present(library: Resource, lang: str) -> Version:
    """A Library as a version."""
    state = lifecycle.state(library)
    period = library.get("effectivePeriod", {})
    planned = state == lifecycle.APPROVED and "start" in period
    return Version(
        id=library["id"],
        title=text(library, "title", lang) or library["url"],
        description=text(library, "description", lang) or "",
        number=library["version"],
        state=state,
        word=_("approved, release planned") if planned else words()[state],
        tag=KINDS[state],
        since=period.get("start") or library.get("date", "")[:10],
        until=period.get("end", ""),
        approved=library.get("approvalDate", ""),
        approved_by=lifecycle.note(library, "approved-by", lang) or "",
        released_by=lifecycle.note(library, "released-by", lang) or "",
        submitted_by=lifecycle.note(library, "submitted-by", lang) or "",
        comment=lifecycle.note(library, "comment") or "",
        planned=planned,
        seen=int(library["meta"]["versionId"]),
        name=library["url"].rsplit("/", 1)[-1],
    )
