"""Valid R4 resources of any type, made from the element model with a seed, and ways to spoil them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.fhir.definitions import codes_of, load

SAMPLES: dict[str, list[Any]] = {
    "boolean": [True, False],
    "integer": [0, 7, -3],
    "unsignedInt": [0, 12],
    "positiveInt": [1, 12],
    "decimal": [Decimal("0.40"), 5, Decimal("-12.5")],
    "string": ["text", "نص عربي", "deux mots"],
    "markdown": ["**text**\n\nmore"],
    "code": ["abc", "a b"],
    "id": ["a-1.b"],
    "uri": ["http://a.ma/x", "urn:oid:1.2.3"],
    "url": ["https://a.ma/x"],
    "canonical": ["http://a.ma/x|1.0"],
    "oid": ["urn:oid:1.2.840"],
    "uuid": ["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"],
    "base64Binary": ["aGVsbG8="],
    "time": ["14:30:00", "23:59:59.5"],
    "date": ["2024", "2024-02", "2024-02-29"],
    "dateTime": ["2024", "2024-02-29", "2024-02-29T10:00:00+01:00", "2024-02-29T10:00:00.123Z"],
    "instant": ["2024-02-29T10:00:00.123Z"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml"><p>text</p></div>'],
}
OPEN = {
    "http://hl7.org/fhir/ValueSet/currencies": "MAD",
    "http://hl7.org/fhir/ValueSet/mimetypes": "text/plain",
}


def a_resource(type_name: str, seed: int, richness: float = 0.3) -> dict[str, Any]:
    """A structurally valid resource; ``richness`` is the share of optional elements that it has."""
    return {"resourceType": type_name, **_object(type_name, random.Random(f"{type_name}{seed}"), richness, 0)}


def _object(type_name: str, chance: random.Random, richness: float, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    share = richness if depth < 3 else 0.05 if depth < 5 else 0.0
    elements = {name: e for name, e in load("elements")[type_name]["elements"].items() if name != "contained"}
    for name, element in elements.items():
        if element["max"] == "0" or (not element["min"] and (chance.random() > share or name in ("extension", "id"))):
            continue
        _add(made, type_name, name, element, chance, richness, depth)
    if not made and load("elements")[type_name]["kind"] != "resource":
        name, element = next((n, e) for n, e in elements.items() if n not in ("extension", "id", "modifierExtension"))
        _add(made, type_name, name, element, chance, richness, depth)
    if type_name == "Extension":
        made = {"url": "http://a.ma/x", "valueString": "x"}
    return made


def _add(
    made: dict[str, Any],
    owner: str,
    name: str,
    element: dict[str, Any],
    chance: random.Random,
    richness: float,
    depth: int,
) -> None:
    kind = chance.choice(element["t"])
    key = name + kind[0].upper() + kind[1:] if element.get("c") else name
    path = f"{owner}.{name}[x]" if element.get("c") else f"{owner}.{name}"
    count = chance.randint(1, 2) if element["max"] == "*" else 1
    values = [_value(path, kind, chance, richness, depth) for _ in range(count)]
    made[key] = values if element["max"] == "*" else values[0]
    if kind in SAMPLES and kind != "xhtml" and name != "id" and chance.random() < 0.2:
        said = {"extension": [{"url": "http://a.ma/x", "_valueString": {"id": "v"}, "valueString": "x"}]}
        made[f"_{key}"] = [None] * (count - 1) + [said] if element["max"] == "*" else said
        if element["max"] != "*" and chance.random() < 0.3:
            del made[key]  # a primitive may have nothing but extensions


def _value(path: str, kind: str, chance: random.Random, richness: float, depth: int) -> Any:
    url = load("bindings").get(path)
    codes = codes_of(url) if url else None
    if kind == "Resource":
        return {"resourceType": "Basic", "code": {"text": "x"}}
    if kind == "Reference":
        return _reference(path, chance)
    if kind == "Narrative":
        return {"status": "generated", "div": SAMPLES["xhtml"][0]}
    if codes and kind in ("Coding", "CodeableConcept"):
        system = chance.choice(sorted(codes))
        coding = {"system": system, "code": chance.choice(sorted(codes[system]))}
        return coding if kind == "Coding" else {"coding": [coding]}
    if kind in SAMPLES:
        if codes and kind in ("code", "uri", "string"):
            return chance.choice(sorted(code for system in codes.values() for code in system))
        return OPEN.get(url or "", chance.choice(SAMPLES[kind]))
    return _object(kind, chance, richness, depth + 1)


def _reference(path: str, chance: random.Random) -> dict[str, Any]:
    targets = load("reference_targets")["reference"].get(path, ["Patient", "Organization"])
    return {"reference": f"{chance.choice(targets)}/{chance.randint(1, 9)}", "display": "x"}


BAD: list[Any] = [
    None,
    "",
    [],
    {},
    [None],
    5,
    "x y  z",
    True,
    "true",
    Decimal("1.5"),
    {"foo": 1},
    [[]],
    "2024-13",
    -1,
    "#",
]


def spoiled(resource: dict[str, Any], seed: int) -> dict[str, Any]:
    """The resource with one random change: a value replaced, a member removed, renamed or added."""
    chance = random.Random(seed)
    made = copy.deepcopy(resource)
    owner = chance.choice(list(_objects(made)))
    keys = [key for key in owner if key != "resourceType"]
    action = chance.choice(["replace", "replace", "replace", "remove", "rename", "add", "wrap"])
    if not keys or action == "add":
        owner[chance.choice(["foo", "class_fhir", "_foo", "value", "valueString", "id", "extension"])] = chance.choice(
            BAD
        )
        return made
    key = chance.choice(keys)
    if action == "replace":
        owner[key] = chance.choice(BAD)
    elif action == "remove":
        del owner[key]
    elif action == "rename":
        owner[chance.choice([f"{key}s", key.lower(), f"_{key}", key.capitalize()])] = owner.pop(key)
    else:
        owner[key] = owner[key][0] if isinstance(owner[key], list) else [owner[key]]
    return made


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)
