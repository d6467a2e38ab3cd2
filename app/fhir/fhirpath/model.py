"""The types of FHIR R4 and their elements, read once from `app/fhir/definitions/elements.json`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from .errors import FhirPathError
from .syntax import TypeName

SYSTEM_TYPES: Final = frozenset(
    {"Any", "Boolean", "String", "Integer", "Long", "Decimal", "Date", "DateTime", "Time", "Quantity"}
)


class Field:
    """An element of a type.

    ``options``: for each type that it may have, the JSON key, the type, and the key of the primitive's sibling
    (``_birthDate``) or ``None``; ``by_key``: the same by either key. ``resource``: the type is told by the value's own
    ``resourceType``.
    """

    __slots__ = ("by_key", "choice", "many", "name", "options", "resource")

    def __init__(self, name: str, row: dict[str, Any], wanted: str | None = None):
        self.name = name
        self.choice = bool(row.get("c"))
        self.many = row["max"] not in ("0", "1")
        options = []
        for code in row["t"]:
            type_ = fhir_type(code)
            if wanted is not None and wanted not in type_.names:
                continue
            key = f"{name}{code[0].upper()}{code[1:]}" if self.choice else name
            options.append((key, type_, f"_{key}" if type_.primitive else None))
        self.options: Final = tuple(options)
        self.by_key: Final = {key: option for option in options for key in (option[0], option[2]) if key is not None}
        self.resource: Final = any(code in ("Resource", "DomainResource") for code in row["t"])


class Type:
    """A FHIR type, or a backbone by its path.

    ``name``: what ``type()`` and ``is`` call it (``BackboneElement`` for a backbone); ``path``: its own name.
    ``names``: its name and those of all it is derived from.
    """

    __slots__ = ("_fields", "_row", "abstract", "base", "name", "names", "path", "primitive", "resource", "suffixed")

    def __init__(self, path: str, row: dict[str, Any]):
        backbone = row["kind"] == "backbone"
        self.path = path
        self.name: str = row["base"] if backbone else path
        self.base: Type | None = fhir_type(row["base"]) if row["base"] else None
        self.names: frozenset[str] = frozenset({path, self.name}) | (self.base.names if self.base else frozenset())
        self.primitive = row["kind"] == "primitive"
        self.resource = row["kind"] == "resource"
        self.abstract = bool(row.get("abstract"))
        self._row = row
        self._fields: dict[str, Field] | None = None
        self.suffixed: dict[str, str] = {}

    @property
    def fields(self) -> dict[str, Field]:
        """The elements by name; ``suffixed`` then knows the JSON names of choices (``valueQuantity`` → ``value``)."""
        if self._fields is None:
            self._fields = {name: Field(name, row) for name, row in self._row["elements"].items()}
            self.suffixed = {
                key: name
                for name, field in self._fields.items()
                if field.choice
                for key, _type, _sibling in field.options
            }
        return self._fields

    def narrowed(self, name: str, wanted: str) -> Field:
        """A choice with those of its types only that are of a wanted one."""
        return Field(name, self._row["elements"][name], wanted)

    def __repr__(self) -> str:
        return f"<{self.path}>"


@cache
def _rows() -> dict[str, Any]:
    text = (files("app.fhir") / "definitions" / "elements.json").read_bytes()
    rows: dict[str, Any] = json.loads(text)
    return rows | _OWN


_ONE_STRING: Final = {"t": ["string"], "min": 1, "max": "1"}
_OWN: Final[dict[str, Any]] = {
    "ClassInfo": {"base": None, "kind": "complex", "elements": {"namespace": _ONE_STRING, "name": _ONE_STRING}},
    "Untyped": {"base": None, "kind": "complex", "elements": {}},
}
"""What ``type()`` returns, and a JSON object of which no type is known."""


@cache
def fhir_type(name: str) -> Type:
    """The type of a name that is known to exist; raises ``KeyError`` otherwise."""
    return Type(name, _rows()[name])


def find_type(name: str) -> Type | None:
    """The type of a name, or ``None``."""
    return fhir_type(name) if name in _rows() else None


def type_of_resource(name: object) -> Type:
    """The type of a ``resourceType``; an unknown one is untyped."""
    if name.__class__ is not str:
        return fhir_type("Untyped")
    found = _RESOURCES.get(name)
    if found is None:
        found = find_type(name)
        if found is None or not found.resource:
            return fhir_type("Untyped")
        _RESOURCES[name] = found
    return found


_RESOURCES: Final[dict[str, Type]] = {}
"""Types of resources met so far; an unknown name, which comes from outside, is not kept."""


def known(type_name: TypeName) -> TypeName:
    """The same type name when it names something; raises ``FhirPathError`` when it does not."""
    namespace, name = type_name.namespace, type_name.name
    if namespace == "System":
        return type_name  # an unknown System type is allowed: nothing is of it
    if namespace not in (None, "FHIR"):
        raise FhirPathError(f"Unknown namespace '{namespace}': there are FHIR and System.", position=type_name.at)
    if name in _rows() or (namespace is None and name in SYSTEM_TYPES):
        return type_name
    raise FhirPathError(f"Unknown type '{name}'.", position=type_name.at)
