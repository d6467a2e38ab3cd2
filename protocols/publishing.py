"""The verbs of publishing (CRMI ``$draft $review $approve $release $retire $withdraw``), over a whole set at once.

Each works on a Library and everything it is composed of, in one transaction, and leaves through Moves that the guard
checks again. http://hl7.org/fhir/uv/crmi/artifact-operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from app.clock import instant_text
from app.errors import Conflict, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical
from protocols import lifecycle
from protocols.collection import in_force, next_version, parts, refuse_taken, repinned, version_key
from protocols.completeness import untranslated

Check = Callable[[Sequence[Resource], Callable[[str], Resource]], Iterable[Issue]]
"""What a feature looks for in the artefacts of a set before they are released."""
NEWLY_DRAFTED = ("meta", "approvalDate", "lastReviewDate", "effectivePeriod", "text")


def draft(repo: Repository, library_reference: str, version: str | None = None) -> Resource:
    """Begin a new version of a set: copies of all its artefacts, as drafts. The new Library comes back.

    Raises Conflict (the version exists, or another draft is open), Invalid (no semantic version).
    """
    source = repo.read(library_reference)
    number = version or next_version(source["version"])
    version_key(number)
    refuse_taken(repo, source["url"], number)
    for part in parts(repo, source):
        repo.create(_drafted(repo, part, number))
    return repo.create(_drafted(repo, repinned(source, number), number))


def edit(repo: Repository, library_reference: str, changed: Resource, *, seen_version: int | None = None) -> Resource:
    """Replace one artefact of a draft (or the Library itself); its author is remembered on it and on the set.

    Raises Conflict (not a draft, or not of this set), PreconditionFailed (somebody else saved since).
    """
    library = repo.read(library_reference)
    if lifecycle.state(library) != lifecycle.DRAFT:
        raise Conflict("a version that is {state} does not change: draft a new version", state=lifecycle.state(library))
    if changed["resourceType"] != "Library" and canonical(changed) not in _pins(library):
        raise Conflict("{artefact} is not of this version", artefact=canonical(changed))
    stored = repo.update(_as(repo, changed, lifecycle.DRAFT, writes=True), if_match=seen_version)
    if stored["resourceType"] != "Library" and repo.actor.key not in lifecycle.authors(library):
        repo.update(_as(repo, library, lifecycle.DRAFT, writes=True))
    return stored


def submit(repo: Repository, library_reference: str, *, comment: str = "") -> Resource:
    """Hand a draft in for review. Raises Invalid listing every text that lacks French or Arabic."""
    library = repo.read(library_reference)
    _refuse_incomplete(repo, library, ())
    return _move(repo, library, lifecycle.IN_REVIEW, comment=comment, submitted_by=repo.actor.name)


def send_back(repo: Repository, library_reference: str, *, comment: str) -> Resource:
    """Give a draft back to its authors, saying what is to be changed."""
    if not comment.strip():
        raise Invalid("say what is to be changed", expression="comment")
    return _move(repo, repo.read(library_reference), lifecycle.DRAFT, comment=comment)


def approve(repo: Repository, library_reference: str, *, comment: str = "") -> Resource:
    """Approve what another wrote. Raises Forbidden on one's own work."""
    library = repo.read(library_reference)
    day = {"approvalDate": repo.today.isoformat(), "lastReviewDate": repo.today.isoformat()}
    return _move(repo, library, lifecycle.APPROVED, marks=day, comment=comment, approved_by=repo.actor.name)


def reopen(repo: Repository, library_reference: str, *, comment: str) -> Resource:
    """Take an approval back, so that the draft can be changed again."""
    if not comment.strip():
        raise Invalid("say what is to be changed", expression="comment")
    return _move(repo, repo.read(library_reference), lifecycle.DRAFT, comment=comment)


