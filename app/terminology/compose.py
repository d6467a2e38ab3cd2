"""``ValueSet.compose`` as a list of concepts (https://hl7.org/fhir/R4/valueset.html#compositions)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from app.errors import Invalid
from app.fhir.regex import Pattern
from app.fhir.resource import Resource
from app.terminology.concepts import Concept, Concepts, designations_of
from app.terminology.grammars import Grammar
from app.terminology.sources import Sources

Key = tuple[str, str]
MAX_DEPTH = 20


def members(value_set: Resource, sources: Sources, path: tuple[str, ...] = ()) -> dict[Key, Concept]:
    """(system, code) → concept of everything in a value set, in order.

    Raises Invalid (422) when the value sets import each other in a circle, or a system that must be listed is not here.
    """
    here = _entered(value_set, path)
    compose = value_set.get("compose")
    if compose is None:
        return _expanded(value_set)
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


def only_system(value_set: Resource) -> str | None:
    """The system of a value set that is put together of one alone, so that a code says enough by itself."""
    includes = value_set.get("compose", {}).get("include", ())
    systems = {include.get("system") for include in includes}
    return systems.pop() if len(systems) == 1 and not any("valueSet" in include for include in includes) else None


def unclosed(value_set: Resource, sources: Sources, path: tuple[str, ...] = ()) -> bool:
    """Whether it takes from a system, whole or by filters, of which only a part is kept here: others may belong to it.

    Raises NotFound, Invalid (a circle) as ``members`` does.
    """
    here = _entered(value_set, path)
    for include in value_set.get("compose", {}).get("include", ()):
        if "system" in include and "concept" not in include:
            known = sources.concepts(include["system"], include.get("version"))
            if known is not None and not known.complete:
                return True
        if any(unclosed(sources.value_set(url), sources, here) for url in include.get("valueSet", ())):
            return True
    return False


def contains(
    value_set: Resource, sources: Sources, system: str, code: str, path: tuple[str, ...] = ()
) -> Concept | None:
    """The concept when it is in the value set, without listing what need not be listed.

    Raises Invalid (422) as ``members`` does.
    """
    compose = value_set.get("compose")
    if compose is None:
        return _expanded(value_set).get((system, code))
    here = _entered(value_set, path)
    found = next((one for i in compose.get("include", ()) if (one := _within(i, sources, system, code, here))), None)
    if found is None or any(_within(i, sources, system, code, here) for i in compose.get("exclude", ())):
        return None
    return None if compose.get("inactive") is False and found.inactive else found


def _within(include: Resource, sources: Sources, system: str, code: str, path: tuple[str, ...]) -> Concept | None:
    """The concept when one include has it: of the system, and in every value set named."""
    if include.get("system", system) != system:
        return None
    own = _of_one_system(include, sources, code) if "system" in include else None
    if "system" in include and own is None:
        return None
    for url in include.get("valueSet", ()):
        found = contains(sources.value_set(url), sources, system, code, path)
        if found is None:
            return None
        own = own or found
    return own


def _of_one_system(include: Resource, sources: Sources, code: str) -> Concept | None:
    if "concept" in include:
        known = sources.concepts(include["system"], include.get("version"))
        listed = next((one for one in include["concept"] if one["code"] == code), None)
        return _listed(listed, known, include) if listed and _stands(known, code) else None
    known = _system(include, sources)
    concept = known.get(code)
    tests = [_test(filter, known) for filter in include.get("filter", ())]
    return concept if concept is not None and all(test(concept) for test in tests) else None


def _entered(value_set: Resource, path: tuple[str, ...]) -> tuple[str, ...]:
    """The way to a value set, itself at the end. Raises Invalid on a circle or too long a way."""
    url = value_set.get("url", "")
    if url and url in path:
        raise Invalid("Value sets import each other in a circle: {circle}.", circle=" → ".join((*path, url)))
    if len(path) > MAX_DEPTH:
        raise Invalid("Value sets import each other more than {depth} levels deep.", depth=MAX_DEPTH)
    return (*path, url) if url else path


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
            if _stands(known, listed["code"]):
                yield _listed(listed, known, include)
        return
    known = _system(include, sources)
    tests = [_test(filter, known) for filter in include.get("filter", ())]
    for concept in known.listed().values():
        if all(test(concept) for test in tests) and (tests or not concept.abstract):
            yield concept


def _system(include: Resource, sources: Sources) -> Concepts:
    known = sources.concepts(include["system"], include.get("version"))
    if known is None:
        raise Invalid.coded(
            "not-found",
            "The code system {system} is not here, so its codes cannot be listed.",
            system=include["system"],
        )
    return known


def _stands(known: Concepts | None, code: str) -> bool:
    """Whether a code that a value set lists can be one: what a whole list of a system has not is none."""
    return known is None or not known.complete or isinstance(known, Grammar) or known.get(code) is not None


def _listed(listed: Resource, known: Concepts | None, include: Resource) -> Concept:
    """What the value set says of a code stands before what its system says."""
    found = known.get(listed["code"]) if known else None
    base = found or Concept(include["system"], listed["code"], version=include.get("version"))
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
