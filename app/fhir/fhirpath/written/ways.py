"""Paths from items of which only the evaluation tells the type: a function for each type, written when it is met."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..environment import Run
from ..model import Type, type_of_resource
from ..nodes import Items, Node
from ..syntax import Binary, Call, Expression, Literal, Member, Special
from .lines import Here
from .operate import only
from .routes import Link, ends, stops_early
from .wanted import EMPTY_OF, HEAD_OF_PATH, Compile, Mode, asks_run

if TYPE_CHECKING:
    from .gather import Gathering

Way = Callable[..., Any]
"""(focus, S, U, items or entries) -> what is wanted of the path."""
MOST = 12
"""Types that one path is written for; of further ones its closure is asked."""


class Ways:
    """The functions of one path. ``known``: what the first item is -> its function."""

    def __init__(
        self,
        writer: type[Gathering],
        compile_step: Compile,
        links: tuple[Link, ...],
        mode: Mode,
        searchset: bool,
        watched: bool,
    ):
        self._writer = writer
        self._compile = compile_step
        self._links = links
        self._mode = mode
        self._searchset = searchset
        self._watched = watched
        self._closure: Way | None = None
        self.known: dict[Any, Way] = {}
        self.texts: list[str] = []
        """What has been written so far."""

    def of(self, kind: Any) -> Way:
        """The function for items of a type; for a searchset the type is told by name."""
        type_ = type_of_resource(kind) if self._searchset else kind
        way = self._written(kind, type_) if len(self.known) < MOST and ends(self._links, type_) is not None else None
        if way is None:
            way = self._closure = self._closure or self._asking()
        if len(self.known) < MOST:
            self.known[kind] = way
        return way

    def _written(self, kind: Any, type_: Type) -> Way | None:
        mode, writer = self._mode, self._writer(self._compile, settled=True, watched=self._watched)
        writer.line(f"found = {'[]' if mode == 'items' else EMPTY_OF[mode]}")
        early = mode == "exists" and stops_early(self._links, nearest=True)
        links, item = self._links, "one"
        flags = writer.flags(links)
        with writer.block(f"for {item} in items:"):
            if self._searchset:
                writer.line(f"json = {item}['resource']")
                writer.line(f"if json['resourceType'] != {writer.word(kind)}: raise LongWay")
            else:
                odd = " or one.value is None" if type_.primitive else ""
                writer.line(f"if one.type is not {writer.constant(type_)} or one.extra is not None{odd}: raise LongWay")
                writer.line("json = one.value")
            here = Here("json", type_, None if self._searchset else item)
            stops: tuple[str, ...] = ("found",) if early else ()
            writer.follow(links, here, lambda end: writer.end(end, mode), stops, flags)
            if ended := writer.breaks(links, 0, stops, flags):
                writer.line(f"if {' or '.join(ended)}: break")
        writer.line("return found")
        if asks_run(writer.lines):
            writer.lines.insert(0, f"run = {writer.constant(Run)}([focus], S, S, U)")
        self.texts.append(writer.text(HEAD_OF_PATH))
        for inner in writer.ways:
            self.texts += inner.texts
        return writer.function(HEAD_OF_PATH)

    def _asking(self) -> Way:
        """The closure of the path, on the items."""
        step, mode, searchset = self._compile(_tree(self._links)), self._mode, self._searchset

        def ask(focus: Node, settled: Any, used: Any, found: list[Any]) -> Any:
            items = _resources(found) if searchset else found
            answer = step(Run([focus], settled, settled, used), items)
            if mode == "value":
                return only(answer) if answer else None
            return bool(answer) if mode == "exists" else answer

        return ask


def _resources(entries: list[dict[str, Any]]) -> Items:
    return [Node(one["resource"], type_of_resource(one["resource"]["resourceType"])) for one in entries]


def _tree(links: tuple[Link, ...]) -> Expression:
    """The links as an expression on ``$this``."""
    tree: Expression = Special("this", 0)
    for link in links:
        if link.kind == "member":
            tree = Member(tree, link.name, 0)
            if link.wanted is not None:
                tree = Call(tree, "ofType", (Member(None, link.wanted, 0),), 0)
        elif link.kind == "unless":  # what is not true, be it false or empty
            fails = Call(Binary("and", link.tree, Literal(True, 0), 0), "where", (Special("this", 0),), 0)
            tree = Call(tree, "where", (Call(fails, "empty", (), 0),), 0)
        elif link.kind == "day":
            tree = Call(tree, "select", (Call(None, "toDate", (), 0),), 0)
        elif link.kind == "first":
            tree = Call(tree, "first", (), 0)
        else:
            tree = Call(tree, "where" if link.kind == "where" else "select", (link.tree,), 0)
    return tree
