"""Two lists: the protocols and pathways in force for everybody, and all versions at work for the Ministry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from protocols import collection, lifecycle
from protocols.presenters.versions import Version, present


@dataclass(frozen=True, slots=True)
class Row:
    """One set: its version in force, and the one being worked on."""

    title: str
    in_force: Version | None
    coming: Version | None
    last: Version

    @property
    def newest(self) -> Version:
        """The version that names the set."""
        return self.in_force or self.coming or self.last


def add_to(pages: Blueprint) -> None:
    """The two lists."""
    pages.add_url_rule("/protocols", "protocols", protocols)
    pages.add_url_rule("/releases", "releases", releases)


def protocols() -> ResponseReturnValue:
    """What is in force; the Ministry also sees what is coming."""
    actor = current_actor()
    with work(actor, reading=True) as repo:
        found = rows(repo, language())
    shown = found if actor.may("release:read") else [row for row in found if row.in_force]
    return render("protocols/protocols.html", rows=shown)


def releases() -> ResponseReturnValue:
    """What somebody of the Ministry has to do now, then all sets with their versions."""
    with work(current_actor(), reading=True) as repo:
        found = rows(repo, language())
    groups = {
        state: [row.coming for row in found if row.coming and row.coming.state == state]
        for state in (lifecycle.IN_REVIEW, lifecycle.APPROVED, lifecycle.DRAFT)
    }
    return render("protocols/releases.html", rows=found, groups=groups)


def rows(repo: Repository, lang: str) -> list[Row]:
    """The sets by title."""
    by_url: dict[str, list[Resource]] = {}
    for library in repo.search_all(collection.SETS):
        by_url.setdefault(library["url"], []).append(library)
    return sorted((_row(held, lang) for held in by_url.values()), key=lambda row: row.title)


def _row(held: Iterable[Resource], lang: str) -> Row:
    versions = [
        present(one, lang)
        for one in sorted(held, key=lambda library: collection.version_key(library["version"]), reverse=True)
    ]
    in_force = next((one for one in versions if one.state == lifecycle.RELEASED), None)
    open_ = next((one for one in versions if one.state not in (lifecycle.RELEASED, lifecycle.RETIRED)), None)
    return Row((in_force or versions[0]).title, in_force, open_, versions[0])
