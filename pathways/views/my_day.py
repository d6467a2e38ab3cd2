"""*My day*: the first page of a health centre."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.access.actor import Actor
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from pathways import worklist
from pathways.presenters.worklist import rows
from pathways.views.enrol import pathways_in_force

FEW = 10
"""Rows of each group on the page that shows all groups."""


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/my-day", "my_day", my_day)


def my_day() -> ResponseReturnValue:
    """All groups, a few rows each; or one group, paged by key."""
    actor = current_actor()
    one = request.args.get("group")
    groups = (one,) if one in worklist.GROUPS else worklist.GROUPS
    count = worklist.PAGE if one in worklist.GROUPS else FEW
    with work(actor, reading=True) as repo:
        lists = [
            worklist.listed(repo, establishments(actor), group, count=count, after=request.args.get("after"))
            for group in groups
        ]
        shown = rows(repo, lists, pathways_in_force(repo), language())
    return render("pathways/my_day.html", lists=lists, rows=shown, titles=titles(), one=one in worklist.GROUPS)


def establishments(actor: Actor) -> list[str]:
    """The establishments whose day it is: one's own, or those of a delegate."""
    return sorted(actor.organizations or ([actor.organization] if actor.organization else []))


def titles() -> dict[str, tuple[str, str]]:
    """Group → (title, what appears here)."""
    return {
        worklist.BACK: (_("Back from hospital"), _("Patients whom a hospital has answered appear here.")),
        worklist.DECISIONS: (_("To decide"), _("Visits whose next step waits for a decision appear here.")),
        worklist.TODAY: (_("Due today"), _("Patients who are expected today appear here.")),
        worklist.LATE: (_("Overdue"), _("Patients who did not come in time appear here.")),
        worklist.SOON: (_("Next seven days"), _("Patients who are expected within seven days appear here.")),
    }
