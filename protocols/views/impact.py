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
from app.i18n import language, num
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.errors import told
from app.web.form import Form
from app.web.storing import store
from protocols import impact, impact_reports, lifecycle
from protocols.impact_reports import Figures, Report
from protocols.presenters.versions import present
from protocols.small_numbers import SMALL, Figure


@dataclass(frozen=True, slots=True)
class Line:
    """Some patients, and what changes for them: code and words of each kind, with how many, most first.

    ``within`` names the region. Each number is in words: also why it is not told.
    """

    name: str
    followed: str
    others: str
    kinds: tuple[tuple[str, str, str], ...]
    within: str = ""

    @property
    def share(self) -> str:
        """How many of how many; of a few patients only that they are few."""
        if not self.followed[0].isdigit():
            return self.followed
        return _("%(others)s of %(followed)s", others=self.others, followed=self.followed)


@dataclass(frozen=True, slots=True)
class Shown:
    """The count of the whole country as pages show it; ``outdated``: the draft says something else since.
    ``looked_at``: how many patients so far, while it is not complete; ``smallest``: the smallest number told below."""

    line: Line
    complete: bool
    at: str
    outdated: bool
    looked_at: int
    smallest: int


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
            store(lambda repo: impact.begin(repo, f"Library/{library_id}"))
        except Conflict as error:
            flash(told(error), "error")
        return redirect(url_for("protocols.impact", library_id=library_id), 303)
    with work(actor, reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        whole = shown(repo, library)
        change = request.args.get("change")
        after = request.args.get("after")
        regions = (
            repo.search(impact_reports.query(library, impact_reports.REGION, change)).resources if after is None else []
        )
        found = repo.search(impact_reports.query(library, impact_reports.ESTABLISHMENT, change, after))
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
    report = impact_reports.of(repo, library)
    if report is None:
        return None
    return Shown(
        _line(_("All establishments"), report),
        report.complete,
        report.at,
        report.words != impact.words_of(repo, library),
        0 if report.complete else impact.progress(repo, library),
        report.smallest,
    )


def _lines(reports: Iterable[Resource], change: str | None) -> list[Line]:
    """Each organization with its count, or with that of one change."""
    lines = []
    for report in map(impact_reports.read, reports):
        name, line = report.organization or "", _line("", report)
        if change is not None:
            others = next((figure for code, _said, figure in line.kinds if code == change), line.others)
            line = replace(line, others=others, kinds=())
        lines.append(replace(line, name=facility_tree.name_of(name), within=_region(name)))
    return lines


def _region(reference: str) -> str:
    above = facility_tree.tree().above(reference)
    return next((node.name for node in above if node.level == impact_reports.REGION), "")


def _line(name: str, report: Report) -> Line:
    count: Figures = report.count
    most = sorted(count.kinds.items(), key=lambda pair: (-_size(pair[1]), pair[0].code))
    kinds = tuple((kind.code, dict(kind.said)[language()], _told(figure, report)) for kind, figure in most)
    return Line(name, _told(count.followed, report), _told(count.others, report), kinds)


def _size(figure: Figure) -> int:
    return figure if isinstance(figure, int) else 0


def _told(figure: Figure, report: Report) -> str:
    """A figure in words: the number, that it is small, or that it is not told."""
    if isinstance(figure, int):
        return num(figure)
    return _("fewer than %(number)s", number=num(report.smallest)) if figure == SMALL else _("not shown")
