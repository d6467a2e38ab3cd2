"""The translations of a version that are to be re-read, found in the store, and the word of those who read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from app.errors import Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, parse_canonical, reference
from protocols import lifecycle, rereading
from protocols.collection import pins, predecessor, whole
from protocols.rereading import Confirmation, Stale


def to_reread(repo: Repository, library: Resource) -> list[Stale]:
    """Texts of a version not yet released whose other language was left behind, artefact by artefact."""
    if lifecycle.was_in_force(library):
        return []
    before = predecessor(repo, library)
    old = {} if before is None else {one["url"]: one for one in whole(repo, before)}
    return [
        found for artefact in whole(repo, library) for found in left_behind(repo, artefact, old.get(artefact["url"]))
    ]


def left_behind(repo: Repository, artefact: Resource, before: Resource | None) -> list[Stale]:
    """The same of one artefact, against the version that it follows. Its history is read only where a text differs."""
    if before is not None:
        old, new = rereading.worded(before), rereading.worded(artefact)
        if all(key not in old or old[key].wording == text.wording for key, text in new.items()):
            return []
    return rereading.stale(before, _saved(repo, artefact))


def before_of(repo: Repository, library: Resource, artefact: Resource) -> Resource | None:
    """The artefact that one of a draft follows, if there is one."""
    before = predecessor(repo, library)
    if before is None or before["url"] == artefact["url"]:
        return before
    pinned = next((pin for pin in pins(before) if parse_canonical(pin).url == artefact["url"]), None)
    return None if pinned is None else repo.canonical(pinned)


def confirmed_in(repo: Repository, library: Resource) -> list[tuple[Resource, Confirmation]]:
    """What was confirmed in a version: the artefact, and whose word it is."""
    return [(one, held) for one in whole(repo, library) for held in rereading.confirmations(one)]


def taken_at_their_word(repo: Repository, library: Resource, named: Collection[str]) -> dict[str, list[Resource]]:
    """Confirmations to put on record, by canonical of the artefact.

    Raises Invalid with an issue for each text to be re-read that is not among the ``named`` (``Stale.name``).
    """
    holding, left = rereading.holding(to_reread(repo, library), named)
    if left:
        issues = [replace(one.issue, severity="error") for one in left]
        raise Invalid(
            "{count} translations are to be re-read: correct them, or confirm each that still holds",
            count=len(left),
            issues=issues,
        )
    return {
        name: records(repo, (one for one in holding if canonical(one.artefact) == name))
        for name in {canonical(one.artefact) for one in holding}
    }


def records(repo: Repository, holding: Iterable[Stale]) -> list[Resource]:
    """Parts of a lifecycle: whoever acts confirms these translations today."""
    return rereading.confirming(holding, actor=repo.actor, day=repo.today.isoformat())


def _saved(repo: Repository, artefact: Resource) -> list[Resource]:
    """Every state of a draft since it was begun, oldest first."""
    if artefact["meta"]["versionId"] == "1":
        return [artefact]
    states: list[Resource] = []
    for one in repo.history(reference(artefact), count=1000):
        if one.deleted:
            break
        states.append(one.resource)
    return [*reversed(states)]
