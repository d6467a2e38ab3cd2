"""Conditions and single values, written out: three-valued logic, comparisons, arithmetic, ``iif``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ..equality import equal
from ..fixed import fixed, stands_still
from ..functions.conversion import to_date
from ..functions.utility import today
from ..logic import LOGIC
from ..signatures import RESULTS
from ..syntax import Binary, Call, Expression, Literal
from ..ways import day_of, mentions_index
from .follow import DATES, NUMBERS, Following
from .lines import Here
from .operate import ARITHMETIC, COMPARED, asked_of_text, constants, day_parts, number, only, this_day, truth_told
from .routes import Link, Route, ends, looks_around, route
from .wanted import Mode, Value, kind_of

_EQUAL = frozenset({"=", "!="})


class Deciding(Following):
    """Writes what is asked as a condition (``True``, ``False`` or ``None``), and what is wanted as one value."""

    def path(self, way: Route, here: Here, mode: Mode) -> Value | None:
        """Written further down (``gather``)."""
        raise NotImplementedError

    def truth(self, tree: Expression, here: Here, what: str) -> str:
        """Write what answers a condition; the name of the answer."""
        match tree:
            case Literal(value=bool() as value):
                return str(value)
            case Call(name="iif", left=None, arguments=(condition, then, *rest)) if len(rest) < 2:
                otherwise = rest[0] if rest else Literal(None, tree.at)
                return self._choice(condition, here, lambda side: self.truth(side, here, what), then, otherwise)
        return self.condition(tree, here) or self._of_items(self.items(tree, here), what)

    def condition(self, tree: Expression, here: Here) -> str | None:
        """The same of what can only be answered by a Boolean or nothing; None for anything else."""
        match tree:
            case Binary(operator=operator) if operator in LOGIC:
                return self._logic(tree, here)
            case Binary(operator=operator) if operator in COMPARED:
                return self._ordered(tree, here)
            case Binary(operator=operator) if operator in _EQUAL:
                return self._equal(tree, here)
            case Binary(operator="in", right=right) if (wanted := constants(right)) is not None:
                return self._among(tree.left, wanted, here)
            case Call(name="not", left=left, arguments=()) if left is not None:
                inner, name = self.truth(left, here, "not()"), self.name()
                self.line(f"{name} = {self.unless_empty([inner], f'not {inner}')}")
                if inner in self.sure:
                    self.sure.add(name)
                return name
            case Call(name="exists" | "empty" | "all"):
                return self._existence(tree, here)
            case Call(name="matches" | "startsWith", left=left, arguments=(Literal(value=str() as text),)) if left:
                asked = asked_of_text(tree.name, text)
                if asked is not None:
                    value, name = self._text(left, here), self.name()
                    self.line(f"{name} = {self.unless_empty([value], f'{self.constant(asked)}({value})')}")
                    return name
        return None

    def value(self, tree: Expression, here: Here) -> Value:
        """Write the one System value of an expression, or None; more than one raises ``LongWay``."""
        match tree:
            case Literal(value=value):
                return Value("None") if value is None else self._constant(value)
            case Call(name="today", left=None, arguments=()):
                day = self.name()
                asked = f"{self.constant(this_day)}(S)" if self.settled else f"{self.constant(today)}(run, EMPTY)[0]"
                self.line(f"{day} = {asked}")
                self.sure.add(day)
                return Value(day, "day")
            case Call(name="toDate", left=left, arguments=()) if left is not None:
                inner, name = self.value(left, here).name, self.name()
                self.line(f"{name} = {self.unless_empty([inner], f'{self.constant(to_date)}({inner})')}")
                return Value(name)
            case Binary(operator=operator) if operator in ARITHMETIC:
                left_value, right_value, name = self.value(tree.left, here), self.value(tree.right, here), self.name()
                both = (left_value.name, right_value.name)
                operate = f"{self.constant(ARITHMETIC[operator])}({', '.join(both)})"
                self.line(f"{name} = {self.unless_empty(both, operate)}")
                return Value(name)
            case Call(name="iif", left=None, arguments=(condition, then, *rest)) if len(rest) < 2:
                otherwise = rest[0] if rest else Literal(None, tree.at)
                return Value(self._choice(condition, here, lambda side: self.value(side, here).name, then, otherwise))
        if (told := self.condition(tree, here)) is not None:
            return Value(told, "truth")
        return self.path(route(tree), here, "value") or self._single(self.items(tree, here))

    def _constant(self, value: Any) -> Value:
        name = self.constant(value)
        self.sure.add(name)
        return Value(name, kind_of(value))

    def _single(self, items: str) -> Value:
        name = self.name()
        self.line(f"{name} = {items}[0] if {items} else None")
        self.line(f"if {name}.__class__ is Node or len({items}) > 1: {name} = {self.constant(only)}({items})")
        return Value(name)

    def _of_items(self, items: str, what: str) -> str:
        name, told = self.name(), f"{self.constant(truth_told)}({items}, {self.word(what)})"
        self.line(f"{name} = True if {items} is TRUE else False if {items} is FALSE else {told}")
        return name

    def _choice(self, condition: Expression, here: Here, side: Any, then: Expression, otherwise: Expression) -> str:
        """``iif``: only the branch that is chosen is evaluated."""
        name, decided = self.name(), self.decided(condition, here)
        sides: list[str] = []
        for head, tree in ((f"if {decided}:", then), ("else:", otherwise)):
            with self.block(head):
                sides.append(side(tree))
                self.line(f"{name} = {sides[-1]}")
        if self.sure.issuperset(sides):
            self.sure.add(name)
        return name

    def decided(self, condition: Expression, here: Here) -> str:
        """The criterion of ``iif``, which must be a Boolean."""
        if is_condition(condition):
            return self.truth(condition, here, "iif()")
        found = self.value(condition, here).name
        self.line(f"if {found} is not None and {found}.__class__ is not bool: raise LongWay")
        return found

    def _logic(self, tree: Binary, here: Here) -> str:
        name = self._own(self.truth(tree.left, here, tree.operator))
        if tree.operator == "xor":
            second = self._own(self.truth(tree.right, here, tree.operator))
            self.line(f"{name} = {self.unless_empty((name, second), f'{name} is not {second}')}")
            if second not in self.sure:
                self.sure.discard(name)
            return name
        decisive = tree.operator == "or"
        with self.block(f"if {name} is not {decisive}:"):
            second = self.truth(tree.right, here, tree.operator)
            if tree.operator == "implies":
                self.line(f"{name} = True if {second} else None if {name} is None else {second}")
            elif name in self.sure:
                self.line(f"{name} = {second}")
            else:
                self.line(f"if {second} is not {not decisive}: {name} = {second}")  # it is {not decisive} or empty
            if second not in self.sure:
                self.sure.discard(name)
        if tree.operator == "implies":
            with self.block("else:"):
                self.line(f"{name} = True")
        return name

    def _own(self, answer: str) -> str:
        """An answer that may be changed, as a variable."""
        if answer not in ("True", "False"):
            return answer
        name = self.name()
        self.line(f"{name} = {answer}")
        self.sure.add(name)
        return name

    def _existence(self, tree: Call, here: Here) -> str | None:
        """``exists``, ``empty`` and ``all`` of a path, which is followed no further than needed."""
        if tree.left is None or len(tree.arguments) > (tree.name != "empty"):
            return None
        root, links = route(tree.left)
        if tree.arguments:
            if mentions_index(tree.arguments[0]):
                return None
            links = (*links, Link("where" if tree.name == "exists" else "unless", tree=tree.arguments[0]))
        found = self.path(Route(root, links), here, "exists")
        if found is None:
            if tree.arguments:
                return None
            items, name = self.items(tree.left, here), self.name()
            self.line(f"{name} = {'True' if tree.name == 'exists' else 'False'} if {items} else {tree.name == 'empty'}")
            self.sure.add(name)
            return name
        if tree.name != "exists":
            self.line(f"{found.name} = not {found.name}")
        self.sure.add(found.name)
        return found.name

    def _equal(self, tree: Binary, here: Here) -> str:
        name, wanted = self.name(), tree.right
        left = self.value(tree.left, here)
        if isinstance(wanted, Literal) and wanted.value is not None:
            alike = _ALIKE.get(wanted.value.__class__, "False").format(left.name)
            right = self._constant(wanted.value)
        else:
            right, alike = self.once(wanted, here), "False"
        equals = f"{self.constant(equal)}({left.name}, {right.name})"
        if left.kind == "text" and isinstance(wanted, Literal) and wanted.value.__class__ is str:
            equals = f"{left.name} == {right.name}"
        elif alike != "False":
            equals = f"({left.name} == {right.name} if {alike} else {equals})"
        self.line(f"{name} = {self.unless_empty((left.name, right.name), equals)}")
        if tree.operator == "!=":
            self.line(f"{name} = {self.unless_empty([name], f'not {name}')}")
        return name

    def _ordered(self, tree: Binary, here: Here) -> str:
        """A number or a day of JSON against something that is the same for every item is compared as it stands."""
        quick = self._ordered_json(tree, here)
        if quick is not None:
            return quick
        left, right, name = self.value(tree.left, here), self.once(tree.right, here), self.name()
        compared = f"{self.constant(COMPARED[tree.operator])}({left.name}, {right.name})"
        if left.kind == right.kind == "number":
            compared = f"{left.name} {tree.operator} {right.name}"
        self.line(f"{name} = {self.unless_empty((left.name, right.name), compared)}")
        return name

    def _ordered_json(self, tree: Binary, here: Here) -> str | None:
        left = tree.left
        day = isinstance(left, Call) and left.name == "toDate" and not left.arguments and left.left is not None
        root, links = route(left.left if day and isinstance(left, Call) and left.left is not None else left)
        if here.type is None or root is not None or not stands_still(tree.right) or looks_around(left):
            return None
        end = ends(links, here.type)
        if end is None or not end.names & (DATES if day else NUMBERS):
            return None
        limit, found, name = self._limit(tree, here, day), self.name(), self.name()
        self.line(f"{found} = None")

        def met(one: Here) -> None:
            odd = "{0}.__class__ is not str" if day else "{0}.__class__ is not Decimal and {0}.__class__ is not int"
            self.stricter(one)
            self.line(f"if {found} is not None or {odd.format(one.name)}: raise LongWay")
            self.line(f"{found} = {self.constant(day_of)}({one.name})" if day else f"{found} = {one.name}")

        self.follow(links, here, met)
        self.line(f"{name} = {self.unless_empty((found, limit), f'{found} {tree.operator} {limit}')}")
        return name

    def _limit(self, tree: Binary, here: Here, day: bool) -> str:
        if not self.settled:
            name = self.name()
            self.line(f"{name} = {self.constant(fixed(tree.right, self.compile, tree.at, day))}(run)")
            return name
        if isinstance(tree.right, Literal) and tree.right.value.__class__ in (int, Decimal) and not day:
            return self._constant(tree.right.value).name
        return self._remembered(tree.right, here, day_parts if day else number)

    def once(self, tree: Expression, here: Here) -> Value:
        """The value of what is the same for every item: worked out when the first one needs it."""
        if here.type is None or not self.settled or isinstance(tree, Literal) or not stands_still(tree):
            return self.value(tree, here)
        return Value(self._remembered(tree, here, None))

    def _remembered(self, tree: Expression, here: Here, told: Callable[[Any], Any] | None) -> str:
        kept = self.keep()
        with self.block(f"if {kept} is UNSET:"):
            found = self.value(tree, here).name
            self.line(f"{kept} = {found if told is None else f'{self.constant(told)}({found})'}")
        return kept

    def _among(self, left: Expression, wanted: frozenset[str], here: Here) -> str:
        value, name = self.value(left, here), self.name()
        among = f"{value.name} in {self.constant(wanted)}"
        text = among if value.kind == "text" else f"{value.name}.__class__ is str and {among}"
        self.line(f"{name} = {self.unless_empty([value.name], text)}")
        return name

    def _text(self, tree: Expression, here: Here) -> str:
        value = self.value(tree, here)
        if value.kind != "text":
            self.line(f"if {value.name} is not None and {value.name}.__class__ is not str: raise LongWay")
        return value.name


_ALIKE = {
    str: "{0}.__class__ is str",
    bool: "{0}.__class__ is bool",
    int: "({0}.__class__ is int or {0}.__class__ is Decimal)",
    Decimal: "({0}.__class__ is int or {0}.__class__ is Decimal)",
}
"""Class of a literal -> when a value is simply compared with it."""


def is_condition(tree: Expression) -> bool:
    """Whether an expression answers Booleans only, or nothing."""
    match tree:
        case Binary(operator=operator):
            return operator in LOGIC or operator in COMPARED or operator in _EQUAL or operator in ("in", "~", "!~")
        case Call(name=name):
            return RESULTS.get(name) == "Boolean"
        case Literal(value=value):
            return value.__class__ is bool
    return False
