"""Writing a new version of a set: begin it, change an artefact, add one, take one out. Each change names its author."""

from __future__ import annotations

from collections.abc import Collection

from app.errors import Conflict, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, reference
from app.fhir.validation import validate
from protocols import lifecycle
from protocols.collection import next_version, parts, pins, refuse_taken, repinned, version_key
from protocols.rereading import holding
from protocols.translating import before_of, left_behind, records

NEWLY_DRAFTED = ("meta", "approvalDate", "lastReviewDate", "effectivePeriod", "text")
FIXED = ("resourceType", "id", "url", "version", "status")
"""What an edit may not change: it is what the set pins."""


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


def edit(
    repo: Repository,
    library_reference: str,
    changed: Resource,
    *,
    holds: Collection[str] = (),
    seen: int | None = None,
) -> Resource:
    """Replace one artefact of a draft (or the Library itself); its author is remembered on it and on the set.

    ``holds`` names translations left behind (``Stale.name``) that the author has read again: they are put on record.

    Raises Conflict (not a draft, or not of this set), Invalid (no valid FHIR, with the path of each thing wrong),
    PreconditionFailed (somebody else saved since version ``seen``).
    """
    library = _a_draft(repo, library_reference)
    held = library if changed["resourceType"] == "Library" else _part(repo, library, changed)
    for name in FIXED:
        if changed.get(name) != held.get(name):
            raise Conflict("{name} cannot be changed here", name=name)
    stored = repo.update(_signed(repo, _valid(changed)), if_match=seen)
    if holds:
        confirmed, _others = holding(left_behind(repo, stored, before_of(repo, library, stored)), holds)
        stored = repo.update(lifecycle.written(stored, lifecycle.DRAFT, more=records(repo, confirmed)))
    _sign_set(repo, library, stored)
    return stored


def replace(repo: Repository, library_reference: str, uploaded: Resource) -> Resource:
    """Put an artefact written elsewhere in the place of the one with its url; a url new to the set is added to it.

    Id, version and state of the draft are kept. Raises Conflict, Invalid (with paths).
    """
    library = _a_draft(repo, library_reference)
    kind, url = uploaded.get("resourceType"), uploaded.get("url")
    if kind not in lifecycle.PUBLISHED_TYPES or kind == "Library" or not url:
        raise Invalid("a {kind} cannot be part of a set", kind=kind or "?", expression="resourceType")
    held = next((part for part in parts(repo, library) if part["url"] == url), None)
    if held is not None:
        kept = {name: held[name] for name in FIXED} | {"extension": _extensions(uploaded, held)}
        return edit(repo, library_reference, _without_meta(uploaded) | kept)
    fresh = _drafted(repo, uploaded, library["version"])
    made = repo.create(_signed(repo, _valid(fresh)))
    entry = {"type": "composed-of", "resource": canonical(made)}
    repo.update(_signed(repo, library | {"relatedArtifact": [*library.get("relatedArtifact", ()), entry]}))
    return made


def _a_draft(repo: Repository, library_reference: str) -> Resource:
    library = repo.read(library_reference)
    if (state := lifecycle.state(library)) != lifecycle.DRAFT:
        raise Conflict("a version that is {state} does not change: draft a new version", state=state)
    return library


def _part(repo: Repository, library: Resource, changed: Resource) -> Resource:
    if canonical(changed) not in pins(library):
        raise Conflict("{artefact} is not of this version", artefact=canonical(changed))
    return repo.read(reference(changed))


def _valid(resource: Resource) -> Resource:
    issues = [issue for issue in validate(resource) if issue.severity in ("error", "fatal")]
    if issues:
        raise Invalid("{count} things are wrong in this artefact", count=len(issues), issues=issues)
    return resource


def _signed(repo: Repository, resource: Resource) -> Resource:
    return lifecycle.written(resource, lifecycle.DRAFT, author=repo.actor.key)


def _sign_set(repo: Repository, library: Resource, stored: Resource) -> None:
    if stored["resourceType"] != "Library" and repo.actor.key not in lifecycle.authors(library):
        repo.update(_signed(repo, library))


def _extensions(uploaded: Resource, held: Resource) -> list[Resource]:
    """Those of the upload, but the state and the authors of the draft."""
    own = [e for e in uploaded.get("extension", ()) if e.get("url") != lifecycle.URL]
    return own + [e for e in held.get("extension", ()) if e.get("url") == lifecycle.URL]


def _without_meta(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key not in NEWLY_DRAFTED}


def _drafted(repo: Repository, source: Resource, version: str) -> Resource:
    bare = _without_meta(source)
    bare = bare | {"extension": [e for e in bare.get("extension", []) if e.get("url") != lifecycle.URL]}
    name = source["url"].rsplit("/", 1)[-1]
    fresh = bare | {"id": f"{name}-{version}"[:64], "version": version, "date": repo.today.isoformat()}
    return _signed(repo, fresh)
