"""The life of a publication, as one table of Moves.

FHIR knows draft, active and retired (https://hl7.org/fhir/R4/valueset-publication-status.html); review and approval are
written on the draft, in the ``lifecycle`` extension that only this module reads and writes. A released version never
changes; there is no way back. A set moves as a whole, by the verbs of ``publishing``; what comes alone through another
door (a PUT, a POST) may draft or edit, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from app.access.actor import Actor
from app.config import CANONICAL_BASE
from app.errors import Conflict, Forbidden
from app.fhir.resource import Resource, canonical, choice, extension, extensions, without_extension
from app.fhir.translation import text, translated

URL = f"{CANONICAL_BASE}/StructureDefinition/lifecycle"
SIGNED = "key"
"""Part of what is on record: the key of the actor whose word it is."""
PUBLISHED_TYPES = (
    "PlanDefinition",
    "ActivityDefinition",
    "Questionnaire",
    "Library",
    "ValueSet",
    "CodeSystem",
    "ConceptMap",
)
ABSENT, DRAFT, IN_REVIEW, APPROVED, RELEASED, RETIRED = (
    "absent",
    "draft",
    "in-review",
    "approved",
    "released",
    "retired",
)
OF_STATUS = {"active": RELEASED, "retired": RETIRED}
STATUS = {DRAFT: "draft", IN_REVIEW: "draft", APPROVED: "draft", RELEASED: "active", RETIRED: "retired"}
MARKS = ("id", "meta", "status", "extension", "approvalDate", "lastReviewDate", "effectivePeriod", "date", "text")
"""Elements that a move of state may change; all else is the work itself."""


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed change of state. ``others_only``: nobody makes it on what they wrote themselves (four eyes)."""

    name: str
    before: str
    after: str
    grant: str
    others_only: bool = False


MOVES = (
    Move("draft", ABSENT, DRAFT, "protocol:write"),
    Move("edit", DRAFT, DRAFT, "protocol:write"),
    Move("submit", DRAFT, IN_REVIEW, "protocol:write"),
    Move("send back", IN_REVIEW, DRAFT, "protocol:review"),
    Move("approve", IN_REVIEW, APPROVED, "protocol:approve", others_only=True),
    Move("reopen", APPROVED, DRAFT, "protocol:approve"),
    Move("schedule", APPROVED, APPROVED, "protocol:release", others_only=True),
    Move("release", APPROVED, RELEASED, "protocol:release", others_only=True),
    Move("retire", RELEASED, RETIRED, "protocol:retire"),
    Move("withdraw", DRAFT, ABSENT, "protocol:write"),
)


def state(resource: Mapping[str, Any] | None) -> str:
    """The state of a publication; ``absent`` for None."""
    if resource is None:
        return ABSENT
    return OF_STATUS.get(resource.get("status", "draft")) or _part(resource, "state") or DRAFT


def was_in_force(resource: Mapping[str, Any]) -> bool:
    """Whether a version is in force or was: it never changes again, and everybody may read it."""
    return state(resource) in (RELEASED, RETIRED)


def authors(resource: Mapping[str, Any]) -> list[str]:
    """Keys of the actors who wrote in this version."""
    return [str(value) for value in _parts(resource, "author")]


def note(resource: Mapping[str, Any], name: str, lang: str = "fr") -> str | None:
    """A remark of the lifecycle: ``comment``, ``submitted-by``, ``approved-by``, ``released-by`` (names in the script
    of a language, as far as it is known)."""
    part = next((one for one in _simple(resource) if one["url"] == name), None)
    return text(part, "valueString", lang, primary="fr")


def named(actor: Actor) -> Resource:
    """The value of a note: who acts, in both scripts where the name is known in both."""
    return translated({"valueString": actor.name}, "valueString", {"ar": actor.name_ar})


def records(resource: Mapping[str, Any], name: str) -> list[Resource]:
    """What was put on record under a name: complex parts of the lifecycle, oldest first."""
    return [part for part in _complex(resource) if part["url"] == name]


def written(
    resource: Resource,
    state_after: str,
    *,
    author: str | None = None,
    more: Iterable[Resource] = (),
    **notes: str | Resource,
) -> Resource:
    """Another resource in a state; an author is added once, notes (a text, or a name by ``named``) replace those of the
    same name, ``more`` is put on record beside what stands there.

    A released or retired resource keeps its lifecycle extension: it tells later readers who wrote and who approved.
    """
    kept = [*authors(resource)]
    if author and author not in kept:
        kept.append(author)
    held = {part["url"]: part for part in _simple(resource) if part["url"] not in ("state", "author")}
    for name, value in notes.items():
        if value:
            url = name.replace("_", "-")
            held[url] = {"url": url} | ({"valueString": value} if isinstance(value, str) else value)
    parts = [{"url": "state", "valueCode": state_after}, *({"url": "author", "valueString": key} for key in kept)]
    parts += [*held.values(), *_complex(resource), *more]
    bare = without_extension(resource, URL)
    return bare | {
        "extension": [*bare.get("extension", []), {"url": URL, "extension": parts}],
        "status": STATUS[state_after],
    }


