"""A set: the Library (type asset-collection) that pins every artefact of one publication by ``url|version``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.errors import Conflict, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, code_in, parse_canonical
from protocols import lifecycle
from protocols.vocabulary import ACTION_KIND

SETS = "Library?type=http://terminology.hl7.org/CodeSystem/library-type|asset-collection"
"""The query of all versions of all sets."""
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def version_key(version: str) -> tuple[int, int, int]:
    """A semantic version as numbers, for comparing. Raises Invalid when it is none (https://semver.org)."""
    found = VERSION.fullmatch(version or "")
    if found is None:
        raise Invalid(
            "a version is three numbers such as 1.2.0, not “{version}”", version=version, expression="version"
        )
    return int(found[1]), int(found[2]), int(found[3])


def next_version(version: str) -> str:
    """The next minor version: ``1.0.3`` → ``1.1.0``."""
    major, minor, _ = version_key(version)
    return f"{major}.{minor + 1}.0"


def parts(repo: Repository, library: Resource) -> list[Resource]:
    """The artefacts that a set is composed of, in its order. Raises NotFound for one that is missing."""
    return [repo.canonical(pinned) for pinned in pins(library)]


def whole(repo: Repository, library: Resource) -> list[Resource]:
    """The artefacts of a set, and the Library itself last."""
    return [*parts(repo, library), library]


def pins(library: Resource) -> list[str]:
    """``url|version`` of each artefact that a set is composed of."""
    return [a["resource"] for a in library.get("relatedArtifact", ()) if a.get("type") == "composed-of"]


def repinned(library: Resource, version: str) -> Resource:
    """The Library whose composed-of artefacts are pinned to a version; what it depends on stays."""
    artifacts = [
        a | {"resource": f"{parse_canonical(a['resource']).url}|{version}"} if a.get("type") == "composed-of" else a
        for a in library.get("relatedArtifact", ())
    ]
    return library | {"relatedArtifact": artifacts}


def in_force(repo: Repository, url: str) -> Resource | None:
    """The released Library of a set, if there is one."""
    return repo.first(f"Library?url={url}&status=active&_sort=-_lastUpdated")


def versions(repo: Repository, url: str) -> list[Resource]:
    """All versions of a set, the newest first."""
    held: Iterable[Resource] = repo.search_all(f"Library?url={url}")
    return sorted(held, key=lambda library: version_key(library["version"]), reverse=True)


def predecessor(repo: Repository, library: Resource) -> Resource | None:
    """What a version is held against: the version in force, or for one that was in force the one before it."""
    held = in_force(repo, library["url"])
    if held is not None and held["version"] != library["version"]:
        return held
    return released_before(versions(repo, library["url"]), library)


def released_before(held: list[Resource], library: Resource) -> Resource | None:
    """The newest version before this one that was ever in force; ``held`` are all versions, the newest first."""
    key = version_key(library["version"])
    return next((one for one in held if version_key(one["version"]) < key and lifecycle.was_in_force(one)), None)


def followers(repo: Repository, library: Resource) -> list[Resource]:
    """The sets in force that depend on this one: pathways that follow a protocol."""
    return list(repo.search_all(f"Library?depends-on={library['url']}&status=active"))


def pathways(repo: Repository, library: Resource) -> set[str]:
    """Canonicals of the pathways through which a set reaches patients: its own, and those of its followers."""
    own = {canonical(one) for one in parts(repo, library) if has_stages(one)}
    return own.union(*({pin for pin in pins(one) if "/PlanDefinition/" in pin} for one in followers(repo, library)))


def has_stages(plan: Resource) -> bool:
    """Whether a plan is a pathway."""
    actions = plan.get("action", ())
    return any(
        has_stages(action) or any(code_in(code, ACTION_KIND) == "stage" for code in action.get("code", ()))
        for action in actions
    )


def refuse_taken(repo: Repository, url: str, version: str) -> None:
    """Raise Conflict where this version, or a draft of any, exists already."""
    for library in versions(repo, url):
        if library["version"] == version:
            raise Conflict("version {version} exists already", version=version)
        if library["status"] == "draft":
            raise Conflict(
                "version {version} is being drafted already: finish or withdraw it first", version=library["version"]
            )
        if version_key(version) < version_key(library["version"]):
            raise Conflict("a new version comes after {version}", version=library["version"])
