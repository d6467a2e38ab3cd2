"""Resources are plain dicts, never changed in place: each function here reads one, or makes another from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.fhir.definitions import load

Resource = dict[str, Any]
"""A FHIR resource or element as its JSON object; decimals are ``Decimal``."""

_LITERAL = re.compile(
    r"(?:(?P<base>https?://.+)/)?(?P<type>[A-Z][A-Za-z]+)(?:/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?|\?(?P<query>.+))(?:#(?P<fragment>.+))?"
)
_LINKS = re.compile(r"""\b(href|src)=(["'])(urn:[^"']+)\2""")
_ADDRESSES = frozenset({"uri", "url", "oid", "uuid"})


@dataclass(frozen=True, slots=True)
class ReferenceTo:
    """The parts of a literal reference (https://hl7.org/fhir/R4/references.html#literal).

    ``base``: of absolute ones; ``query``: of conditional ones (``Patient?identifier=…``); ``contained``: it is ``#id``.
    """

    type: str | None = None
    id: str | None = None
    version: str | None = None
    base: str | None = None
    query: str | None = None
    contained: bool = False

    @property
    def key(self) -> str:
        """``Type/id``, without base and version."""
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Canonical:
    """A canonical ``url|version#fragment`` (https://hl7.org/fhir/R4/references.html#canonical)."""

    url: str
    version: str | None = None
    fragment: str | None = None

    def __str__(self) -> str:
        return self.url + (f"|{self.version}" if self.version else "") + (f"#{self.fragment}" if self.fragment else "")


def reference(resource: Mapping[str, Any]) -> str:
    """``Type/id`` of a resource."""
    return f"{resource['resourceType']}/{resource['id']}"


def reference_to(resource: Mapping[str, Any], display: str | None = None) -> Resource:
    """A Reference element that points at a resource."""
    return {"reference": reference(resource)} | ({"display": display} if display else {})


def parse_reference(value: str | Mapping[str, Any] | None) -> ReferenceTo | None:
    """The parts of a reference text or Reference element; None for a ``urn:``, a logical or an unreadable one."""
    text = value if isinstance(value, str) or value is None else value.get("reference")
    if not text:
        return None
    if text.startswith("#"):
        return ReferenceTo(id=text[1:], contained=True)
    if (found := _LITERAL.fullmatch(text)) is None:
        return None
    parts = found.groupdict()
    return ReferenceTo(parts["type"], parts["id"], parts["version"], parts["base"], parts["query"])


def parse_canonical(text: str) -> Canonical:
    """``url|version#fragment`` in its parts."""
    text, _, fragment = text.partition("#")
    url, _, version = text.partition("|")
    return Canonical(url, version or None, fragment or None)


def canonical(resource: Mapping[str, Any]) -> str:
    """``url|version`` of a definition; the plain url where it has no version."""
    url, version = resource["url"], resource.get("version")
    return f"{url}|{version}" if version else str(url)


def references(value: Any, path: str = "") -> Iterator[tuple[str, Resource]]:
    """Every Reference element below a resource with its path, contained resources included."""
    if isinstance(value, dict):
        path = path or value.get("resourceType", "")
        if isinstance(value.get("reference"), str):
            yield path, value
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                yield from references(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, f"{path}[{index}]")


def referenced(resource: Resource) -> list[str]:
    """The texts of every Reference element below a resource, without their paths, which cost most of the walk."""
    found: list[str] = []
    waiting: list[Any] = [resource]
    while waiting:
        item = waiting.pop()
        if item.__class__ is dict:
            if (text := item.get("reference")).__class__ is str:
                found.append(text)
            item = item.values()
        for one in item:
            if one.__class__ is dict or one.__class__ is list:
                waiting.append(one)
    return found


def rewrite_references(resource: Resource, mapping: Mapping[str, str]) -> Resource:
    """Another resource whose references in ``mapping`` (``urn:uuid:…`` or conditional → ``Type/id``) are replaced.

    Covers Reference.reference, elements of type uri and url, and links in narratives, as transactions ask
    (https://hl7.org/fhir/R4/http.html#trules). Text that merely looks alike (``Identifier.value``) is left.
    """
    rewritten: Resource = _rewritten(resource, mapping)
    return rewritten


def _rewritten(value: Any, mapping: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_rewritten(item, mapping) for item in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, item in value.items():
        if isinstance(item, (dict, list)):
            made[key] = _rewritten(item, mapping)
        elif isinstance(item, str) and key in _address_names():
            made[key] = mapping.get(item, item)
        elif isinstance(item, str) and key == "div":
            made[key] = _LINKS.sub(lambda link: f"{link[1]}={link[2]}{mapping.get(link[3], link[3])}{link[2]}", item)
        else:
            made[key] = item
    return made


@cache
def _address_names() -> frozenset[str]:
    """The JSON names under which R4 has addresses; ``system`` names a code system, not a resource."""
    kinds: dict[str, set[str]] = {}
    for definition in load("elements").values():
        for name, element in definition["elements"].items():
            for kind in element["t"]:
                key = name + kind[0].upper() + kind[1:] if element.get("c") else name
                kinds.setdefault(key, set()).add(kind)
    only = {key for key, found in kinds.items() if found <= _ADDRESSES}
    return frozenset({"reference", "url"} | only) - {"fullUrl", "system"}


def codings(concept: Mapping[str, Any] | None) -> list[tuple[str | None, str | None]]:
    """The (system, code) pairs of a CodeableConcept, a Coding, or nothing."""
    if not concept:
        return []
    entries = concept.get("coding", []) if "coding" in concept or "code" not in concept else [concept]
    return [(entry.get("system"), entry.get("code")) for entry in entries]


def has_coding(concept: Mapping[str, Any] | None, system: str, *codes: str) -> bool:
    """Whether a concept carries one of these codes of a system (any code of it where none is named)."""
    return any(s == system and (not codes or c in codes) for s, c in codings(concept))


def code_in(concept: Mapping[str, Any] | None, system: str) -> str | None:
    """The first code of a concept in a system."""
    return next((code for found, code in codings(concept) if found == system), None)


def coding(system: str, code: str, display: str | None = None) -> Resource:
    """A Coding."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(system: str, code: str, display: str | None = None, text: str | None = None) -> Resource:
    """A CodeableConcept with one coding."""
    return {"coding": [coding(system, code, display)]} | ({"text": text} if text else {})


def quantity(value: Any, unit: str, code: str | None = None) -> Resource:
    """A Quantity in UCUM; ``code`` is the UCUM code where ``unit`` is written for people."""
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code or unit}


def period(start: str | None = None, end: str | None = None) -> Resource:
    """A Period of FHIR dateTimes; open where None."""
    return {key: value for key, value in (("start", start), ("end", end)) if value}


def choice(owner: Mapping[str, Any], name: str) -> tuple[str, Any] | None:
    """(type suffix, value) of a choice element: ``choice(observation, "value")`` → ``("Quantity", {...})``."""
    size = len(name)
    for key in owner:
        if key.startswith(name) and key[size : size + 1].isupper():
            return key[size:], owner[key]
    return None


def extensions(owner: Mapping[str, Any] | None, url: str) -> list[Resource]:
    """The extensions of an element with this url."""
    return [found for found in (owner or {}).get("extension", ()) if found.get("url") == url]


def extension(owner: Mapping[str, Any] | None, url: str) -> Any:
    """The value of the first extension with this url; the extension itself where it is complex; None where absent."""
    found = next(iter(extensions(owner, url)), None)
    if found is None:
        return None
    value = choice(found, "value")
    return found if value is None else value[1]


def with_extension(owner: Mapping[str, Any], url: str, **value: Any) -> Resource:
    """Another element whose only extension of this url holds ``value`` (``valueCode="x"``, or ``extension=[…]``)."""
    others = [other for other in owner.get("extension", ()) if other.get("url") != url]
    return {**owner, "extension": [*others, {"url": url, **value}]}


def without_extension(owner: Mapping[str, Any], url: str) -> Resource:
    """Another element without the extensions of this url; an emptied list goes too."""
    others = [other for other in owner.get("extension", ()) if other.get("url") != url]
    rest = {key: item for key, item in owner.items() if key != "extension"}
    return rest | ({"extension": others} if others else {})


def identifier(resource: Mapping[str, Any], system: str) -> str | None:
    """The value of the first identifier of a system."""
    return next((i.get("value") for i in resource.get("identifier", ()) if i.get("system") == system), None)
