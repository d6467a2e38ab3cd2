"""The protocol page, in one language or in both side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from markupsafe import Markup

from app.access.actor import Actor
from app.config import CANONICAL_BASE, LANGUAGES, LOCALES
from app.errors import NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource, reference
from app.fhir.translation import text
from app.i18n import direction, language
from app.store import work
from app.web import current_actor, render
from protocols import collection, lifecycle
from protocols.differences import set_diff
from protocols.presenters import changes, page, versions
from protocols.presenters.figure import Figure, figure
from protocols.presenters.remembered import remembered
from protocols.presenters.values import medicines


@dataclass(frozen=True, slots=True)
class Held:
    """A set with everything that its page needs, in no language yet."""

    library: Resource
    artefacts: list[Resource]
    history: list[Resource]
    before: tuple[Resource, list[Resource]] | None
    pathways: list[Resource]


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/protocols/<library_id>", "protocol", protocol)


def protocol(library_id: str) -> ResponseReturnValue:
    """The page of a version (``…-1.0.0``), or of the version in force (the set's name alone)."""
    actor = current_actor()
    both = "both" in request.args
    languages = LANGUAGES if both else (language(),)
    with work(actor, reading=True) as repo:
        library = version_of(repo, actor, library_id)
        around = [*visible(repo, actor, library["url"]), *collection.followers(repo, library)]
        seen = tuple((reference(one), one["meta"]["versionId"]) for one in [library, *around])
        bodies = {}
        for lang in languages:

            def make(lang: str = lang) -> Markup:
                return _body(repo, held_of(repo, actor, library), lang, alone=not both)

            fixed = library["status"] != "draft"
            bodies[lang] = remembered((seen, lang, both), make) if fixed else make()
    return render(
        "protocols/protocol.html",
        version=versions.present(library, language()),
        bodies=bodies,
        both=both,
        directions={lang: direction(lang) for lang in languages},
    )


def version_of(repo: Repository, actor: Actor, library_id: str) -> Resource:
    """A version by its id, or the one in force by the name of its set; clinicians see what is or was in force.

    Raises NotFound.
    """
    library = repo.find(f"Library/{library_id}") or collection.in_force(repo, f"{CANONICAL_BASE}/Library/{library_id}")
    if library is None:
        raise NotFound("there is no such protocol")
    if lifecycle.was_in_force(library) or actor.may("release:read"):
        return library
    raise NotFound("there is no such protocol")


def visible(repo: Repository, actor: Actor, url: str) -> list[Resource]:
    """The versions of a set that somebody may see, the newest first."""
    return [one for one in collection.versions(repo, url) if actor.may("release:read") or lifecycle.was_in_force(one)]


def held_of(repo: Repository, actor: Actor, library: Resource) -> Held:
    """Read everything that the page of a set shows."""
    history = visible(repo, actor, library["url"])
    before = collection.released_before(history, library)
    artefacts = collection.parts(repo, library)
    pathways = []
    if not any(collection.has_stages(one) for one in artefacts):
        for other in collection.followers(repo, library):
            pathways += [one for one in collection.parts(repo, other) if one["resourceType"] == "PlanDefinition"]
    pair = None if before is None else (before, collection.parts(repo, before))
    return Held(library, artefacts, history, pair, pathways)


def _body(repo: Repository, held: Held, lang: str, *, alone: bool) -> Markup:
    """The whole text of the page in one language."""
    by_url = {one["url"]: one for one in held.artefacts}

    def definitions(canonical: str) -> Resource:
        return by_url.get(canonical.split("|")[0]) or repo.canonical(canonical)

    with force_locale(LOCALES[lang]):
        shown: dict[str, Any] = {
            "page": page.present(held.library, held.artefacts, definitions, lang),
            "version": versions.present(held.library, lang),
            "history": [versions.present(one, lang) for one in held.history],
            "changed": _changed(held, lang),
            "before": held.before and versions.present(held.before[0], lang),
            "figures": _figures(held, lang),
            "lang": lang,
            "alone": alone,
        }
        return Markup(render("protocols/body.html", **shown))


def _changed(held: Held, lang: str) -> list[changes.ChangedArtefact]:
    if held.before is None:
        return []
    old, new = [*held.before[1], held.before[0]], [*held.artefacts, held.library]
    return changes.present(set_diff(old, new), lang, medicines([*old, *new], lang))


def _figures(held: Held, lang: str) -> list[Figure]:
    found = (figure(plan, text(plan, "title", lang) or "", lang) for plan in held.pathways)
    return [one for one in found if one]
