"""Step: what was seen. The values that conditions looked at, and the measured or computed ones behind these.

Conclusions (true, false) are shown where a condition names them; search answers and whole resources never.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pathways.apply.conditions import Verdict
from pathways.apply.expression import ExpressionFailed
from pathways.apply.scope import Scope
from pathways.apply.values import date_of, holds, plain, stands_in_record, unit_of
from pathways.apply.variables import Variable


class Value(NamedTuple):
    """A value that a condition looked at; ``reference`` the resource it comes from, ``date`` that resource's FHIR
    date."""

    name: str
    title: str
    value: Any
    unit: str | None
    date: str | None
    reference: str | None


_new = tuple.__new__


class Seen:
    """The values of one scope in one language, each worked out when it is first asked for."""

    __slots__ = ("_behind", "_by", "_language", "_scope", "_values")

    def __init__(self, scope: Scope, language: str):
        self._scope = scope
        self._language = language
        self._values: dict[str, Value | None] = {}
        self._behind: dict[str, dict[str, Value]] = {}
        self._by: dict[tuple[Any, ...], list[Value]] = {}

    def by(self, verdict: Verdict) -> list[Value]:
        """What the conditions of an action looked at, each once: what they name first."""
        key = (verdict.used, verdict.missing)
        found = self._by.get(key)
        if found is None:
            found = self._by[key] = self._gathered(verdict)
        return found

    def _gathered(self, verdict: Verdict) -> list[Value]:
        found: dict[str, Value] = {}
        try:
            for name in (*verdict.used, *verdict.missing):
                if (value := self._value(name)) is not None:
                    found[name] = value
            for name in verdict.used:
                found.update(self._all_behind(name))
        except ExpressionFailed:
            return []
        return list(found.values())

    def _all_behind(self, name: str) -> dict[str, Value]:
        """What a variable used, directly or not, that is worth showing: described, known, and no conclusion."""
        scope, found = self._scope, self._behind.get(name)
        if found is not None:
            return found
        variable = scope.declared(name)
        below: dict[str, Value] = {}
        if variable is not None and variable.tells:
            if variable.described:
                items = scope[name]
                known = items and plain(items[0]).__class__ is not bool
                if known and (own := self._value(name)) is not None:
                    below[name] = own
            for other in scope.used(name):
                below.update(self._all_behind(other))
        self._behind[name] = below
        return below

    def _value(self, name: str) -> Value | None:
        """A variable as a value; None where it is a search answer or a whole resource."""
        try:
            return self._values[name]
        except KeyError:
            variable = self._scope.declared(name)
            found = self._values[name] = None if variable is None else self._made(name, variable)
            return found

    def _made(self, name: str, variable: Variable) -> Value | None:
        scope, title = self._scope, variable.title(self._language)
        items = scope[name]
        if not items:
            return _new(Value, (name, title, None, None, None, None))
        values = [plain(item) for item in items]
        first = values[0]
        if any(value.__class__ is dict and "resourceType" in value for value in values):
            return None
        resource, owner = _origin(scope, name, first) if stands_in_record(items[0]) else (None, None)
        when = date_of(resource) if resource else None
        reference = f"{resource['resourceType']}/{resource['id']}" if resource and resource.get("id") else None
        unit = unit_of(owner, first) or variable.unit
        shown = first if len(values) == 1 else values
        return _new(Value, (name, title, shown, unit, when, reference))


def _origin(scope: Scope, name: str, value: Any) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """(resource, object inside it) that a value was read from: the variable's own search or those it comes from.

    A value of the patient's own data (``%patient.birthDate``) comes from no search.
    """
    for bundle in scope.bundles(name):
        for entry in bundle.get("entry", ()):
            owner = holds(entry["resource"], value)
            if owner is not None:
                return entry["resource"], owner
    return None, None


def title_of(scope: Scope, name: str, language: str) -> str:
    """What a variable is called: the description of its expression, else its name."""
    variable = scope.declared(name)
    return name if variable is None else variable.title(language)
