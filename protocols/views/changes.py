"""What a version changes against the one in force, all of it."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from protocols import collection
from protocols.differences import set_diff
from protocols.presenters import changes as words
from protocols.presenters.values import medicines
from protocols.presenters.versions import present


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>/changes", "changes", changes)


def changes(library_id: str) -> ResponseReturnValue:
    """The readable difference, artefact by artefact."""
    with work(current_actor(), reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        before = collection.predecessor(repo, library)
        found = changed(repo, library, before)
    return render(
        "protocols/changes.html",
        version=present(library, language()),
        before=before and present(before, language()),
        changed=found,
    )


def changed(repo: Repository, library: Resource, before: Resource | None) -> list[words.ChangedArtefact]:
    """The artefacts of a version that differ from those of another; none where there is no other."""
    if before is None:
        return []
    old, new = (collection.whole(repo, one) for one in (before, library))
    return words.present(set_diff(old, new), language(), medicines([*old, *new], language()))
