"""Named parameters: values on which sources disagree, kept as FHIRPath constants that the rules of a set use by name.

The same parameter stands in every plan that needs it, so that each plan runs alone: read once, written everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.config import CANONICAL_BASE
from app.errors import Invalid
from app.fhir.resource import Resource, extension, extensions
from app.fhir.translation import text
from protocols.vocabulary import TO_BE_CONFIRMED, VARIABLE

PARAMETER = f"{CANONICAL_BASE}/StructureDefinition/parameter"
UNIT = f"{CANONICAL_BASE}/StructureDefinition/unit"
CONSTANT = re.compile(r"'[^'\\]*'|-?\d+(\.\d+)?|\d+ (minute|hour|day|week|month|year)s?|true|false")
"""What a parameter may be: a string, a number, a duration, a truth value (https://hl7.org/fhirpath/N1/#literals)."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value and the source that gives it."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named value: ``value`` is its FHIRPath constant, ``unit`` for people."""

    name: str
    title: str
    value: str
    unit: str
    options: tuple[Option, ...]
    to_confirm: bool

    @property
    def chooses(self) -> bool:
        """Whether it picks one of several codes (a medicine among its like) and is no disputed number."""
        return self.value.startswith("'")

    @property
    def in_force(self) -> Option | None:
        """The option that the set follows, if it is one of those named."""
        return next((option for option in self.options if option.value == self.value), None)


def parameters(resources: Iterable[Resource], lang: str) -> list[Parameter]:
    """The parameters of a set, each once, in the order in which they first stand."""
    found: dict[str, Parameter] = {}
    for resource in resources:
        for expression in _expressions(resource):
            found.setdefault(expression["name"], parameter(expression, lang))
    return list(found.values())


def with_values(resource: Resource, values: dict[str, str]) -> Resource:
    """Another resource whose parameters have these FHIRPath constants. Raises Invalid for what is no constant."""
    for name, value in values.items():
        if not CONSTANT.fullmatch(value):
            raise Invalid("“{value}” is no number, duration or code", value=value, expression=name)
    changed = [_with_value(one, values) for one in resource.get("extension", ())]
    return resource | ({"extension": changed} if changed else {})


def plain(value: str) -> str:
    """A FHIRPath constant without its quotes."""
    return value[1:-1] if value.startswith("'") else value


def _expressions(resource: Resource) -> list[Resource]:
    held = [one.get("valueExpression", {}) for one in extensions(resource, VARIABLE)]
    return [one for one in held if extensions(one, PARAMETER)]


def parameter(expression: Resource, lang: str) -> Parameter:
    """The parameter that an expression of a ``variable`` extension carries."""
    parts = extensions(expression, PARAMETER)[0].get("extension", ())
    title = next((text(part, "valueString", lang) for part in parts if part["url"] == "title"), None)
    options = []
    for part in parts:
        if part["url"] == "option":
            inner = {one["url"]: one for one in part.get("extension", ())}
            source = text(inner.get("source"), "valueString", lang) or ""
            options.append(Option(inner.get("value", {}).get("valueString", ""), source))
    return Parameter(
        name=expression["name"],
        title=title or text(expression, "description", lang) or expression["name"],
        value=expression.get("expression", ""),
        unit=extension(expression, UNIT) or "",
        options=tuple(options),
        to_confirm=extension(expression, TO_BE_CONFIRMED) is True,
    )


def _with_value(held: Resource, values: dict[str, str]) -> Resource:
    expression = held.get("valueExpression", {})
    if held.get("url") != VARIABLE or not extensions(expression, PARAMETER) or expression.get("name") not in values:
        return held
    return held | {"valueExpression": expression | {"expression": values[expression["name"]]}}
