"""Paths through JSON of a known type, written out: one loop for each element that repeats."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

from ..functions.conversion import to_date
from ..model import Field
from ..nodes import READERS, system
from ..paths import STRINGS
from ..syntax import Expression
from .lines import NO_OBJECT, Here, Lines
from .routes import Link, field_of, stops_early
from .wanted import Value

NUMBERS: Final = frozenset({"decimal", "integer"})
DATES: Final = frozenset({"date", "dateTime", "instant"})
_PLAIN: Final = frozenset({*STRINGS, *NUMBERS, "boolean"})
NO_NULL: Final = "if {0}.__class__ is dict or {0}.__class__ is list or {0} is None: raise LongWay"

Flags = dict[int, str]
"""Place of each ``first`` in a path -> the name that tells whether it has had its item."""
Then = Callable[[Here], None]
"""What is written for each item that a path finds."""


@cache
def day_of(type_name: str) -> Callable[[Any], Any]:
    """``toDate()`` of the JSON of a date, dateTime or instant."""
    read = READERS[type_name]
    return lru_cache(8192)(lambda value: to_date(read(value)))


class Following(Lines):
    """Writes paths. JSON that is not as the model says, or has extensions in place of a value, raises ``LongWay``."""

    def truth(self, tree: Expression, here: Here, what: str) -> str:
        """Written further down (``decide``)."""
        raise NotImplementedError

    def items(self, tree: Expression, here: Here) -> str:
        """Written further down (``gather``)."""
        raise NotImplementedError

    def follow(
        self,
        links: tuple[Link, ...],
        here: Here,
        then: Then,
        stops: tuple[str, ...] = (),
        flags: Flags | None = None,
    ) -> None:
        """Write a path from an item, and what is done with each that it finds, as long as none of ``stops`` is true."""
        self._follow(links, 0, here, then, stops, self.flags(links) if flags is None else flags)

    def flags(self, links: tuple[Link, ...]) -> Flags:
        """Write the names of the ``first``s of a path, before it begins."""
        found = {at: self.name() for at, link in enumerate(links) if link.kind == "first"}
        for name in found.values():
            self.line(f"{name} = False")
        return found

    def breaks(self, links: tuple[Link, ...], at: int, stops: tuple[str, ...], flags: Flags) -> tuple[str, ...]:
        """The names at whose truth a loop before link ``at`` ends."""
        early = (name for place, name in flags.items() if place >= at and stops_early(links[:place], True))
        return (*stops, *early)

    def _follow(
        self, links: tuple[Link, ...], at: int, here: Here, then: Then, stops: tuple[str, ...], flags: Flags
    ) -> None:
        if at == len(links):
            then(here)
            return
        link = links[at]

        def onward(found: Here) -> None:
            self._follow(links, at + 1, found, then, stops, flags)

        if link.kind == "member":
            assert here.type is not None
            field = field_of(link, here.type)
            assert field is not None  # its end is known
            self._step(field, here.name, onward, self.breaks(links, at, stops, flags))
        elif link.kind == "where":
            with self.block(f"if {self.truth(link.tree, here, 'where()')}:"):
                onward(here)
        elif link.kind == "unless":
            with self.block(f"if not {self.truth(link.tree, here, 'all()')}:"):
                onward(here)
        elif link.kind == "first":
            some = f"{here.name} and " if here.made == "items" else ""
            with self.block(f"if {some}not {flags[at]}:"):
                self.line(f"{flags[at]} = True")
                if some:
                    self.line(f"{here.name} = {here.name}[:1]")
                onward(here)
        elif link.kind == "day":
            assert here.type is not None
            name = self.name()
            self.line(f"{name} = {self.constant(day_of(here.type.name))}({here.name})")
            with self.block(f"if {name} is not None:"):
                onward(Here(name, made="value"))
        else:
            onward(Here(self.items(link.tree, here), made="items"))

    def _step(self, field: Field, owner: str, then: Then, stops: tuple[str, ...]) -> None:
        key, end, sibling = field.options[0]
        found, odd = self.name(), "if {0}.__class__ is not dict: raise LongWay"
        key = self.constant(key)
        self.plain += 1
        if sibling is not None:
            odd = NO_NULL if field.many else NO_OBJECT
            self.line(f"if {self.constant(sibling)} in {owner}: raise LongWay")
        self.line(f"{found} = {owner}.get({key})")
        with self.block(f"if {found} is not None:"):
            if not field.many:
                self.line(odd.format(found))
                then(Here(found, end))
                return
            one = self.name()
            self.line(f"if {found}.__class__ is not list: raise LongWay")
            with self.block(f"for {one} in {found}:"):
                self.line(odd.format(one))
                then(Here(one, end))
                if stops:
                    self.line(f"if {' or '.join(stops)}: break")

    def read(self, here: Here, name: str) -> Value:
        """Write ``name``: the System value of an item."""
        type_ = here.type
        assert type_ is not None
        if type_.names & _PLAIN:
            self.stricter(here.name)
        if type_.names & STRINGS:
            self.line(f"if {here.name}.__class__ is not str: raise LongWay")
            self.line(f"{name} = {here.name}")
            return Value(name, "text")
        if "boolean" in type_.names:
            self.line(f"if {here.name}.__class__ is not bool: raise LongWay")
            self.line(f"{name} = {here.name}")
            return Value(name, "truth")
        if type_.names & NUMBERS:
            whole = f"Decimal({here.name})" if "decimal" in type_.names else here.name
            with self.block(f"if {here.name}.__class__ is Decimal:"):
                self.line(f"{name} = {here.name}")
            with self.block("else:"):
                self.line(f"if {here.name}.__class__ is not int: raise LongWay")
                self.line(f"{name} = {whole}")
            return Value(name, "number")
        if type_.name in READERS:
            self.line(f"{name} = {self.constant(READERS[type_.name])}({here.name})")
            return Value(name)
        node = here.node or f"Node({here.name}, {self.constant(type_)})"
        self.line(f"{name} = {self.constant(system)}({node})")
        return Value(name)

    def node(self, here: Here) -> str:
        """The item as one of the engine's own."""
        return here.node or f"Node({here.name}, {self.constant(here.type)})"
