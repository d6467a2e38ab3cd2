"""Paths through JSON of a known type, written out: one loop for each element that repeats."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

from ..functions.conversion import to_date
from ..model import Field, Type
from ..nodes import READERS, system
from ..paths import STRINGS
from ..syntax import Expression
from .lines import Here, Lines
from .routes import Link, field_of, stops_early
from .wanted import Kind, Value

NUMBERS: Final = frozenset({"decimal", "integer"})
DATES: Final = frozenset({"date", "dateTime", "instant"})
PLAIN: Final = frozenset({*STRINGS, *NUMBERS, "boolean"})
"""What is read as it stands in JSON."""
_NO_OTHER: Final = "if {0}.__class__ is not dict: raise LongWay"
_NO_OBJECT: Final = "if {0}.__class__ is not {1} and ({0}.__class__ is dict or {0}.__class__ is list): raise LongWay"
_NO_NULL: Final = "if {0}.__class__ is dict or {0}.__class__ is list or {0} is None: raise LongWay"

_NOTHING_YET: Final = re.compile(r"\s*x\d+ = (?:None|False|\[\])")

Flags = dict[int, str]
"""Place of each ``first`` in a path -> the name that tells whether it has had its item."""
Then = Callable[[Here], None]
"""What is written for each item that a path finds."""


@cache
def day_of(type_name: str) -> Callable[[Any], Any]:
    """``toDate()`` of the JSON of a date, dateTime or instant."""
    read = READERS[type_name]
    return lru_cache(8192)(lambda value: to_date(read(value)))


def _no_object(type_: Type) -> str:
    """The line that refuses an object or a list where a primitive is to be; what is usual there is asked first."""
    usual = "Decimal" if "decimal" in type_.names else "int" if "integer" in type_.names else "str"
    return _NO_OBJECT.replace("{1}", usual)


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
                    name = self.name()
                    self.line(f"{name} = {here.name}[:1]")
                    here = Here(name, made="items")
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
        found, odd = self.name(), _NO_OTHER
        key = self.word(key)
        self.plain += 1
        if sibling is not None:
            odd = _NO_NULL if field.many else _no_object(end)
            self.line(f"if {self.word(sibling)} in {owner}: raise LongWay")
        self.line(f"{found} = {owner}.get({key})")
        with self.block(f"if {found} is not None:"):
            if not field.many:
                self._each(odd, Here(found, end), then)
                return
            one = self.name()
            self.line(f"if {found}.__class__ is not list: raise LongWay")
            with self.block(f"for {one} in {found}:"):
                self._each(odd, Here(one, end), then)
                if stops:
                    self.line(f"if {' or '.join(stops)}: break")

    def _each(self, odd: str, item: Here, then: Then) -> None:
        """Write what is done with an item after it is refused where it is not as the model says. Of what is then asked
        for an element at once that need not be told first: nothing but an object has any."""
        at = len(self.lines)
        self.line(odd.format(item.name))
        then(item)
        asked = next((line for line in self.lines[at + 1 :] if _NOTHING_YET.fullmatch(line) is None), "")
        if odd is _NO_OTHER and f" = {item.name}.get(" in asked and asked.startswith(" " * self._depth + "x"):
            del self.lines[at]

    def stricter(self, here: Here) -> None:
        """Take back that an item may be no object and no list, if that is asked right here: what is written next allows
        less than that."""
        assert here.type is not None
        asked = _no_object(here.type).format(here.name)
        for at in (-1, -2):
            if len(self.lines) >= -at and self.lines[at].lstrip() == asked:
                del self.lines[at]
                return

    def read_at_once(self, links: tuple[Link, ...], here: Here, name: str) -> Value:
        """Write ``name``: the System value at the end of a path that finds one item at most, of a type that is read as
        it stands; None where there is none. Extensions beside a value do not change it."""
        kinds: list[Value] = []

        def last(owner: Here) -> None:
            assert owner.type is not None
            field = field_of(links[-1], owner.type)
            assert field is not None  # its end is known
            key, end, sibling = field.options[0]
            assert sibling is not None  # what is read as it stands is primitive
            self.plain += 1
            self.line(f"{name} = {owner.name}.get({self.word(key)})")
            with self.block(f"if {name} is None:"):
                self.line(f"if {self.word(sibling)} in {owner.name}: raise LongWay")
            kinds.append(self._as_it_stands(name, end))

        if len(links) > 1:
            self.line(f"{name} = None")
        self.follow(links[:-1], here, last)
        return kinds[0]

    def _as_it_stands(self, name: str, type_: Type) -> Value:
        if type_.names & NUMBERS:
            with self.block(f"elif {name}.__class__ is not Decimal:"):
                self.line(f"if {name}.__class__ is not int: raise LongWay")
                if "decimal" in type_.names:
                    self.line(f"{name} = Decimal({name})")
            return Value(name, "number")
        kind: tuple[str, Kind] = ("bool", "truth") if "boolean" in type_.names else ("str", "text")
        with self.block(f"elif {name}.__class__ is not {kind[0]}:"):
            self.line("raise LongWay")
        return Value(name, kind[1])

    def read(self, here: Here, name: str) -> Value:
        """Write ``name``: the System value of an item."""
        type_ = here.type
        assert type_ is not None
        if type_.names & PLAIN:
            self.stricter(here)
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
