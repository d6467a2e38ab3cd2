"""What FHIR adds to FHIRPath (https://hl7.org/fhir/R4/fhirpath.html#functions)."""

from __future__ import annotations

import re
from typing import Any, Final

from ..environment import Run, single
from ..equality import told
from ..errors import FhirPathError
from ..model import find_type, type_of_resource
from ..nodes import Items, Node, members, of_json, system
from ..operators import EMPTY, answer
from ..syntax import TypeName
from .narrative import is_narrative
from .registry import function, string_of

_REFERENCE: Final = re.compile(
    r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.DOTALL
)
_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"


@function("extension", "v")
def extension(run: Run, items: Items, url: Items) -> Items:
    """The extensions of a URL, of primitives too."""
    wanted = string_of(url, "extension()")
    found: Items = []
    for item in items:
        if item.__class__ is not Node or "extension" not in item.type.fields:
            continue
        holder = item.value if item.value.__class__ is dict else item.extra
        if holder.__class__ is dict and "extension" in holder:
            below: Items = []
            members(holder, item.type.fields["extension"], below)
            found.extend([node for node in below if node.value.__class__ is dict and node.value.get("url") == wanted])
    return found


def reference_text(item: Any) -> str | None:
    """The address that a Reference, canonical, uri or string gives."""
    value = item.value if item.__class__ is Node else item
    if value.__class__ is dict:
        value = value.get("reference")
    return value if isinstance(value, str) else None


def resolved(run: Run, item: Any) -> Node | None:
    """The resource that an item refers to: contained, in the Bundle under evaluation, or found by the resolver."""
    text = reference_text(item)
    if not text:
        return None
    container = run.container()
    if text.startswith("#"):
        return _contained(container, text[1:])
    found = _in_bundle(container, text)
    if found is None and run.ports.resolver is not None:
        found = run.ports.resolver(text)
    return None if found is None else of_json(found)


def _contained(container: Node | None, identifier: str) -> Node | None:
    value = container.value if container is not None else None
    if not isinstance(value, dict):
        return None
    if not identifier:
        return container
    for resource in value.get("contained", ()):
        if isinstance(resource, dict) and resource.get("id") == identifier:
            return Node(resource, type_of_resource(resource.get("resourceType")))
    return None


def _in_bundle(container: Node | None, text: str) -> dict[str, Any] | None:
    value = container.value if container is not None else None
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return None
    for entry in value.get("entry", ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        if entry.get("fullUrl") == text or f"{resource.get('resourceType')}/{resource.get('id')}" == text:
            return resource
    return None


def type_of_reference(item: Any) -> str | None:
    """The type of the resource that is referred to, told by the reference alone; ``None`` when it does not say."""
    text = reference_text(item)
    found = _REFERENCE.fullmatch(text) if text else None
    if found is not None:
        known = find_type(found.group(1))
        return found.group(1) if known is not None and known.resource else None
    value = item.value if item.__class__ is Node else None
    named = value.get("type") if value.__class__ is dict else None
    return named if isinstance(named, str) else None


def resolves_to(run: Run, item: Any, wanted: TypeName) -> bool:
    """``item.resolve() is wanted``, without fetching the resource when its address tells its type."""
    named = type_of_reference(item)
    if named is not None:
        return wanted.namespace != "System" and wanted.name in type_of_resource(named).names
    found = resolved(run, item)
    return found is not None and wanted.namespace != "System" and wanted.name in found.type.names


@function("resolve")
def resolve(run: Run, items: Items) -> Items:
    return [found for item in items if (found := resolved(run, item)) is not None]


@function("conformsTo", "v")
def conforms_to(run: Run, items: Items, profile: Items) -> Items:
    """A type of the base specification is told here; a profile is asked of the ``conforms`` port."""
    item, url = single(items, "conformsTo()"), string_of(profile, "conformsTo()")
    if item is None or url is None:
        return EMPTY
    name = url.split("|")[0].removeprefix(_BASE)
    if url.startswith(_BASE) and find_type(name) is not None:
        return answer(item.__class__ is Node and name in item.type.names)
    found = None
    if run.ports.conforms is not None and item.__class__ is Node and item.value.__class__ is dict:
        found = run.ports.conforms(item.value, url)
    if found is None:
        raise FhirPathError(f"conformsTo() does not know the profile {url}.")
    return answer(found)


@function("memberOf", "v")
def member_of(run: Run, items: Items, value_set: Items) -> Items:
    """Whether a code, Coding or CodeableConcept is in a value set; empty when the terminology does not know."""
    item, url = single(items, "memberOf()"), string_of(value_set, "memberOf()")
    if item is None or url is None:
        return EMPTY
    value = system(item)
    coded = value.value if value.__class__ is Node else value
    if not isinstance(coded, dict | str):
        raise FhirPathError(f"memberOf() is for codes, not for {told(item)}.")
    return answer(_terminology(run, "memberOf()").member_of(coded, url))


@function("subsumes", "v")
def subsumes(run: Run, items: Items, other: Items) -> Items:
    return _subsumption(run, items, other, "subsumes()")


@function("subsumedBy", "v")
def subsumed_by(run: Run, items: Items, other: Items) -> Items:
    return _subsumption(run, other, items, "subsumedBy()")


def _subsumption(run: Run, above: Items, below: Items, what: str) -> Items:
    """Of concepts with several codings, one pair is enough; empty when no pair is known."""
    first, second = single(above, what), single(below, what)
    if first is None or second is None:
        return EMPTY
    port = _terminology(run, what)
    answers = [port.subsumes(a, b) for a in _codings(first, what) for b in _codings(second, what)]
    if True in answers:
        return answer(True)
    return EMPTY if None in answers or not answers else answer(False)


def _codings(item: Any, what: str) -> list[dict[str, Any]]:
    value = item.value if item.__class__ is Node else item
    if isinstance(value, str):
        return [{"code": value}]
    if not isinstance(value, dict):
        raise FhirPathError(f"{what} is for codes, not for {told(item)}.")
    return list(value.get("coding", ())) if "coding" in value else [value]


def _terminology(run: Run, what: str) -> Any:
    if run.ports.terminology is None:
        raise FhirPathError(f"{what} needs a terminology service, and this evaluation has none.")
    return run.ports.terminology


@function("checkModifiers", "*v")
def check_modifiers(run: Run, items: Items, *known: Items) -> Items:
    """The input, when it has no modifier extensions but those named; otherwise an error."""
    allowed = {string_of(url, "checkModifiers()") for url in known}
    for item in items:
        value = item.value if item.__class__ is Node else None
        for one in value.get("modifierExtension", ()) if isinstance(value, dict) else ():
            if one.get("url") not in allowed:
                raise FhirPathError(f"The modifier extension {one.get('url')} is not understood.")
    return items


@function("htmlChecks")
def html_checks(run: Run, items: Items) -> Items:
    """Whether the narrative keeps to the XHTML that FHIR allows."""
    text = string_of(items, "htmlChecks()")
    return EMPTY if text is None else answer(is_narrative(text))
