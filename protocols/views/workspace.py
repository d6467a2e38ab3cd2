"""The workspace of a version: what it is made of, what is missing, who may do what next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.access.actor import Actor
from app.fhir.resource import Resource
from app.fhir.translation import text
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from protocols import collection, lifecycle
from protocols.completeness import untranslated
from protocols.differences import artifact_diff
from protocols.presenters.changes import type_word
from protocols.presenters.plans import in_reading_order
from protocols.presenters.versions import present
from protocols.views import rereading


@dataclass(frozen=True, slots=True)
class Row:
    """One artefact of the version."""

    type: str
    id: str
    title: str
    word: str
    missing: int
    changes: int
    new: bool
    reread: int


@dataclass(frozen=True, slots=True)
class Step:
    """Something that can be done with the version now; ``refused`` says why somebody may not."""

    label: str
    url: str
    style: str = ""
    refused: str = ""


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>", "workspace", workspace)


def workspace(library_id: str) -> ResponseReturnValue:
    """The page of a version for those who make it."""
    actor = current_actor()
    with work(actor, reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        artefacts = in_order(collection.whole(repo, library))
        before = collection.predecessor(repo, library)
        old = {} if before is None else {one["url"]: one for one in collection.whole(repo, before)}
        reread = rereading.of(repo, library)
        behind = Counter(line.id for line in reread.lines)
        shown = [_row(one, old.get(one["url"]), before is not None, behind[one["id"]]) for one in artefacts]
    return render(
        "protocols/workspace.html",
        version=present(library, language()),
        before=before and present(before, language()),
        rows=shown,
        reread=reread,
        missing=sum(row.missing for row in shown),
        changed=sum(1 for row in shown if row.changes or row.new),
        steps=steps(actor, library),
        author=actor.key in lifecycle.authors(library),
        editable=lifecycle.state(library) == lifecycle.DRAFT and actor.may("protocol:write"),
    )


def in_order(artefacts: Sequence[Resource]) -> list[Resource]:
    """Rules first, in the order of a consultation, then forms, lists and orders, the set itself last."""
    plans = in_reading_order(one for one in artefacts if one["resourceType"] == "PlanDefinition")
    kinds = ("Questionnaire", "ValueSet", "CodeSystem", "ConceptMap", "ActivityDefinition", "Library")
    return plans + [one for kind in kinds for one in artefacts if one["resourceType"] == kind]


def steps(actor: Actor, library: Resource) -> list[Step]:
    """What this person can do with a version in its state; the first is the usual one."""
    own = actor.key in lifecycle.authors(library)
    eyes = _("You wrote in this version: somebody else has to approve and release it.") if own else ""

    def to(endpoint: str) -> str:
        return url_for(f"protocols.{endpoint}", library_id=library["id"])

    table = {
        lifecycle.DRAFT: (
            ("protocol:write", Step(_("Submit for review"), to("submit"), "primary")),
            ("protocol:write", Step(_("Withdraw the draft"), to("withdraw"), "danger")),
        ),
        lifecycle.IN_REVIEW: (
            ("protocol:approve", Step(_("Approve"), to("approve"), "primary", eyes)),
            ("protocol:review", Step(_("Send back to its authors"), to("send_back"))),
        ),
        lifecycle.APPROVED: (
            ("protocol:release", Step(_("Release"), to("release"), "primary", eyes)),
            ("protocol:approve", Step(_("Take the approval back"), to("reopen"))),
        ),
        lifecycle.RELEASED: (
            ("protocol:write", Step(_("Begin a new version"), to("draft"), "primary")),
            ("protocol:retire", Step(_("Retire without a successor"), to("retire"), "danger")),
        ),
        lifecycle.RETIRED: (("protocol:write", Step(_("Begin a new version from this one"), to("draft"))),),
    }
    return [step for grant, step in table[lifecycle.state(library)] if actor.may(grant)]


def _row(artefact: Resource, before: Resource | None, compared: bool, reread: int) -> Row:
    return Row(
        type=artefact["resourceType"],
        id=artefact["id"],
        title=text(artefact, "title", language()) or artefact["url"],
        word=type_word(artefact["resourceType"]),
        missing=len(untranslated(artefact)),
        changes=len(artifact_diff(before, artefact)) if before is not None else 0,
        new=compared and before is None,
        reread=reread,
    )
