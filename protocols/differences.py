"""What changed between two versions of an artefact, element by element, each text in each of its languages.

List items are paired by what names them (id, linkId, url, code …): an inserted action is one change, not many.
CRMI ``$artifact-diff``: http://hl7.org/fhir/uv/crmi/OperationDefinition-crmi-artifact-diff.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.fhir.resource import Resource, parse_canonical, without_extension
from app.fhir.translation import translations
from protocols import lifecycle

NOT_WORK = {"id", "meta", "version", "status", "date", "text", "approvalDate", "lastReviewDate", "effectivePeriod"}
"""Elements that differ between any two versions."""
NAMES = ("id", "linkId", "name", "url", "code", "resource", "path", "label", "language")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``kind`` is added, removed or changed; ``language`` names the translation that differs.

    ``path`` is FHIRPath-like (``PlanDefinition.action[2].title``); ``within`` are the elements around, outermost first.
    """

    path: str
    kind: str
    before: Any
    after: Any
    within: tuple[Resource, ...] = ()
    language: str | None = None

    @property
    def element(self) -> str:
        """The name of the element that differs."""
        return self.path.rsplit(".", 1)[-1].split("[")[0]


def artifact_diff(before: Resource | None, after: Resource | None) -> list[Change]:
    """Every difference of the work itself; one Change for an artefact that is new or gone."""
    if before is None or after is None:
        kind = "added" if before is None else "removed"
        held = after if before is None else before
        return [Change(held["resourceType"], kind, before, after, (held,))] if held else []
    return list(_elements(work_of(before), work_of(after), after["resourceType"], (after,)))


def set_diff(before: list[Resource], after: list[Resource]) -> list[tuple[Resource, list[Change]]]:
    """The artefacts of two versions of a set that differ, paired by url, with their changes, as the newer has them."""
    old = {one["url"]: one for one in before}
    new = {one["url"]: one for one in after}
    pairs: list[tuple[Resource | None, Resource | None]] = [(old.get(url), one) for url, one in new.items()]
    pairs += [(one, None) for url, one in old.items() if url not in new]
    found = [(after or before or {}, artifact_diff(before, after)) for before, after in pairs]
    return [(one, changes) for one, changes in found if changes]


def work_of(resource: Resource) -> Resource:
    """The work itself of an artefact, without what every version has of its own."""
    rest = {key: value for key, value in resource.items() if key not in (*NOT_WORK, "extension")}
    return rest | {"extension": without_extension(resource, lifecycle.URL).get("extension", [])}


def _elements(before: Resource, after: Resource, path: str, within: tuple[Resource, ...]) -> Iterator[Change]:
    for key in dict.fromkeys([*after, *before]):
        here = f"{path}.{key}"
        if key.startswith("_"):
            yield from _translations(before, after, key[1:], f"{path}.{key[1:]}", within)
        else:
            yield from _values(before.get(key), after.get(key), here, within)


def _values(before: Any, after: Any, path: str, within: tuple[Resource, ...]) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _elements(before, after, path, (*within, after))
    elif isinstance(before or after, list):
        yield from _items(before or [], after or [], path, within)
    elif _pinned(before, after):
        return
    else:
        kind = "added" if before is None else "removed" if after is None else "changed"
        yield Change(path, kind, before, after, within)


def _items(before: list[Any], after: list[Any], path: str, within: tuple[Resource, ...]) -> Iterator[Change]:
    old, new = keyed(before), keyed(after)
    for key, (index, item) in new.items():
        held = old.get(key)
        yield from _values(None if held is None else held[1], item, f"{path}[{index}]", within)
    for key, (index, item) in old.items():
        if key not in new:
            yield from _values(item, None, f"{path}[{index}]", within)
    kept = [key for key in old if key in new]
    if kept != [key for key in new if key in old]:
        yield Change(path, "changed", _titles(before), _titles(after), within)


def keyed(values: list[Any]) -> dict[str, tuple[int, Any]]:
    """Items (with their index) by what names them, numbered where several have one name."""
    made: dict[str, tuple[int, Any]] = {}
    for index, value in enumerate(values):
        name, number = _name(value) or f"#{index}", 1
        while f"{name}#{number}" in made:
            number += 1
        made[f"{name}#{number}"] = (index, value)
    return made


def _name(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    found = [str(value[name]) for name in NAMES if isinstance(value.get(name), str)]
    inner = value.get("valueExpression")
    if isinstance(inner, dict) and "name" in inner:
        found.append(inner["name"])
    if "resource" in value and isinstance(value["resource"], str):
        found = [parse_canonical(value["resource"]).url]
    return "|".join(found)


def _translations(
    before: Resource, after: Resource, field: str, path: str, within: tuple[Resource, ...]
) -> Iterator[Change]:
    old, new = (_tables(one, field) for one in (before, after))
    for key in dict.fromkeys([*new, *old]):
        if old.get(key) != new.get(key):
            kind = "added" if key not in old else "removed" if key not in new else "changed"
            yield Change(path, kind, old.get(key), new.get(key), within, key[1])


def _tables(owner: Resource, field: str) -> dict[tuple[int, str], str]:
    """(index, language) → text; a field that does not repeat has index 0."""
    beside = owner.get(f"_{field}")
    count = len(beside) if isinstance(beside, list) else 1
    found = {}
    for index in range(count):
        for language, word in translations(owner, field, index if isinstance(beside, list) else None).items():
            found[(index, language)] = word
    return found


def _pinned(before: Any, after: Any) -> bool:
    """Two pins of the same artefact: that its version differs is told by the artefact itself."""
    if not (isinstance(before, str) and isinstance(after, str) and "|" in before and "|" in after):
        return False
    return before.startswith("http") and parse_canonical(before).url == parse_canonical(after).url


def _titles(values: list[Any]) -> list[str]:
    return [
        str(v.get("title") or v.get("text") or v.get("id") or _name(v)) if isinstance(v, dict) else str(v)
        for v in values
    ]
