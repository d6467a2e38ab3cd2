"""Search parameters as the store indexes and searches them: the official ones of R4 and our own
(``own_search_parameters``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from app.fhir.definitions import load, resource_types
from app.store.codes import path_code
from app.store.paths import Path, branches, paths

_PRIMARY_DATES = (
    "authoredon", "authored-on", "authored", "date", "recorded-date", "sent", "occurrence", "started", "created",
    "recorded",     "whenhandedover", "effective-time", "issued", "period", "onset-date",
)  # fmt: skip
_RECORD_FIRST = ("patient", "subject", "beneficiary", "individual")
_OWN_COMPARTMENT = {"Task": ("patient",), "Bundle": ("patient",), "Device": ("patient",), "Provenance": ("patient",)}
_NOT_RECORDS = frozenset({"Group", "Patient", "AuditEvent"})


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One parameter on one type, made once. ``kind``: token reference date string number quantity uri composite
    special.

    ``paths`` are what its rows stand under; ``components`` the parts of a composite, as (base, parameter) where base
    is a path whose elements bind the parts together, or the type itself. ``index`` changes how strings are cut (words,
    digits).
    """

    base: str
    code: str
    kind: str
    url: str
    paths: tuple[Path, ...]
    targets: tuple[str, ...] = ()
    components: tuple[tuple[str, tuple[Parameter, ...]], ...] = ()
    index: str = ""
    description: str = ""
    expression: str = ""
    contained: bool = False

    def codes(self) -> tuple[int, ...]:
        """The numbers of its paths."""
        return _codes(self)

    @property
    def apart(self) -> str:
        """What keeps the rows of contained resources apart from those of resources that stand by themselves."""
        return CONTAINED if self.contained else ""


@cache
def _codes(one: Parameter) -> tuple[int, ...]:
    return tuple(path_code(path.expression + one.index + one.apart) for path in one.paths)


CONTAINED = "#contained"


@cache
def contained_parameters(resource_type: str) -> Mapping[str, Parameter]:
    """The same as ``parameters_of``, over the rows of contained resources."""
    return {code: _within(one) for code, one in parameters_of(resource_type).items()}


def _within(one: Parameter) -> Parameter:
    parts = tuple((base, tuple(_within(part) for part in components)) for base, components in one.components)
    return replace(one, contained=True, components=parts)


@cache
def parameters_of(resource_type: str) -> Mapping[str, Parameter]:
    """Code -> parameter for a type: Resource's, DomainResource's, its own, then ours."""
    official: dict[str, dict[str, Any]] = load("search_parameters")
    found: dict[str, Parameter] = {}
    for base in ("Resource", "DomainResource", resource_type):
        for code, data in official.get(base, {}).items():
            found[code] = _made(resource_type, code, data)
    for code, data in own().get(resource_type, {}).items():
        url = f"https://maslak.ma/fhir/SearchParameter/{resource_type}-{code}"
        found[code] = _made(resource_type, code, {"url": url, **data})
    return found


def parameter(resource_type: str, code: str) -> Parameter | None:
    """One parameter of a type."""
    return parameters_of(resource_type).get(code)


@cache
def own() -> dict[str, dict[str, Any]]:
    """Our own parameters by type and code."""
    found: dict[str, dict[str, Any]] = load("own_search_parameters")
    return found


def _made(resource_type: str, code: str, data: Mapping[str, Any]) -> Parameter:
    expression = (
        data.get("expression", "").replace("DomainResource.", "Resource.").replace("Resource.", f"{resource_type}.")
    )
    kind = data["type"]
    walked = () if kind == "composite" or code in ("_id", "_lastUpdated") else paths(expression)
    return Parameter(
        base=resource_type,
        code=code,
        kind=kind,
        url=data["url"],
        paths=tuple(p for p in walked if p.expression),
        targets=tuple(data.get("target", ())),
        components=_components(resource_type, expression, data) if kind == "composite" else (),
        index={"words": "#words", "digits": "#digits"}.get(data.get("index", ""), ""),
        description=data.get("description", ""),
        expression=expression,
    )


def _components(
    resource_type: str, expression: str, data: Mapping[str, Any]
) -> tuple[tuple[str, tuple[Parameter, ...]], ...]:
    made = []
    for base in branches(expression):
        parts = []
        for part in data["component"]:
            kind = _kind_of(part["definition"])
            whole = " | ".join(
                one.replace("%resource", resource_type, 1) if one.startswith("%resource") else f"{base}.{one}"
                for one in branches(part["expression"])
            )
            parts.append(Parameter(resource_type, "", kind, part["definition"], paths(whole)))
        made.append((base, tuple(parts)))
    return tuple(made)


@cache
def _kinds() -> dict[str, str]:
    return {data["url"]: data["type"] for table in load("search_parameters").values() for data in table.values()}


def _kind_of(url: str) -> str:
    return _kinds()[url]


@cache
def primary_date(resource_type: str, contained: bool = False) -> tuple[str, tuple[int, ...]] | None:
    """(code, paths) of the date by which a record of this type is read, newest first; its rows carry it as ``at``."""
    table = (contained_parameters if contained else parameters_of)(resource_type)
    code = next((c for c in _PRIMARY_DATES if c in table and table[c].kind == "date"), None)
    return (code, table[code].codes()) if code else None


@cache
def record_paths(resource_type: str) -> tuple[tuple[int, ...], bool]:
    """Where the patient of a resource is named, in order of preference, and whether a single element settles it.

    When it does, ``head.patient`` answers ``patient=…`` by itself. From the Patient compartment
    (https://hl7.org/fhir/R4/compartmentdefinition-patient.html), widened by Task, documents and Device.
    """
    if resource_type in _NOT_RECORDS:
        return (), False
    named = (*load("compartments")["Patient"].get(resource_type, ()), *_OWN_COMPARTMENT.get(resource_type, ()))
    table = parameters_of(resource_type)
    order = [code for code in _RECORD_FIRST if code in table and (named and table[code].kind == "reference")]
    order += [code for code in named if code in table and code not in order]
    codes: list[int] = []
    for code in order:
        codes += [found for found in table[code].codes() if found not in codes]
    if not codes:
        return (), False
    first = table[order[0]]
    single = len(first.paths) == 1 and first.paths[0].ways is not None and _scalar(first.paths[0])
    return ((codes[0],), True) if single else (tuple(codes), False)


def _scalar(path: Path) -> bool:
    """Whether a path can give one value at most."""
    model = load("elements")
    owner, *names = path.expression.split(".")
    if len(names) != 1 or not names[0].isidentifier():
        return False
    element = model[owner]["elements"].get(names[0])
    return bool(element) and element["max"] == "1"


@cache
def searchable_types() -> tuple[str, ...]:
    """Every R4 resource type that is stored."""
    return tuple(sorted(resource_types()))
