"""The structural walk: one closure per type, compiled from the R4 element model when the type is first seen.

One pass over the JSON checks names, cardinality, primitives, bindings, references and ele-1. A valid element costs a
dict look-up and a call; only what is wrong builds a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from app.fhir.definitions import load, resource_types
from app.fhir.validation import members
from app.fhir.validation.bindings import bound_code, bound_concept
from app.fhir.validation.invariants import invariants_of
from app.fhir.validation.members import Rule
from app.fhir.validation.primitives import CHECKS, kind
from app.fhir.validation.problem import Context, Found, Problem, Walk, below, one
from app.fhir.validation.references import bound_reference, contained_rules, context_of

_CODED = ("Coding", "CodeableConcept", "Quantity")
_OWN_CONTEXT = {"Bundle.entry.resource", "Bundle.entry.response.outcome", "Parameters.parameter.resource"}


def walk_resource(resource: Any, context: Context | None = None) -> Found:
    """All structural problems of a resource of any type; ``context`` is given for contained ones."""
    if resource.__class__ is not dict:
        return one(f"A resource is expected, not {kind(resource)}.")
    name = resource.get("resourceType")
    if name.__class__ is not str or name not in resource_types():
        said = "is missing" if name is None else f"'{name}' is not one of R4's"
        return one(f"resourceType {said}.{_nearest(str(name), resource_types())}", "structure", ".resourceType")
    own = context or context_of(resource)
    found = walk_of(name)(resource, own)
    if "contained" in resource and context is None:
        found = (found or []) + (contained_rules(resource, own) or []) or None
    return found


@cache
def walk_of(type_name: str) -> Walk:
    """The walk of a complex type, a backbone (``Patient.contact``) or a resource type."""
    definition = load("elements")[type_name]
    rules: dict[str, Rule] = {}
    required: list[tuple[str, tuple[str, ...]]] = []
    choices: dict[str, str] = {}
    for name, element in definition["elements"].items():
        keys = _add(rules, type_name, name, element)
        if element.get("c"):
            choices |= dict.fromkeys(keys, name)
        if element["min"]:
            required.append((name, tuple(keys)))
    if definition["kind"] == "resource":
        rules["resourceType"] = lambda item, owner, context: None
    walk = _walk(type_name, rules, tuple(required), choices, element_rule=definition["kind"] != "resource")
    return _value_or_extensions(walk) if type_name == "Extension" else walk


def _value_or_extensions(walk: Walk) -> Walk:
    """Rule ext-1, which every extension is held to."""

    def check(value: Any, context: Context) -> Found:
        if found := walk(value, context):
            return found
        valued = any(key.startswith(("value", "_value")) for key in value)
        if valued == ("extension" in value):
            return one("An extension has either a value or extensions of its own (ext-1).", "invariant")
        return None

    return check


def _walk(
    type_name: str,
    rules: Mapping[str, Rule],
    required: tuple[tuple[str, tuple[str, ...]], ...],
    choices: Mapping[str, str],
    *,
    element_rule: bool,
) -> Walk:
    steps = {key: _step(key, choices) for key in rules}
    needed = tuple((name, keys[0], frozenset(keys)) for name, keys in required)
    chosen = choices.keys()
    invariants = invariants_of(type_name)
    get = rules.get

    def walk(value: Any, context: Context) -> Found:
        if value.__class__ is not dict:
            return one(f"An object ({type_name}) is expected, not {kind(value)}.")
        problems: list[Problem] | None = None
        for key, item in value.items():
            rule = get(key)
            found = _unknown(key, rules, type_name) if rule is None else rule(item, value, context)
            if found:
                problems = (problems or []) + below(steps.get(key, ""), found)
        for name, first, keys in needed:
            if first not in value and keys.isdisjoint(value):
                problems = [*(problems or ()), Problem("", f"{name} is required in {type_name}.", "required")]
        if choices and len(both := chosen & value.keys()) > 1 and (twice := _twice(both, choices)):
            problems = (problems or []) + twice
        if element_rule and (not value or (len(value) == 1 and "id" in value)):
            return one("An element has a value, children or extensions; leave it out where it has none (ele-1).")
        return problems + _decided(invariants, value, context) if problems else invariants(value, context)

    return walk


def _decided(invariants: Walk, value: Any, context: Context) -> list[Problem]:
    """The rules that an element with structural errors breaks as well, as far as it can be told."""
    try:
        return [problem for problem in invariants(value, context) or () if problem.code == "invariant"]
    except (AttributeError, KeyError, TypeError, ValueError):  # a value of the wrong kind stands in the way
        return []


def _step(key: str, choices: Mapping[str, str]) -> str:
    """How a JSON member is written in FHIRPath: ``.gender``, ``.value.ofType(Quantity)``."""
    plain = key.lstrip("_")
    name = choices.get(key)
    if name is None:
        return f".{plain}"
    suffix = plain[len(name) :]
    lower = suffix[0].lower() + suffix[1:]
    return f".{name}.ofType({suffix if suffix in load('elements') else lower})"


def _twice(chosen: Iterable[str], choices: Mapping[str, str]) -> list[Problem] | None:
    kinds: dict[str, set[str]] = {}
    for key in chosen:
        kinds.setdefault(choices[key], set()).add(key.lstrip("_"))
    return [
        Problem(f".{name}", f"Only one of {', '.join(sorted(keys))} can be present.")
        for name, keys in kinds.items()
        if len(keys) > 1
    ] or None


def _unknown(key: str, rules: Mapping[str, Rule], type_name: str) -> list[Problem]:
    nearest = _nearest(key, [rule for rule in rules if rule[0] != "_"])
    return one(f"'{key}' is no element of {type_name}.{nearest}", "structure", f".{key}" if key.isidentifier() else "")


def _nearest(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f" Is '{close[0]}' meant?" if close else ""


def _add(rules: dict[str, Rule], owner: str, name: str, element: Mapping[str, Any]) -> list[str]:
    """Add the rules of one element under its JSON names; the answer is those names."""
    many = element["max"] == "*"
    path = f"{owner}.{name}"
    keys = []
    for type_name in element["t"]:
        key = name + type_name[0].upper() + type_name[1:] if element.get("c") else name
        bound = f"{path}[x]" if element.get("c") else path
        keys.append(key)
        if type_name in CHECKS:
            binding = bound_code(bound)
            check, code = binding or CHECKS[type_name], "code-invalid" if binding else "value"
            beside = _element("Element", "Element", "Element")
            rules[key] = members.primitives(key, check, code) if many else members.primitive(check, code)
            rules[f"_{key}"] = members.siblings(key, beside) if many else members.sibling(key, beside)
            keys.append(f"_{key}")
        else:
            walk = _element(path, bound, type_name)
            rules[key] = members.listed(walk) if many else members.single(walk)
    return keys


def _element(path: str, bound: str, type_name: str) -> Walk:
    """The walk of a complex element at a place, made when first used: types may hold themselves."""
    made: list[Walk] = []

    def walk(value: Any, context: Context) -> Found:
        if not made:
            made.append(_placed(path, bound, type_name))
        return made[0](value, context)

    return walk


def _placed(path: str, bound: str, type_name: str) -> Walk:
    if type_name == "Resource":
        if path in _OWN_CONTEXT:
            return lambda value, context: walk_resource(value)
        return walk_resource
    walk = walk_of(type_name)
    if type_name in _CODED:
        return bound_concept(bound, walk, type_name)
    return bound_reference(bound, walk) if type_name == "Reference" else walk
