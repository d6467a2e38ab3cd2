"""The verbs of publishing (CRMI ``$draft $review $approve $release $retire $withdraw``), over a whole set at once.

Each works on a Library and everything it is composed of, in one transaction, and leaves through Moves that the guard
checks again. ``seen`` is the version (``meta.versionId``) of the Library on which somebody decided: PreconditionFailed
when another acted since. http://hl7.org/fhir/uv/crmi/artifact-operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from app.clock import instant_text
from app.errors import Conflict, Invalid, Issue, PreconditionFailed
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, reference
from protocols import lifecycle
from protocols.checking import check
from protocols.collection import in_force, parts
from protocols.lifecycle import named
from protocols.translating import taken_at_their_word

Check = Callable[[Sequence[Resource], Callable[[str], Resource]], Iterable[Issue]]
"""What a feature looks for in the artefacts of a set before they are released."""


def submit(repo: Repository, library_reference: str, *, comment: str = "", seen: int | None = None) -> Resource:
    """Hand a draft in for review. Raises Invalid with each missing text, and each stale answer of its quiz."""
    library = opened(repo, library_reference, seen)
    refuse_incomplete(repo, library)
    return _move(repo, library, lifecycle.IN_REVIEW, comment=comment, submitted_by=named(repo.actor))


def send_back(repo: Repository, library_reference: str, *, comment: str, seen: int | None = None) -> Resource:
    """Give a draft back to its authors, saying what is to be changed."""
    return _back_to_draft(repo, opened(repo, library_reference, seen), lifecycle.IN_REVIEW, comment)


def approve(
    repo: Repository,
    library_reference: str,
    *,
    comment: str = "",
    holds: Collection[str] = (),
    seen: int | None = None,
) -> Resource:
    """Approve what another wrote. ``holds`` names the translations left behind that were read again and still hold.

    Raises Forbidden on one's own work, Invalid with an issue for each translation to be re-read that is not named.
    """
    library = opened(repo, library_reference, seen)
    lifecycle.allowed(repo.actor, library, lifecycle.written(library, lifecycle.APPROVED))
    confirmed = taken_at_their_word(repo, library, holds)
    day = {"approvalDate": repo.today.isoformat(), "lastReviewDate": repo.today.isoformat()}
    return _move(
        repo,
        library,
        lifecycle.APPROVED,
        confirmed,
        marks=day,
        comment=comment,
        approved_by=named(repo.actor),
    )


def reopen(repo: Repository, library_reference: str, *, comment: str, seen: int | None = None) -> Resource:
    """Take an approval (and a planned release) back, so that the draft can be changed again."""
    return _back_to_draft(repo, opened(repo, library_reference, seen), lifecycle.APPROVED, comment)


def release(
    repo: Repository,
    library_reference: str,
    *,
    effective: date | None = None,
    checks: Sequence[Check] = (),
    holds: Collection[str] = (),
    seen: int | None = None,
) -> Resource:
    """Put an approved version into force; its predecessor is retired in the same transaction.

    ``effective`` in the future schedules it: ``release_due`` releases it on that day. Raises Conflict (not approved),
    Forbidden (own work), Invalid (a day in the past, a text missing in a language, a translation to be re-read that
    ``holds`` does not name, or what a feature's check finds).
    """
    library = opened(repo, library_reference, seen)
    day = effective or repo.today
    if effective is not None and day < repo.today:
        raise Invalid("a version cannot come into force in the past", expression="effective")
    later = day > repo.today
    state = lifecycle.APPROVED if later else lifecycle.RELEASED
    lifecycle.allowed(repo.actor, library, lifecycle.written(library, state))
    refuse_incomplete(repo, library, checks)
    confirmed = taken_at_their_word(repo, library, holds)
    period = {"effectivePeriod": {"start": day.isoformat()}}
    if not later and (predecessor := in_force(repo, library["url"])) is not None:
        _retire(repo, predecessor, day)
    return _move(repo, library, state, confirmed, marks=period, released_by=named(repo.actor))


def release_due(repo: Repository, *, checks: Sequence[Check] = ()) -> list[Resource]:
    """Release what was approved and scheduled for today or earlier; who scheduled it stays named."""
    due = []
    for library in list(repo.search_all("Library?status=draft")):
        start = library.get("effectivePeriod", {}).get("start", "9999")
        if lifecycle.state(library) == lifecycle.APPROVED and start <= repo.today.isoformat():
            refuse_incomplete(repo, library, checks)
            if (predecessor := in_force(repo, library["url"])) is not None:
                _retire(repo, predecessor, repo.today)
            due.append(_move(repo, library, lifecycle.RELEASED))
    return due


def retire(repo: Repository, library_reference: str, *, comment: str = "", seen: int | None = None) -> Resource:
    """Take a released version out of force without a successor."""
    return _retire(repo, opened(repo, library_reference, seen), repo.today, comment)


def withdraw(repo: Repository, library_reference: str, *, seen: int | None = None) -> None:
    """Delete a draft with all its artefacts. Raises Conflict when it is no draft any more."""
    library = opened(repo, library_reference, seen)
    lifecycle.allowed(repo.actor, library, None)
    artefacts = parts(repo, library)
    with lifecycle.moving([library, *artefacts]):
        repo.delete(library_reference)
        for part in artefacts:
            repo.delete(reference(part))


def opened(repo: Repository, library_reference: str, seen: int | None) -> Resource:
    """The Library, as it was seen. Raises PreconditionFailed when it has been changed since."""
    library = repo.read(library_reference)
    if seen is not None and int(library["meta"]["versionId"]) != seen:
        raise PreconditionFailed("somebody else has acted on this version since you opened the page: look again")
    return library


def refuse_incomplete(repo: Repository, library: Resource, checks: Sequence[Check] = ()) -> None:
    """Raise Invalid with one issue for each error that the check of publishing, or of another feature, finds."""
    artefacts = [library, *parts(repo, library)]
    issues: list[Issue] = []
    for look in (check, *checks):
        found = (issue for issue in look(artefacts, repo.canonical) if issue.severity in ("error", "fatal"))
        issues += [issue for issue in found if issue not in issues]
    if issues:
        raise Invalid(
            "the version is not complete: {count} things are missing or wrong", count=len(issues), issues=issues
        )


def _back_to_draft(repo: Repository, library: Resource, expected: str, comment: str) -> Resource:
    if not comment.strip():
        raise Invalid("say what is to be changed", expression="comment")
    if (found := lifecycle.state(library)) != expected:
        raise Conflict("a version that is {before} cannot become {after}", before=found, after=lifecycle.DRAFT)
    return _move(repo, library, lifecycle.DRAFT, without=("effectivePeriod", "approvalDate"), comment=comment)


def _move(
    repo: Repository,
    library: Resource,
    state: str,
    confirmed: Mapping[str, Sequence[Resource]] = MappingProxyType({}),
    *,
    marks: Resource | None = None,
    without: Sequence[str] = (),
    **notes: str | Resource,
) -> Resource:
    """Bring the set and each of its artefacts into a state; nobody else moved the set meanwhile.

    ``confirmed``: what is put on record with it, by canonical.
    """

    def marked(resource: Resource) -> Resource:
        return {key: value for key, value in resource.items() if key not in without} | (marks or {})

    def said(resource: Resource) -> Sequence[Resource]:
        return confirmed.get(canonical(resource), ())

    after = lifecycle.written(marked(library) | {"date": instant_text(repo.now)}, state, more=said(library), **notes)
    lifecycle.allowed(repo.actor, library, after)
    artefacts = parts(repo, library)
    with lifecycle.moving([library, *artefacts]):
        stored = repo.update(after, if_match=int(library["meta"]["versionId"]))
        for part in artefacts:
            repo.update(lifecycle.written(marked(part), state, more=said(part)))
    return stored


def _retire(repo: Repository, library: Resource, day: date, comment: str = "") -> Resource:
    period = {"effectivePeriod": library.get("effectivePeriod", {}) | {"end": day.isoformat()}}
    return _move(repo, library, lifecycle.RETIRED, marks=period, comment=comment, retired_by=named(repo.actor))
