"""The search parameters of R4 4.0.1 by resource type (https://hl7.org/fhir/R4/searchparameter-registry.html)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from app.fhir.definitions import load, resource_types

if TYPE_CHECKING:
    from app.fhir.fhirpath import Program


@dataclass(frozen=True)
class Component:
    """One part of a composite, evaluated on its focus; ``definition`` is the url of the parameter it works like."""

    definition: str
    expression: str

    @cached_property
    def program(self) -> Program:
        """The compiled expression."""
        from app.fhir.fhirpath import compile  # late: reading the registry needs no engine

        return compile(self.expression)

    @property
    def parameter(self) -> SearchParameter:
        """The parameter that the part works like; it gives the type (token, quantity ...)."""
        return by_url()[self.definition]


@dataclass(frozen=True)
class SearchParameter:
    """One search parameter as it stands on one resource type.

    ``type``: number date string token reference composite quantity uri special. ``expression`` is FHIRPath, cut to that
    resource type; empty for those that no expression can answer (``_text``, ``_content``, ``_filter``, ``near`` apart).
    """

    base: str
    code: str
    type: str
    url: str
    expression: str = ""
    targets: tuple[str, ...] = ()
    comparators: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    description: str = ""

    @cached_property
    def program(self) -> Program:
        """The compiled expression; call it with a resource."""
        from app.fhir.fhirpath import compile

        return compile(self.expression)


@cache
def parameters_of(resource_type: str) -> Mapping[str, SearchParameter]:
    """Code → parameter of a resource type, those of Resource (``_id`` ...) and DomainResource (``_text``) included."""
    bases = ["Resource", *(["DomainResource"] if _is_domain(resource_type) else []), resource_type]
    return {code: _made(base, code) for base in bases for code in load("search_parameters").get(base, {})}


def parameter(resource_type: str, code: str) -> SearchParameter | None:
    """One parameter of a type, or None."""
    return parameters_of(resource_type).get(code)


@cache
def by_url() -> Mapping[str, SearchParameter]:
    """Canonical url → parameter (of the first type it stands on; code and type are the same on all)."""
    return {one.url: one for one in reversed(list(_all()))}


def common(resource_types: list[str]) -> dict[str, SearchParameter]:
    """The parameters that all these types share by definition, for a search across types."""
    tables = [parameters_of(name) for name in resource_types]
    return {
        code: one for code, one in tables[0].items() if all(t.get(code) and t[code].url == one.url for t in tables[1:])
    }


def _all() -> Iterator[SearchParameter]:
    for base in load("search_parameters"):
        for code in load("search_parameters")[base]:
            yield _made(base, code)


@cache
def _made(base: str, code: str) -> SearchParameter:
    data: dict[str, Any] = load("search_parameters")[base][code]
    return SearchParameter(
        base=base,
        code=code,
        type=data["type"],
        url=data["url"],
        expression=data.get("expression", ""),
        targets=tuple(data.get("target", ())),
        comparators=tuple(data.get("comparator", ())),
        modifiers=tuple(data.get("modifier", ())),
        components=tuple(Component(part["definition"], part["expression"]) for part in data.get("component", ())),
        description=data.get("description", ""),
    )


def _is_domain(resource_type: str) -> bool:
    return resource_type in resource_types() and load("elements")[resource_type]["base"] == "DomainResource"
