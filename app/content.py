"""National content: the FHIR files that features bring, loaded once and never overwritten.

A released version does not change: a file whose resource stands in the store with other words is reported, and loaded
only with ``replace`` (for authors at work). What has been retired since stays retired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.access.actor import automation
from app.config import CANONICAL_BASE
from app.errors import Issue, MaslakError, NotFound
from app.feature import Feature
from app.fhir import json, validation
from app.store import work

Resource = dict[str, Any]
LOADER = automation("content")
MARK = "content-load"
STATE = ("meta", "status", "date", "extension")  # what publishing changes on a loaded resource


@dataclass
class Loaded:
    """What a load did: references of the new resources, of those left alone, and of those that differ."""

    new: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def files(features: Iterable[Feature]) -> list[Path]:
    """All content files in a stable order; those that are not FHIR resources (simulation data) are left out."""
    found: list[Path] = []
    for feature in features:
        if feature.content:
            found += sorted(feature.content.glob("*/*.json"))
    return [path for path in found if path.name not in {"simulation.json"}]


def read(paths: Iterable[Path]) -> dict[Path, Resource]:
    """The resources by file. Raises Malformed naming the file."""
    resources = {}
    for path in paths:
        try:
            resources[path] = json.loads(path.read_bytes())
        except MaslakError as error:
            raise type(error)(f"{path.parent.name}/{path.name}: {error.message}") from error
    return resources


def digest(paths: Iterable[Path]) -> str:
    """One value for the content of all files: it tells a second start that nothing is to be done."""
    state = hashlib.sha256()
    for path in paths:
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def load(
    features: Sequence[Feature], *, replace: bool = False, progress: Callable[[int, int], None] | None = None
) -> Loaded:
    """Bring the content into the store, in one transaction, if it has changed since the last load."""
    paths = files(features)
    mark = digest(paths)
    with work(LOADER) as repo:
        before = repo.find(f"Basic/{MARK}")
        if before and before["identifier"][0]["value"] == mark and not replace:
            return Loaded()
        done = Loaded()
        resources = read(paths)
        for number, resource in enumerate(resources.values(), 1):
            _load_one(repo, resource, done, replace)
            if progress:
                progress(number, len(resources))
        repo.update(_mark(mark))
        return done


def _load_one(repo: Any, resource: Resource, done: Loaded, replace: bool) -> None:
    reference = f"{resource['resourceType']}/{resource['id']}"
    held = repo.find(reference)
    if held is None:
        repo.create(resource)
        done.new.append(reference)
    elif _words(held) == _words(resource):
        done.kept.append(reference)
    elif replace:
        repo.update(resource)
        done.new.append(reference)
    else:
        done.different.append(reference)


def _words(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key not in STATE}


def _mark(value: str) -> Resource:
    return {
        "resourceType": "Basic",
        "id": MARK,
        "identifier": [{"system": f"{CANONICAL_BASE}/sid/content", "value": value}],
        "code": {"coding": [{"system": f"{CANONICAL_BASE}/CodeSystem/record", "code": MARK}]},
    }


def stored(features: Sequence[Feature]) -> dict[str, Resource]:
    """What the files would replace, by url: the same version where it stands in the store, else the one in force."""
    files_now = [one for one in read(files(features)).values() if "url" in one]
    with work(LOADER, reading=True) as repo:
        found: dict[str, Resource] = {}
        for kind in sorted({one["resourceType"] for one in files_now}):
            in_force = {one["url"]: one for one in repo.search_all(f"{kind}?status=active&_count=200")}
            same = repo.read_many(f"{kind}/{one['id']}" for one in files_now if one["resourceType"] == kind)
            found |= in_force | {one["url"]: one for one in same.values() if "url" in one}
        return found


def check(
    features: Sequence[Feature], before: Mapping[str, Resource] = MappingProxyType({})
) -> list[tuple[Path, Issue]]:
    """Everything wrong with the content files: FHIR validity first, then what each feature looks for.

    ``before``: url → the words that a file replaces (``stored``); features say what was left behind.
    """
    resources = read(files(features))
    found = [(path, issue) for path, resource in resources.items() for issue in validation.validate(resource)]
    by_canonical = {r["url"]: r for r in resources.values() if "url" in r}
    by_canonical |= {f"{r['url']}|{r['version']}": r for r in resources.values() if "url" in r and "version" in r}

    def definition(canonical: str) -> Resource:
        if canonical not in by_canonical:
            raise NotFound("there is no definition {canonical}", canonical=canonical)
        return by_canonical[canonical]

    for feature in features:
        if feature.check:
            for path, resource in resources.items():
                found += [(path, issue) for issue in feature.check([resource], definition)]
        if feature.compared:
            for path, resource in resources.items():
                if (held := before.get(resource.get("url", ""))) is not None:
                    found += [(path, issue) for issue in feature.compared(held, resource)]
    return found
