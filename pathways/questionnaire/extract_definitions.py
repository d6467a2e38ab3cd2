"""Definition-based extraction (SDC, "Form data extraction"): items name the element that their answer fills.

``definitionExtract`` (or the older ``itemExtractionContext``) on the form or an item starts a resource;
``item.definition`` ``…/Condition#Condition.code`` and ``definitionExtractValue`` fill it. One resource for each
occurrence of the item, and for each answer of a question; a yes/no question makes its resource only on yes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.fhir.fhirpath import Quantity
from app.fhir.fhirpath.temporal import Temporal
from app.fhir.resource import Resource, extension, extensions
from pathways.questionnaire import items, sdc
from pathways.questionnaire.allocation import Allocation, Scope, occasions
from pathways.questionnaire.elements import Assembly
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.extracted import Made, Origin
from pathways.questionnaire.walking import below

BASE = "http://hl7.org/fhir/StructureDefinition/"
REQUEST_PARTS = ("fullUrl", "ifNoneMatch", "ifModifiedSince", "ifMatch", "ifNoneExist")
Chain = Sequence[Mapping[str, Any]]


def from_definitions(
    questionnaire: Mapping[str, Any], response: Mapping[str, Any], expressions: Expressions, origin: Origin
) -> Iterator[Made]:
    """The resources that the form's definitions describe. Raises Invalid for a definition that R4 does not know."""
    allocation = Allocation(questionnaire, response, origin)
    extraction = _Extraction(expressions, response, origin, allocation)
    yield from extraction.starts(questionnaire, response, (response,), "form", allocation.root)
    yield from extraction.below(questionnaire, response, (response,), allocation.root)


class _Extraction:
    def __init__(self, expressions: Expressions, response: Mapping[str, Any], origin: Origin, allocation: Allocation):
        self.expressions = expressions
        self.response = response
        self.origin = origin
        self.allocation = allocation
        self._scope: Scope = {}
        """The allocated addresses seen where a resource is being made."""

    def below(
        self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: Chain, scope: Scope
    ) -> Iterator[Made]:
        for one in below(definition, holder, tuple(chain)):
            for row, own in occasions(one):
                inner = scope | self.allocation.at(one.item, row)
                here = (*one.chain[:-1], own)
                if not _says_no(own):
                    yield from self.starts(one.definition, own, here, one.link_id, inner)
                yield from self.below(one.definition, own, here, inner)

    def starts(
        self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: Chain, link_id: str, scope: Scope
    ) -> Iterator[Made]:
        """The resources that an item (or the form itself, also without any answer) begins."""
        for canonical, request in _contexts(definition):
            type_name = canonical.rsplit("/", 1)[-1].split("|")[0]
            assembly = Assembly(self._resource_type(definition, type_name))
            if canonical != BASE + type_name:
                assembly.resource["meta"] = {"profile": [canonical]}
            self._scope = scope
            filled = self._fill(assembly, canonical, definition, holder, chain, top=True)
            if filled or holder.get("answer") or definition is self.expressions.questionnaire:
                evaluated = {name: self._text(expression, chain) for name, expression in request.items()}
                given = {name: text for name, text in evaluated.items() if text}
                yield self.origin.made(assembly.resource, link_id, given)

    def _resource_type(self, definition: Mapping[str, Any], name: str) -> str:
        """The type of a profile is that before ``.`` in the paths of its definitions; a base definition names it."""
        for one in (definition, *items.walk(definition)):
            address, _mark, path = str(one.get("definition", "")).partition("#")
            if address.rsplit("/", 1)[-1] == name and path:
                return path.split(".")[0]
        return name

    def _fill(
        self,
        assembly: Assembly,
        canonical: str,
        definition: Mapping[str, Any],
        holder: Mapping[str, Any],
        chain: Chain,
        *,
        top: bool,
    ) -> bool:
        """Put the answers of one holder and of all below it; whether any answer was put."""
        filled = False
        if path := _path(definition.get("definition"), canonical):
            if items.is_group(definition):
                assembly.open(path)
            for answer in holder.get("answer", ()):
                assembly.put(path, answer)
                filled = True
        for value_path, answer in self._constants(definition, canonical, chain):
            assembly.put(value_path, answer)
        for one in below(definition, holder, tuple(chain)):
            if not _contexts(one.definition):
                filled |= self._fill(assembly, canonical, one.definition, one.item, one.chain, top=False)
        return filled

    def _constants(
        self, definition: Mapping[str, Any], canonical: str, chain: Chain
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for found in extensions(definition, sdc.DEFINITION_EXTRACT_VALUE):
            parts = {part["url"]: part for part in found["extension"]}
            path = _path(items.parts(found)["definition"], canonical)
            if path is None:
                continue
            if "fixed-value" in parts:
                yield path, {key: value for key, value in parts["fixed-value"].items() if key.startswith("value")}
            elif "expression" in parts:
                expression = parts["expression"]["valueExpression"]
                for type_, value in self.expressions.typed(expression, self.response, chain, self._scope):
                    yield path, as_answer(type_, value)

    def _text(self, expression: str, chain: Chain) -> str | None:
        found = self.expressions.evaluate(expression, self.response, chain, self._scope)
        return str(found[0]) if found else None


def _says_no(item: Mapping[str, Any]) -> bool:
    """Whether the answer is *no*: it makes no resource."""
    return any(answer.get("valueBoolean") is False for answer in item.get("answer", ()))


def _contexts(definition: Mapping[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """(canonical of the type or profile, request expressions) of each resource that an item starts."""
    found = []
    for one in extensions(definition, sdc.DEFINITION_EXTRACT):
        parts = items.parts(one)
        found.append((parts["definition"], {name: parts[name] for name in REQUEST_PARTS if name in parts}))
    older = extension(definition, sdc.ITEM_EXTRACTION_CONTEXT)
    if isinstance(older, str):
        found.append((BASE + older, {}))
    elif isinstance(older, dict) and "expression" in older:
        found.append((BASE + older["expression"].split("?")[0].split("/")[0], {}))
    return found


def _path(definition: str | None, canonical: str) -> str | None:
    """The element path of a definition that belongs to a context; None where it belongs to another."""
    address, _mark, path = (definition or "").partition("#")
    return path or None if address == canonical else None


def as_answer(type_: str, value: Any) -> Resource:
    """The result of an expression as an answer: a FHIR value under its own type, FHIRPath's own under the nearest."""
    if isinstance(value, Quantity):
        return {"valueQuantity": {"value": value.value, "unit": value.unit, "system": sdc.UCUM, "code": value.unit}}
    if isinstance(value, Temporal):
        text = str(value).lstrip("@")
        return {"valueDateTime": text} if "T" in text else {"valueDate": text}
    name = type_.removeprefix("System.")
    return {f"value{name[0].upper()}{name[1:]}": value}
