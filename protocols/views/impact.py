"""What a version would change for the patients who are followed: asked for here, counted by the worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import Conflict
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.errors import told
from app.web.form import Form
from protocols import impact, lifecycle
from protocols.impact import Count, Report
from protocols.presenters.versions import present


@dataclass(frozen=True, slots=True)
class Line:
    """Some patients, and what changes for them: code and words of each kind, with how many, most first.

    ``within`` names the region.
    """

    name: str
    followed: int
    others: int
    kinds: tuple[tuple[str, str, int], ...]
    within: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """The count of the whole country as pages show it; ``outdated``: the draft says something else since."""

    line: Line
    complete: bool
    at: str
    outdated: bool


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>/impact", "impact", page, methods=["GET", "POST"])


def page(library_id: str) -> ResponseReturnValue:
    """The counts by region and by establishment, of everything or (``?change=``) of one change; a POST asks for them
    anew."""
    actor = current_actor()
    form = Form.opened()
    if form.accepted():
        try:
            with work(actor) as repo:
                impact.begin(repo, f"Library/{library_id}")
        except Conflict as error:
            flash(told(error), "error")
        return redirect(url_for("protocols.impact", library_id=library_id), 303)
    with work(actor, reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        whole = shown(repo, library)
        change = request.args.get("change")
        after = request.args.get("after")
        regions = repo.search(impact.reports(library, impact.REGION, change)).resources if after is None else []
        found = repo.search(impact.reports(library, impact.ESTABLISHMENT, change, after))
    return render(
        "protocols/impact.html",
        form=form,
        version=present(library, language()),
        whole=whole,
        regions=_lines(regions, change),
        lines=_lines(found.resources, change),
        change=next((one for one in whole.line.kinds if one[0] == change), None) if whole else None,
        next=found.cursor,
        after=after,
        open=not lifecycle.was_in_force(library),
    )


def shown(repo: Repository, library: Resource) -> Shown | None:
    """The count of a version, if it was asked for."""
    report: Report | None = impact.of(repo, library)
    if report is None:
        return None
    outdated = report.words != impact.words_of(repo, library)
    return Shown(_line(_("All establishments"), report.count), report.complete, report.at, outdated)


def _lines(reports: Iterable[Resource], change: str | None) -> list[Line]:
    """Each organization with its count, or with that of one change."""
    lines = []
    for report in map(impact.read, reports):
        name, line = report.organization or "", _line("", report.count)
        kinds = tuple(kind for kind in line.kinds if change in (None, kind[0]))
        others = line.others if change is None else sum(number for _, _, number in kinds)
        lines.append(replace(line, name=facility_tree.name_of(name), others=others, kinds=kinds, within=_region(name)))
    return lines


def _region(reference: str) -> str:
    above = facility_tree.tree().above(reference)
    return next((node.name for node in above if node.level == impact.REGION), "")


def _line(name: str, count: Count) -> Line:
    most = sorted(count.kinds.items(), key=lambda pair: (-pair[1], pair[0].code))
    kinds = tuple((kind.code, dict(kind.said)[language()], number) for kind, number in most)
    return Line(name, count.followed, count.others, kinds)
