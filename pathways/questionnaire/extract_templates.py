"""Template-based extraction (SDC 4, "Form data extraction"): contained resources with FHIRPath where answers go.

``templateExtract`` on the form or an item names a template; inside it ``templateExtractContext`` moves to (and repeats
for) what an expression finds, ``templateExtractValue`` puts a value. What finds nothing is taken out with all below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Invalid
from app.fhir.fhirpath import Quantity, compile
from app.fhir.fhirpath.model import fhir_type
from app.fhir.fhirpath.nodes import Node, of_json, raw
from app.fhir.fhirpath.temporal import Temporal
from app.fhir.resource import Resource, extension, extensions
from pathways.questionnaire import items, sdc
from pathways.questionnaire.allocation import Allocation, Scope, occasions
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.extract_definitions import REQUEST_PARTS
from pathways.questionnaire.extracted import Made, Origin
from pathways.questionnaire.walking import below

_STEERING = (sdc.TEMPLATE_CONTEXT, sdc.TEMPLATE_VALUE)
Around = dict[str, Any]


def from_templates(
    questionnaire: Mapping[str, Any], response: Mapping[str, Any], expressions: Expressions, origin: Origin
) -> Iterator[Made]:
    """The resources that the form's templates give. Raises Invalid for a template that is not contained."""
    allocation = Allocation(questionnaire, response, origin)
    extraction = _Extraction(questionnaire, response, expressions, origin, allocation)
    around = {**expressions.environment(response), **allocation.root}
    bundle = extension(questionnaire, sdc.TEMPLATE_EXTRACT_BUNDLE)
    if bundle is not None:
        yield from extraction.bundle(bundle["reference"], around)
    yield from extraction.templates(questionnaire, of_json(dict(response)), around, "form")
    yield from extraction.below(questionnaire, response, (response,), allocation.root)


class _Extraction:
    def __init__(
        self,
        questionnaire: Mapping[str, Any],
        response: Mapping[str, Any],
        expressions: Expressions,
        origin: Origin,
        allocation: Allocation,
    ):
        self.contained = {f"#{one['id']}": one for one in questionnaire.get("contained", ()) if "id" in one}
        self.response = response
        self.expressions = expressions
        self.origin = origin
        self.allocation = allocation

    def below(
        self, definition: Mapping[str, Any], holder: Mapping[str, Any], chain: tuple[Any, ...], scope: Scope
    ) -> Iterator[Made]:
        for one in below(definition, holder, chain):
            for row, occasion in occasions(one):
                here, inner = (*one.chain[:-1], occasion), scope | self.allocation.at(one.item, row)
                if extensions(one.definition, sdc.TEMPLATE_EXTRACT):
                    around = {**self.expressions.environment(self.response, here), **inner}
                    focus = Node(occasion, fhir_type("QuestionnaireResponse.item"))
                    yield from self.templates(one.definition, focus, around, one.link_id)
                yield from self.below(one.definition, occasion, here, inner)

    def templates(self, owner: Mapping[str, Any], focus: Any, around: Around, link_id: str) -> Iterator[Made]:
        for found in extensions(owner, sdc.TEMPLATE_EXTRACT):
            parts = items.parts(found)
            template = self._template(parts["template"]["reference"])
            request = {name: self._text(parts[name], focus, around) for name in REQUEST_PARTS if name in parts}
            for resource in _filled(template, focus, around):
                yield self.origin.made(resource, link_id, {name: text for name, text in request.items() if text})

    def bundle(self, reference: str, around: Around) -> Iterator[Made]:
        focus = of_json(dict(self.response))
        for filled in _filled(self._template(reference), focus, around):
            for entry in filled.get("entry", ()):
                if "resource" not in entry:
                    continue  # its context found nothing
                given = entry.get("request", {})
                request = {name: given[name] for name in ("method", "url", *REQUEST_PARTS) if name in given}
                if "fullUrl" in entry:
                    request["fullUrl"] = entry["fullUrl"]
                yield self.origin.made(entry["resource"], "form", request)

    def _template(self, reference: str) -> Resource:
        found = self.contained.get(reference)
        if found is None:
            raise Invalid(
                "the template {reference} is not contained in the Questionnaire",
                reference=reference,
                expression="Questionnaire",
            )
        return {key: value for key, value in found.items() if key != "id"}

    @staticmethod
    def _text(expression: str, focus: Any, around: Around) -> str | None:
        found = compile(expression)(focus, around)
        return str(found[0]) if found else None


def _filled(element: Any, focus: Any, around: Around) -> list[Any]:
    """What a part of a template becomes: nothing, itself filled in, or one for each result of its expression."""
    if isinstance(element, list):
        return [[made for one in element for made in _filled(one, focus, around)]]
    if not isinstance(element, dict):
        return [element]
    value = _expression(element, sdc.TEMPLATE_VALUE)
    context = _expression(element, sdc.TEMPLATE_CONTEXT)
    foci = [(focus, around)] if context is None else _contexts(context, focus, around)
    if value is not None:
        return [_plain(raw(one)) for here, seen in foci for one in compile(value["expression"]).items(here, seen)]
    return [made for here, seen in foci if (made := _element(element, here, seen))]


def _contexts(context: Mapping[str, Any], focus: Any, around: Around) -> list[tuple[Any, Around]]:
    found = compile(context["expression"]).items(focus, around)
    return [(one, {**around, context["name"]: [one]} if "name" in context else around) for one in found]


def _element(element: Mapping[str, Any], focus: Any, around: Around) -> Resource:
    """An element whose members are filled in; a primitive takes the value of its ``_name``'s expression."""
    made: Resource = {}
    for key, member in element.items():
        if key == "extension":
            kept = [one for one in member if one.get("url") not in _STEERING]
            filled_in = [own for one in kept for own in _filled(one, focus, around) if set(own) - {"url", "id"}]
            if filled_in:
                made["extension"] = filled_in
        elif key.startswith("_"):
            _primitive(made, element, key, focus, around)
        elif f"_{key}" not in element or not _steers(element[f"_{key}"]):
            for filled in _filled(member, focus, around)[:1]:
                if filled not in ([], {}):
                    made[key] = filled
    return made


def _primitive(made: Resource, element: Mapping[str, Any], key: str, focus: Any, around: Around) -> None:
    beside, name = element[key], key[1:]
    if not _steers(beside):
        (filled,) = _filled(beside, focus, around) or [{}]
        if filled:
            made[key] = filled
        return
    many = isinstance(beside, list)
    values = [found for one in (beside if many else [beside]) if one for found in _filled(one, focus, around)]
    if values:
        made[name] = values if many else values[0]


def _steers(beside: Any) -> bool:
    if isinstance(beside, list):
        return any(_steers(one) for one in beside)
    return isinstance(beside, dict) and any(one.get("url") in _STEERING for one in beside.get("extension", ()))


def _expression(element: Mapping[str, Any], url: str) -> Resource | None:
    """The expression of an extension, given as string or as Expression."""
    found = extension(element, url)
    return {"expression": found} if isinstance(found, str) else found


def _plain(value: Any) -> Any:
    """A result as JSON: FHIRPath's own dates and quantities in their FHIR form."""
    if isinstance(value, Temporal):
        return str(value).lstrip("@")
    if isinstance(value, Quantity):
        return {"value": value.value, "unit": value.unit, "system": sdc.UCUM, "code": value.unit}
    return value
