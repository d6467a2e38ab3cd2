"""What an evaluation may reach beyond its resource: variables, and ports to the world outside.

A caller passes a mapping of variable names, without ``%``, to a value, a list, or a function of no arguments that is
called at the first use and whose answer is kept for that evaluation. ``resource``, ``context`` and ``rootResource`` may
be given to replace the resource under evaluation. The ports stand under the key ``PORTS``; ``environment`` puts both
together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol

from app.clock import CASABLANCA

from .errors import FhirPathError
from .nodes import Item, Items, Node, collection, of_json, raw

PORTS: Final = "@ports"
"""The key of the ``Ports`` in an environment; no variable of an expression can have this name without backticks."""

_CONSTANTS: Final = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
_PREFIXES: Final = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}
RESERVED: Final = frozenset({"resource", "context", "rootResource", *_CONSTANTS})
"""Names that ``defineVariable`` may not take."""


class Terminology(Protocol):
    """What ``memberOf``, ``subsumes`` and ``subsumedBy`` ask. Codings are R4 JSON; ``None`` means not known."""

    def member_of(self, coded: dict[str, Any] | str, valueset_url: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept is in a value set."""

    def subsumes(self, a: dict[str, Any], b: dict[str, Any]) -> bool | None:
        """Whether the Coding ``a`` is ``b`` or an ancestor of it."""


def system_clock() -> datetime:
    """The present instant, for callers that give no ``now``; domain code gives one, so that it can be repeated."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ports:
    """``resolver``: reference text → resource or ``None``. ``conforms``: (resource, profile url) → bool or ``None``.

    ``now``: the aware instant of ``now()``, ``today()`` and ``timeOfDay()``; without it ``clock`` is asked, once an
    evaluation. ``trace``: called with the name and the raw items of every ``trace()``.
    """

    resolver: Callable[[str], dict[str, Any] | None] | None = None
    terminology: Terminology | None = None
    now: datetime | None = None
    trace: Callable[[str, list[Any]], None] | None = None
    conforms: Callable[[dict[str, Any], str], bool | None] | None = None
    clock: Callable[[], datetime] = field(default=system_clock)


_NO_PORTS: Final = Ports()


def environment(
    variables: Mapping[str, Any] | None = None,
    *,
    resolver: Callable[[str], dict[str, Any] | None] | None = None,
    terminology: Terminology | None = None,
    now: datetime | None = None,
    trace: Callable[[str, list[Any]], None] | None = None,
    conforms: Callable[[dict[str, Any], str], bool | None] | None = None,
) -> dict[str, Any]:
    """An environment of variables and ports, for ``Program`` and ``evaluate``; ``now`` is aware."""
    return {**(variables or {}), PORTS: Ports(resolver, terminology, now, trace, conforms)}


@lru_cache(64)
def _local(moment: datetime) -> datetime:
    return moment.astimezone(CASABLANCA)


class Run:
    """One evaluation: its resource, the variables seen so far, and where ``$index`` and ``$total`` stand."""

    defined: dict[str, Items] | None = None
    index: int | None = None
    memo: dict[object, Any] | None = None
    """What is the same for every item (``fixed``), as far as it has been worked out."""
    total: Items = []  # noqa: RUF012 (a collection is never changed)
    _kept: dict[str, Items] | None = None
    _now: datetime | None = None

    def __init__(
        self,
        root: Items,
        given: Mapping[str, Any] | None,
        settled: Mapping[str, Items] | None = None,
        used: dict[str, None] | None = None,
    ):
        self.root = root
        self._given = given
        self.settled = settled
        """Variables whose collections are known already, so that nobody needs to be asked."""
        self.used = used
        """The names of the variables that this evaluation has looked at, if anybody wants to know."""

    @property
    def ports(self) -> Ports:
        """The ports that were given."""
        return _NO_PORTS if self._given is None else self._given.get(PORTS) or _NO_PORTS

    def variable(self, name: str) -> Items:
        """The collection of a variable; raises ``FhirPathError`` when nobody has defined it."""
        if self.used is not None:
            self.used[name] = None
        if self.defined is not None and name in self.defined:
            return self.defined[name]
        if self._kept is not None and name in self._kept:
            return self._kept[name]
        if self._given is not None and name != PORTS:
            try:
                value = self._given[name]
            except KeyError:
                pass
            else:
                if self.settled is self._given:  # a plan's: items already
                    return value  # type: ignore[no-any-return]
                return self._keep(name, collection(value() if callable(value) else value))
        return self._keep(name, self._find(name))

    def _keep(self, name: str, items: Items) -> Items:
        if self._kept is None:
            self._kept = {}
        self._kept[name] = items
        return items

    def _find(self, name: str) -> Items:
        if name == "rootResource" and self._given is not None and "resource" in self._given:
            return self.variable("resource")
        if name in ("resource", "context", "rootResource"):
            return self.root
        if name in _CONSTANTS:
            return [_CONSTANTS[name]]
        for prefix, address in _PREFIXES.items():
            if name.startswith(prefix):
                return [address + name.removeprefix(prefix)]
        raise FhirPathError(f"There is no variable %{name}.")

    def define(self, name: str, items: Items) -> None:
        """Let a variable be seen further down the same path."""
        if name in RESERVED or name in (self.defined or {}) or (self._given is not None and name in self._given):
            raise FhirPathError(f"The variable %{name} is already defined.")
        self.defined = {**(self.defined or {}), name: items}

    @property
    def now(self) -> datetime:
        """The instant of this evaluation, the same at every use."""
        if self._now is None:
            # Days are Moroccan days: after midnight in Casablanca UTC still has the day before.
            ports = self.ports
            self._now = _local(ports.now or ports.clock())
        return self._now

    def container(self) -> Node | None:
        """The resource whose contained resources and Bundle entries a reference may mean."""
        items = self.variable("rootResource") if self._given is not None else self.root
        return items[0] if items and items[0].__class__ is Node else None

    def trace(self, name: str, items: Items) -> None:
        """Hand a traced collection to the sink, if any."""
        if self.ports.trace is not None:
            self.ports.trace(name, [raw(item) for item in items])


def starting(resource: Any) -> Items:
    """The collection that an evaluation begins with: a resource, an element, a list of them, or nothing."""
    if resource.__class__ is Node:
        return [resource]
    if resource.__class__ is dict:
        return [of_json(resource)]
    return collection(resource)


def single(items: Items, what: str) -> Item:
    """The only item of a collection, ``None`` when empty; raises ``FhirPathError`` when there are more."""
    if len(items) > 1:
        raise FhirPathError(f"{what} takes one item, but there are {len(items)}.")
    return items[0] if items else None


def truth(items: Items, what: str) -> bool | None:
    """A collection as a condition: empty is ``None``, one Boolean itself, one item of another type ``True``.

    Source: http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections.
    """
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError(f"{what} takes one item, but there are {len(items)}.")
    item = items[0]
    value = item.value if item.__class__ is Node else item
    return value if value.__class__ is bool else True
