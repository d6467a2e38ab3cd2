"""*My day*: the first page of a health centre; for those who watch over several, the counts of each."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.access.actor import Actor
from app.fhir.repository import Repository
from app.i18n import language
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.facility_tree import Node
from pathways import worklist
from pathways.presenters.worklist import rows
from pathways.views.enrol import pathways_in_force
from protocols import acknowledging
from protocols.presenters.versions import present

FEW = 10
"""Rows of each group on the page that shows all groups."""


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One establishment, or one part of the country, with its counts by group."""

    node: Node
    counts: dict[str, int]


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/my-day", "my_day", my_day)


def my_day() -> ResponseReturnValue:
    """All groups, a few rows each; or one group, paged by key; or, over several establishments, their counts."""
    actor = current_actor()
    place = _place(actor)
    one = request.args.get("group") if request.args.get("group") in worklist.GROUPS else None
    organizations = establishments(actor, place)
    below = facility_tree.tree().nodes[place].children if place in facility_tree.tree().nodes else []
    with work(actor, reading=True) as repo:
        if below and not one and len(organizations) > 1 and not actor.may("visit:record"):
            here = facility_tree.tree().nodes[place]
            lines = _counted(repo, [place, *below], actor)
            return render("pathways/places.html", here=here, lines=lines, titles=titles())
        groups, count = ((one,), worklist.PAGE) if one else (worklist.GROUPS, FEW)
        lists = [
            worklist.listed(repo, organizations, group, count=count, after=request.args.get("after"))
            for group in groups
        ]
        shown = rows(repo, lists, pathways_in_force(repo), language())
        unread = [present(one, language()) for one in acknowledging.unread(repo)]
    return render(
        "pathways/my_day.html",
        lists=lists,
        rows=shown,
        titles=titles(),
        by_risk=worklist.BY_RISK,
        one=one,
        place=facility_tree.name_of(place) if "place" in request.args else "",
        asked={key: request.args[key] for key in ("place",) if key in request.args},
        several=len(organizations) > 1,
        unread=unread,
    )


def _place(actor: Actor) -> str:
    """The establishment that is looked at: one's own, or one beneath it."""
    asked = request.args.get("place", "")
    return asked if asked in (actor.organizations or ()) else actor.organization or ""


def establishments(actor: Actor, place: str | None = None) -> list[str]:
    """The establishments whose day it is: one's own, or those of a delegate; those beneath ``place`` alone."""
    mine = actor.organizations or ({actor.organization} if actor.organization else set())
    if place and place != actor.organization:
        return sorted(set(mine) & facility_tree.subtree(place))
    return sorted(mine)


def _counted(repo: Repository, places: list[str], actor: Actor) -> list[PlaceLine]:
    """The whole first, then each part: as many queries for a country as for a commune."""
    nodes = facility_tree.tree().nodes
    counted = worklist.counts(repo, establishments(actor, places[0]))
    return [
        PlaceLine(
            nodes[one], worklist.together(counted[held] for held in establishments(actor, one) if held in counted)
        )
        for one in places
    ]


def titles() -> dict[str, tuple[str, str]]:
    """Group → (title, what appears here)."""
    return {
        worklist.BACK: (_("Back from hospital"), _("Patients whom a hospital has answered appear here.")),
        worklist.DECISIONS: (_("To decide"), _("Visits whose next step waits for a decision appear here.")),
        worklist.TODAY: (_("Due today"), _("Patients who are expected today appear here.")),
        worklist.LATE: (_("Overdue"), _("Patients who did not come in time appear here.")),
        worklist.CALLS: (
            _("To call"),
            _("Patients who have not come for more than %(days)s days appear here.", days=worklist.CALL_AFTER),
        ),
        worklist.SOON: (_("Next seven days"), _("Patients who are expected within seven days appear here.")),
    }