def allowed(actor: Actor, before: Resource | None, after: Resource | None) -> Move:
    """The Move between two forms of a publication, if this actor may make it.

    Raises Conflict (no such move, or the work changes where only the state may), Forbidden (no grant, or own work).
    """
    start, end = state(before), state(after)
    move = next((m for m in MOVES if (m.before, m.after) == (start, end) and _fits(m, before, after)), None)
    if move is None:
        if start == end:
            raise Conflict("a version that is {state} does not change: draft a new version", state=start)
        raise Conflict("a version that is {before} cannot become {after}", before=start, after=end)
    if not actor.may(move.grant):
        raise Forbidden("you may not {move} a protocol", move=move.name)
    if move.others_only and before is not None and actor.key in authors(before):
        raise Forbidden("nobody may {move} what they wrote: another approver has to", move=move.name)
    if before is not None and after is not None and before.get("version") != after.get("version"):
        raise Conflict("the number of a version does not change: draft a new version")
    return move


_moving: ContextVar[frozenset[str]] = ContextVar("moving", default=frozenset())
ALONE = ("draft", "edit")
"""Moves that one artefact makes by itself; in every other the whole set moves."""


@contextmanager
def moving(artefacts: Iterable[Resource]) -> Iterator[None]:
    """Within the block these artefacts, a whole set, change their state together."""
    token = _moving.set(_moving.get() | {canonical(one) for one in artefacts})
    try:
        yield
    finally:
        _moving.reset(token)


def guard(repo: Any, before: Resource | None, after: Resource | None) -> None:
    """The repository's guard: every door, a plain PUT included, passes through a Move that is granted.

    Raises Conflict (no such move, a part without its set, authors taken away), Forbidden (no grant, own work).
    """
    actor: Actor = repo.actor
    if actor.may("*"):
        return
    move = allowed(actor, before, after)
    if after is not None and not set(authors(before or {})) <= set(authors(after)):
        raise Conflict("the authors of a version cannot be taken away")
    if after is not None and any(key != actor.key for key in _signing(before or {}, after)):
        raise Conflict("nobody confirms in the name of another")
    if move.name not in ALONE:
        if canonical(after or before or {}) not in _moving.get():
            raise Conflict(
                "a set changes its state as a whole, never one part of it: “{move}” is done on the set", move=move.name
            )
        return
    if after is not None and actor.key not in authors(after):
        raise Conflict("a draft names its authors: write it through the drafting operations")
    if before is None and after is not None and _taken(repo, after):
        raise Conflict("version {version} exists already", version=after.get("version"))


def _taken(repo: Any, fresh: Resource) -> bool:
    kind, url, version = fresh["resourceType"], fresh.get("url"), fresh.get("version")
    if not url or not version:
        raise Conflict("a draft has a url and a version")
    return repo.first(f"{kind}?url={url}&version={version}") is not None


def _fits(move: Move, before: Resource | None, after: Resource | None) -> bool:
    if move.name in ("draft", "edit", "withdraw") or before is None or after is None:
        return True
    return _work(before) == _work(after)


def _work(resource: Resource) -> Resource:
    """The work itself: everything but the marks of state (other extensions count)."""
    rest = {key: value for key, value in resource.items() if key not in MARKS}
    return rest | {"extension": without_extension(resource, URL).get("extension", [])}


def _simple(resource: Mapping[str, Any]) -> list[Resource]:
    """The parts that have a value."""
    held = (part for one in extensions(resource, URL) for part in one.get("extension", ()))
    return [part for part in held if choice(part, "value")]


def _complex(resource: Mapping[str, Any]) -> list[Resource]:
    return [part for held in extensions(resource, URL) for part in held.get("extension", ()) if "extension" in part]


def _signing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str | None]:
    """Keys of those in whose name something new is on record."""
    held = _complex(before)
    return [extension(part, SIGNED) for part in _complex(after) if part not in held]


def _parts(resource: Mapping[str, Any], name: str) -> list[Any]:
    return [value[1] for part in _simple(resource) if part["url"] == name and (value := choice(part, "value"))]


def _part(resource: Mapping[str, Any], name: str) -> Any:
    return next(iter(_parts(resource, name)), None)
