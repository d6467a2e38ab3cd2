"""``ValueSet.compose`` as a list of concepts (https://hl7.org/fhir/R4/valueset.html#compositions)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from app.errors import Invalid, Issue
from app.fhir.regex import Pattern
from app.fhir.resource import Resource
from app.terminology.concepts import Concept, Concepts, designations_of
from app.terminology.sources import Sources

Key = tuple[str, str]
MAX_DEPTH = 20


def members(value_set: Resource, sources: Sources, path: tuple[str, ...] = ()) -> dict[Key, Concept]:
    """(system, code) → concept of everything in a value set, in order.

    Raises Invalid (422) when the value sets import each other in a circle, or a system that must be listed is not here.
    """
    url = value_set.get("url", "")
    if url and url in path:
        raise Invalid("Value sets import each other in a circle: {circle}.", circle=" → ".join((*path, url)))
    if len(path) > MAX_DEPTH:
        raise Invalid("Value sets import each other more than {depth} levels deep.", depth=MAX_DEPTH)
    compose = value_set.get("compose")
    if compose is None:
        return _expanded(value_set)
    here = (*path, url) if url else path
    found: dict[Key, Concept] = {}
    for include in compose.get("include", ()):
        for concept in _included(include, sources, here):
            found.setdefault((concept.system, concept.code), concept)
    for exclude in compose.get("exclude", ()):
        for concept in _included(exclude, sources, here):
            found.pop((concept.system, concept.code), None)
    if compose.get("inactive") is False:
        found = {key: concept for key, concept in found.items() if not concept.inactive}
    return found


def contains(
    value_set: Resource, sources: Sources, system: str, code: str, path: tuple[str, ...] = ()
) -> Concept | None:
    """The concept when it is in the value set, without listing the whole set where that can be spared."""
    compose = value_set.get("compose")
    simple = compose is not None and not compose.get("exclude")
    if not simple or compose is None or "inactive" in compose:
        return members(value_set, sources, path).get((system, code))
    for include in compose.get("include", ()):
        if include.get("system", system) != system:
            continue
        if set(include) <= {"system", "version", "extension"}:
            known = _system(include, sources)
            found = known.get(code)
            if found is not None:
                return found
        else:
            here = (*path, value_set.get("url", ""))
            for concept in _included(include, sources, here):
                if concept.system == system and concept.code == code:
                    return concept
    return None


def _included(include: Resource, sources: Sources, path: tuple[str, ...]) -> Iterator[Concept]:
    """All parts of one include hold together: codes of the system that are in every value set named."""
    limits = [members(sources.value_set(url), sources, path) for url in include.get("valueSet", ())]
    if "system" in include:
        concepts: Iterable[Concept] = _of_system(include, sources)
    else:
        concepts = limits[0].values() if limits else ()
    for concept in concepts:
        if all((concept.system, concept.code) in limit for limit in limits):
            yield concept


def _of_system(include: Resource, sources: Sources) -> Iterator[Concept]:
    if "concept" in include:
        known = sources.concepts(include["system"], include.get("version"))
        for listed in include["concept"]:
            yield _listed(listed, known.get(listed["code"]) if known else None, include)
        return
    known = _system(include, sources)
    tests = [_test(filter, known) for filter in include.get("filter", ())]
    for concept in known.by_code.values():
        if all(test(concept) for test in tests) and (tests or not concept.abstract):
            yield concept


def _system(include: Resource, sources: Sources) -> Concepts:
    known = sources.concepts(include["system"], include.get("version"))
    if known is None:
        raise Invalid(
            "The code system {system} is not here, so its codes cannot be listed.",
            issues=[
                Issue(
                    "The code system {system} is not here, so its codes cannot be listed.",
                    "not-found",
                    values={"system": include["system"]},
                )
            ],
            system=include["system"],
        )
    return known


def _listed(listed: Resource, known: Concept | None, include: Resource) -> Concept:
    """What the value set says of a code stands before what its system says."""
    base = known or Concept(include["system"], listed["code"], version=include.get("version"))
    own = designations_of(listed)
    if listed.get("display") and listed["display"] != base.display:
        base = replace(base, display=listed["display"], language=base.language if base.display is None else None)
    return replace(base, designations=(*own, *base.designations)) if own else base


def _test(filter: Resource, known: Concepts) -> Callable[[Concept], bool]:
    """One filter (https://hl7.org/fhir/R4/valueset-filter-operator.html) as a test. Raises Invalid on an unknown
    one.
    """
    name, op, value = filter.get("property", ""), filter.get("op", ""), str(filter.get("value", ""))
    if name in ("concept", "code") and op in ("is-a", "descendent-of", "is-not-a", "generalizes"):
        return _hierarchy(op, value, known)
    if op == "regex":
        pattern = Pattern(value, lines=False)
        return lambda concept: any(pattern.fullmatch(text[:1000]) for text in _values(concept, name, known))
    if op == "=":
        return lambda concept: value in _values(concept, name, known)
    if op in ("in", "not-in"):
        wanted = {part.strip() for part in value.split(",")}
        return lambda concept: bool(wanted & set(_values(concept, name, known))) == (op == "in")
    if op == "exists":
        return lambda concept: bool(_values(concept, name, known)) == (value == "true")
    raise Invalid("The filter {property} {op} {value} is not understood.", property=name, op=op, value=value)


def _hierarchy(op: str, value: str, known: Concepts) -> Callable[[Concept], bool]:
    below = known.below(value)
    if op == "descendent-of":
        return lambda concept: concept.code in below
    if op == "is-a":
        return lambda concept: concept.code in below or concept.code == value
    if op == "is-not-a":
        return lambda concept: concept.code not in below and concept.code != value
    above = known.above(value)
    return lambda concept: concept.code in above or concept.code == value


def _values(concept: Concept, name: str, known: Concepts) -> list[str]:
    if name in ("concept", "code"):
        return [concept.code]
    if name == "display":
        return list(concept.texts())
    if name == "parent":
        return list(known.parents.get(concept.code, ()))
    if name == "child":
        return list(known.children.get(concept.code, ()))
    return [_text(value) for value in concept.property(name)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.get("code")) if isinstance(value, dict) else str(value)


def _expanded(value_set: Resource) -> dict[Key, Concept]:
    """The concepts of a value set that comes with its expansion only."""
    found: dict[Key, Concept] = {}

    def walk(entries: Iterable[Resource]) -> None:
        for entry in entries:
            if "code" in entry and not entry.get("abstract"):
                inactive = (("inactive", "Boolean", True),) if entry.get("inactive") else ()
                concept = Concept(
                    entry.get("system", ""), entry["code"], entry.get("display"), None, designations_of(entry), inactive
                )
                found.setdefault((concept.system, concept.code), concept)
            walk(entry.get("contains", ()))

    walk(value_set.get("expansion", {}).get("contains", ()))
    return found
