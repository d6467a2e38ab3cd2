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
from pathways.questionnaire.elements import Assembly
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.extracted import Made, Origin
from pathways.questionnaire.walking import Occurrence, below

BASE = "http://hl7.org/fhir/StructureDefinition/"
REQUEST_PARTS = ("fullUrl", "ifNoneMatch", "ifModifiedSince", "ifMatch", "ifNoneExist")
Chain = Sequence[Mapping[str, Any]]


def from_definitions(
    questionnaire: Mapping[str, Any], response: Mapping[str, Any], expressions: Expressions, origin: Origin
) -> Iterator[Made]:
    """The resources that the form's definitions describe. Raises Invalid for a definition that R4 does not know."""
    extraction = _Extraction(expressions, response, origin)
    yield from extraction.starts(questionnaire, response, (response,), "form")
    yield from extraction.below(questionnaire, response, (response,))


class _Extraction:
    def __init__(self, expressions: Expressions, response: Mapping[str, Any], origin: Origin):
        self.expressions = expressions
        self.response = response
        self.origin = origin

    def below(self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: Chain) -> Iterator[Made]:
        for one in below(definition, holder, tuple(chain)):
            for own in _occasions(one):
                yield from self.starts(one.definition, own, (*one.chain[:-1], own), one.link_id)
            yield from self.below(one.definition, one.item, one.chain)

    def starts(
        self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: Chain, link_id: str
    ) -> Iterator[Made]:
        for canonical, request in _contexts(definition):
            type_name = canonical.rsplit("/", 1)[-1].split("|")[0]
            assembly = Assembly(self._resource_type(definition, type_name))
            if canonical != BASE + type_name:
                assembly.resource["meta"] = {"profile": [canonical]}
            filled = self._fill(assembly, canonical, definition, holder, chain, top=True)
            if filled or holder.get("answer"):
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
                for type_, value in self.expressions.typed(expression, self.response, chain):
                    yield path, as_answer(type_, value)

    def _text(self, expression: str, chain: Chain) -> str | None:
        found = self.expressions.evaluate(expression, self.response, chain)
        return str(found[0]) if found else None


def _occasions(one: Occurrence) -> list[Resource]:
    """Each answer of a question by itself; a group once; nothing for a *no*."""
    if items.is_group(one.definition) or "answer" not in one.item:
        return [one.item]
    given = [answer for answer in one.item["answer"] if answer.get("valueBoolean") is not False]
    return [{**one.item, "answer": [answer]} for answer in given]


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