def release(
    repo: Repository, library_reference: str, *, effective: date | None = None, checks: Sequence[Check] = ()
) -> Resource:
    """Put an approved version into force; its predecessor is retired in the same transaction.

    ``effective`` in the future schedules it: ``release_due`` releases it on that day. Raises Conflict (not approved),
    Forbidden (own work), Invalid (a text is missing in one language, or a check of a feature complains).
    """
    library = repo.read(library_reference)
    _refuse_incomplete(repo, library, checks)
    day = effective or repo.today
    period = {"effectivePeriod": {"start": day.isoformat()}}
    if day > repo.today:
        return _move(repo, library, lifecycle.APPROVED, marks=period, released_by=repo.actor.name)
    lifecycle.allowed(repo.actor, library, lifecycle.written(library, lifecycle.RELEASED))
    if (predecessor := in_force(repo, library["url"])) is not None:
        _retire(repo, predecessor, day)
    return _move(repo, library, lifecycle.RELEASED, marks=period, released_by=repo.actor.name)


def release_due(repo: Repository, *, checks: Sequence[Check] = ()) -> list[Resource]:
    """Release what was approved and scheduled for today or earlier."""
    due = []
    for library in repo.search_all("Library?status=draft"):
        start = library.get("effectivePeriod", {}).get("start", "9999")
        if lifecycle.state(library) == lifecycle.APPROVED and start <= repo.today.isoformat():
            due.append(release(repo, f"Library/{library['id']}", checks=checks))
    return due


def retire(repo: Repository, library_reference: str) -> Resource:
    """Take a released version out of force without a successor."""
    return _retire(repo, repo.read(library_reference), repo.today)


def withdraw(repo: Repository, library_reference: str) -> None:
    """Delete a draft with all its artefacts. Raises Conflict when it is no draft any more."""
    library = repo.read(library_reference)
    lifecycle.allowed(repo.actor, library, None)
    artefacts = parts(repo, library)
    repo.delete(library_reference)
    for part in artefacts:
        repo.delete(f"{part['resourceType']}/{part['id']}")


def _drafted(repo: Repository, source: Resource, version: str) -> Resource:
    bare = {key: value for key, value in source.items() if key not in NEWLY_DRAFTED}
    bare = bare | {"extension": [e for e in bare.get("extension", []) if e.get("url") != lifecycle.URL]}
    name = source["url"].rsplit("/", 1)[-1]
    fresh = bare | {"id": f"{name}-{version}"[:64], "version": version, "date": repo.today.isoformat()}
    return _as(repo, fresh, lifecycle.DRAFT, writes=True)


def _as(repo: Repository, resource: Resource, state: str, *, writes: bool = False, **notes: str) -> Resource:
    return lifecycle.written(resource, state, author=repo.actor.key if writes else None, **notes)


def _move(repo: Repository, library: Resource, state: str, *, marks: Resource | None = None, **notes: str) -> Resource:
    """Bring the set and then each artefact into a state (in this order: a part follows its set)."""
    after = _as(repo, library | (marks or {}), state, **notes)
    lifecycle.allowed(repo.actor, library, after)
    artefacts = parts(repo, library)
    stored = repo.update(after | {"date": instant_text(repo.now)})
    for part in artefacts:
        repo.update(_as(repo, part | (marks or {}), state))
    return stored


def _retire(repo: Repository, library: Resource, day: date) -> Resource:
    period = {"effectivePeriod": library.get("effectivePeriod", {}) | {"end": day.isoformat()}}
    return _move(repo, library, lifecycle.RETIRED, marks=period)


def _refuse_incomplete(repo: Repository, library: Resource, checks: Sequence[Check]) -> None:
    artefacts = [library, *parts(repo, library)]
    issues = [issue for artefact in artefacts for issue in untranslated(artefact)]
    for check in checks:
        issues += [issue for issue in check(artefacts, repo.canonical) if issue.severity in ("error", "fatal")]
    if issues:
        raise Invalid(
            "the version is not complete: {count} things are missing or wrong", count=len(issues), issues=issues
        )


def _pins(library: Resource) -> set[str]:
    return {a["resource"] for a in library.get("relatedArtifact", ()) if a.get("type") == "composed-of"}
