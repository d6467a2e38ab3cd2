"""Collections, written out: variables, paths, calls of functions; and the rest asked of its closure."""

from __future__ import annotations

from typing import Any

from ..functions.registry import Function, find
from ..model import known
from ..operators import OPERATORS
from ..syntax import Binary, Call, Expression, Index, Literal, Special, Variable, type_name
from ..ways import mentions_index
from .decide import Deciding
from .follow import PLAIN
from .lines import Here
from .operate import ARITHMETIC, only, united
from .routes import FIRST, Link, Route, ends, repeats, route, stops_early, totals_plainly
from .wanted import EMPTY_OF, Mode, Value
from .ways import Ways

_RESOURCES = (Link("member", "entry"), Link("member", "resource"))
_APART = frozenset({"sort", "iif", "trace", "defineVariable"})
"""Functions that are asked of their closure."""


class Gathering(Deciding):
    """Writes what is wanted as a collection of items, and paths by what is wanted of them."""

    total: str | None = None
    """The name of the present ``$total``."""

    def items(self, tree: Expression, here: Here) -> str:
        """Write the collection of an expression; its name."""
        match tree:
            case Literal(value=value):
                return "EMPTY" if value is None else self.constant([value])
            case Variable(name=name) if name in self.read_so_far:
                return self.read_so_far[name]
            case Variable(name=name) if self.settled:
                found = self.read_so_far[name] = self.name()
                known_as = self.word(name)
                if self.watched:
                    self.line(f"U[{known_as}] = None")
                self.line(f"{found} = S[{known_as}]")
                return found
            case Special(name="this"):
                return self._this(here)
            case Special(name="total") if self.total is not None:
                return self.total
            case Binary(operator="|"):
                return self._called(united, self.items(tree.left, here), self.items(tree.right, here))
            case Call(name="iif", left=None, arguments=(condition, then, *rest)) if len(rest) < 2:
                otherwise = rest[0] if rest else Literal(None, tree.at)
                return self._choice(condition, here, lambda side: self.items(side, here), then, otherwise)
        if (truth := self.condition(tree, here)) is not None:
            name = self.name()
            empty = "" if truth in self.sure else f"EMPTY if {truth} is None else "
            self.line(f"{name} = {empty}TRUE if {truth} else FALSE")
            return name
        match tree:
            case Binary(operator=operator) if operator in ARITHMETIC:
                return self._alone(self.value(tree, here).name)
            case Call(name="today", left=None, arguments=()) | Call(name="toDate", left=Variable(), arguments=()):
                return self._alone(self.value(tree, here).name)
            case Binary(operator=operator) if operator in OPERATORS:
                return self._called(OPERATORS[operator], self.items(tree.left, here), self.items(tree.right, here))
            case Index(left=left, index=Literal(value=int() as at)) if at.__class__ is int and at >= 0:
                items, name = self.items(left, here), self.name()
                self.line(f"{name} = {items}[{at}:{at + 1}]")
                return name
        found_on = self.path(route(tree), here, "items")
        if found_on is not None:
            return found_on.name
        if isinstance(tree, Call) and tree.name == "aggregate" and (total := self._aggregate(tree, here)) is not None:
            return total
        if isinstance(tree, Call) and tree.name not in _APART and tree.left is not None:
            return self._call(tree, find(tree.name, len(tree.arguments), tree.at), here)
        return self._asked_for(tree, here)

    def _alone(self, value: str) -> str:
        name = self.name()
        self.line(f"{name} = {'' if value in self.sure else f'EMPTY if {value} is None else '}[{value}]")
        return name

    def path(self, way: Route, here: Here, mode: Mode) -> Value | None:
        """Write what a path answers; None where it is more than a path."""
        root, links = way
        if not links:
            return None
        if root is None and here.type is not None:
            return None if ends(links, here.type) is None else self._straight(links, here, mode)
        if not self.settled:
            return None
        name = self.name()
        if isinstance(root, Variable) and links[:2] == _RESOURCES:
            self._of_searchset(self.items(root, here), links[2:], mode, name)
        else:
            items = here.name if root is None else self.items(root, here)
            self._of_items_of(items, links, mode, name)
        return Value(name)

    def _straight(self, links: tuple[Link, ...], here: Here, mode: Mode) -> Value:
        """A path from JSON of a known type."""
        name = self.name()
        once = mode == "value" and not repeats(links, here.type)
        if once and here.type is not None and links[-1].kind == "member":
            end = ends(links, here.type)
            if end is not None and end.names & PLAIN:
                return self.read_at_once(links, here, name)
        self.line(f"{name} = {'[]' if mode == 'items' else EMPTY_OF[mode]}")
        kinds: list[Value] = []
        stops = (name,) if mode == "exists" and stops_early(links, nearest=True) else ()
        self.follow(links, here, lambda one: kinds.append(self.taken(one, mode, name, once)), stops)
        return kinds[0]

    def taken(self, one: Here, mode: Mode, name: str, once: bool = False) -> Value:
        """Write what becomes of an item at the end of a path; ``once``: it cannot find more than one."""
        if mode == "items":
            found = one.name if one.made else self.node(one)
            self.line(f"{name}.{'extend' if one.made == 'items' else 'append'}({found})")
        elif mode == "exists":
            self.line(f"{f'if {one.name}: ' if one.made == 'items' else ''}{name} = True")
            return Value(name, "truth")
        elif one.made == "items":
            with self.block(f"if {one.name}:"):
                self.line(f"if {name} is not None: raise LongWay")
                self.line(f"{name} = {self.constant(only)}({one.name})")
        else:
            if not once:
                self.line(f"if {name} is not None: raise LongWay")
            if not one.made:
                return self.read(one, name)
            self.line(f"{name} = {one.name}")
        return Value(name)

    def end(self, one: Here, mode: Mode) -> None:
        """The same at the end of a whole function."""
        self.taken(one, mode, "found")

    def _of_searchset(self, bundle: str, links: tuple[Link, ...], mode: Mode, name: str) -> None:
        """A path from the resources that a search found: ``%found.entry.resource``."""
        entries = self.name()
        self.line(f"if len({bundle}) != 1 or {bundle}[0].type is not BUNDLE: raise LongWay")
        self.line(f"{entries} = {bundle}[0].value.get('entry')")
        self._sent_on(entries, f"{entries}[0]['resource']['resourceType']", links, mode, name)

    def _of_items_of(self, items: str, links: tuple[Link, ...], mode: Mode, name: str) -> None:
        """A path from items of which only the evaluation tells the type."""
        while links and links[0] == FIRST:
            first = self.name()
            self.line(f"{first} = {items}[:1]")
            items, links = first, links[1:]
        if links:
            self._sent_on(items, f"{items}[0].type", links, mode, name)
        elif mode == "value":
            self.line(f"{name} = {self.constant(only)}({items}) if {items} else None")
        else:
            self.line(f"{name} = {items if mode == 'items' else f'True if {items} else False'}")

    def _sent_on(self, items: str, kind: str, links: tuple[Link, ...], mode: Mode, name: str) -> None:
        """Leave the path to the function that is written for what the first item is, when it is first met."""
        searchset = kind.startswith(f"{items}[0][")
        ways = Ways(type(self), self.compile, links, mode, searchset, self.watched)
        self.ways.append(ways)
        with self.block(f"if {items}:"):
            way = f"({self.constant(ways.known)}.get({kind}) or {self.constant(ways.of)}({kind}))"
            self.line(f"{name} = {way}(focus, S, U, {items})")
        with self.block("else:"):
            self.line(f"{name} = {EMPTY_OF[mode]}")

    def _aggregate(self, tree: Call, here: Here) -> str | None:
        """``aggregate`` as a loop; None where its ``$total`` stands anywhere but in what is written here itself."""
        if tree.left is None or not 1 <= len(tree.arguments) <= 2 or mentions_index(tree.arguments[0]):
            return None
        body, start = tree.arguments[0], tree.arguments[1] if len(tree.arguments) > 1 else Literal(None, tree.at)
        if not totals_plainly(body):
            return None
        name, begin, outer = self.name(), self.items(start, here), self.total
        self.line(f"{name} = {begin}")

        def add(one: Here) -> None:
            if one.type is None:
                item, one = one.name, Here(self.name())
                self.line(f"{one.name} = [{item}]")
            self.total = name
            self.line(f"{name} = {self.items(body, one)}")
            self.total = outer

        def each(items: str) -> None:
            item = self.name()
            with self.block(f"for {item} in {items}:"):
                add(Here(item))

        root, links = route(tree.left)
        if root is None and links and here.type is not None and ends(links, here.type) is not None:
            self.follow(links, here, lambda one: each(one.name) if one.made == "items" else add(one))
        else:
            each(self.items(tree.left, here))
        return name

    def _call(self, tree: Call, function: Function, here: Here) -> str:
        """A function of the table, its input and its arguments written out as far as they are collections."""
        assert tree.left is not None
        arguments = [self.items(tree.left, here)]
        for kind, argument in zip(function.kinds, tree.arguments, strict=False):
            if kind == "v":
                arguments.append(self.items(argument, here))
                continue
            named = type_name(argument)
            arguments.append(self.constant(self.compile(argument) if kind == "e" or named is None else known(named)))
        name = self.name()
        self.line(f"{name} = {self.constant(function.body)}(run, {', '.join(arguments)})")
        return name

    def _called(self, operate: Any, left: str, right: str) -> str:
        name = self.name()
        self.line(f"{name} = {self.constant(operate)}({left}, {right})")
        return name

    def _this(self, here: Here) -> str:
        if here.type is None:
            return here.name
        name = self.name()
        self.line(f"{name} = [{self.node(here)}]")
        return name

    def _asked_for(self, tree: Expression, here: Here) -> str:
        """Ask the closure, which is made when it is first needed: mostly it never is."""
        kept: list[Any] = []

        def ask(run: Any, this: list[Any]) -> list[Any]:
            if not kept:
                kept.append(self.compile(tree))
            found: list[Any] = kept[0](run, this)
            return found

        this, name = self._this(here), self.name()
        self.asked += 1
        self.line(f"{name} = {self.constant(ask)}(run, {this})")
        return name
