"""Criteria written out as Python: ``code.coding.exists(code = '8480-6')`` becomes one function over raw JSON.

Nothing of an expression's own text gets into the Python that is written: names of elements come from the R4 model, and
every string, number and pattern is handed over as a constant. What has no such shape is asked for as everywhere else,
on a node made for it alone. JSON that is not as the model says, or has extensions in place of a value, raises
``LongWay``: the whole criterion is then evaluated as everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from typing import Any

from .errors import FhirPathError
from .fixed import fixed, stands_still
from .functions.strings import pattern
from .logic import Compile, truth_of
from .model import Field, Type, known
from .nodes import Node
from .paths import STRINGS
from .syntax import Binary, Call, Expression, Literal, Member, Special, type_name
from .ways import LongWay, Test, day_of, narrowed

_COMPARED = frozenset({"<", "<=", ">", ">="})
_NUMBERS = frozenset({"decimal", "integer"})
_DATES = frozenset({"date", "dateTime", "instant"})
_NUMERIC = "{0}.__class__ is not Decimal and {0}.__class__ is not int"
Then = Callable[[str, Type], None]


def written(tree: Expression, type_: Type, compile_step: Compile) -> Test | None:
    """The criterion on items of a type as a function of their JSON; ``None`` where nothing of it can be written so."""
    writer = Writer(compile_step)
    writer.line("def test(run, value):")
    with writer.block():
        answer = writer.test(tree, type_, "value", "The criterion", None)
        writer.line(f"return {answer}")
    if not writer.plain:
        return None
    try:
        exec(compile("\n".join(writer.lines), "<criterion>", "exec"), writer.given)
    except (SyntaxError, RecursionError, MemoryError):
        return None  # nested deeper than Python allows
    test: Test = writer.given["test"]
    return test


class Writer:
    """Writes one function, line by line. ``plain``: how many questions are asked of the JSON itself."""

    def __init__(self, compile_step: Compile):
        self.lines: list[str] = []
        self.given: dict[str, Any] = {"LongWay": LongWay, "Decimal": Decimal}
        self.plain = 0
        self._compile = compile_step
        self._depth = 0
        self._names = map("x{}".format, count())

    def line(self, text: str) -> None:
        self.lines.append(" " * self._depth + text)

    @contextmanager
    def block(self) -> Iterator[None]:
        self._depth += 1
        yield
        self._depth -= 1

    def constant(self, value: Any) -> str:
        name = f"K{len(self.given)}"
        self.given[name] = value
        return name

    def test(self, tree: Expression, type_: Type, value: str, what: str, at: int | None) -> str:
        """Write what answers a criterion on a value; the name of the answer: True, False or None."""
        match tree:
            case Binary(operator="and" | "or"):
                return self._logic(tree, type_, value)
            case Binary(operator="=" | "in", right=right) if (wanted := _constants(right)) is not None:
                if (tree.operator == "in" or len(wanted) == 1) and (end := self._end(tree.left, type_)) is not None:
                    return self._equal(tree, end, wanted, type_, value) or self._slow(tree, type_, value, what, at)
            case Binary(operator=operator, left=left, right=right) if operator in _COMPARED and stands_still(right):
                return self._ordered(tree, left, type_, value) or self._slow(tree, type_, value, what, at)
            case Call(name="not", left=left, arguments=()) if left is not None:
                inner, name = self.test(left, type_, value, "not()", tree.at), next(self._names)
                self.line(f"{name} = None if {inner} is None else not {inner}")
                return name
            case Call(name="exists" | "empty", left=left, arguments=()) if left is not None:
                if self._end(left, type_) is not None:
                    found = self._exists(left, None, type_, value)
                    if tree.name == "empty":
                        self.line(f"{found} = not {found}")
                    return found
            case Call(name="exists", left=left, arguments=(criterion,)) if left is not None:
                if self._end(left, type_) is not None:
                    return self._exists(left, criterion, type_, value)
            case Call(name="matches" | "startsWith", left=left, arguments=(Literal(value=str() as text),)) if left:
                end, ask = self._end(left, type_), _asked(tree.name, text)
                if end is not None and end.names & STRINGS and ask is not None:
                    asked = self.constant(ask)
                    return self._one(left, type_, value, "{0}.__class__ is not str", f"{asked}({{0}})")
        return self._slow(tree, type_, value, what, at)

    def _slow(self, tree: Expression, type_: Type, value: str, what: str, at: int | None) -> str:
        """Ask as everywhere else; compiled when it is first needed, since mostly it never is."""
        kept: list[Any] = []
        compile_step = self._compile

        def ask(run: Any, json: Any) -> bool | None:
            if not kept:
                kept.append(truth_of(tree, compile_step, what))
            try:
                answer: bool | None = kept[0](run, [Node(json, type_)])
            except FhirPathError as error:
                if at is not None:
                    error.at(at)
                raise
            return answer

        name = next(self._names)
        self.line(f"{name} = {self.constant(ask)}(run, {value})")
        return name

    def _logic(self, tree: Binary, type_: Type, value: str) -> str:
        decisive, name = tree.operator == "or", next(self._names)
        first = self.test(tree.left, type_, value, tree.operator, tree.at)
        self.line(f"{name} = {first}")
        self.line(f"if {name} is not {decisive}:")
        with self.block():
            second = self.test(tree.right, type_, value, tree.operator, tree.at)
            self.line(f"{name} = {decisive} if {second} is {decisive} else None if {name} is None else {second}")
        return name

    def _exists(self, left: Expression, criterion: Expression | None, type_: Type, value: str) -> str:
        name = next(self._names)
        self.plain += 1

        def met(one: str, end: Type) -> None:
            if criterion is None:
                self.line(f"{name} = True")
                return
            self.line(f"if {self.test(criterion, end, one, 'exists()', None)}: {name} = True")

        self.line(f"{name} = False")
        self._follow(left, type_, value, met, (name,))
        return name

    def _equal(self, tree: Binary, end: Type, wanted: frozenset[Any], type_: Type, value: str) -> str | None:
        first = next(iter(wanted))
        if isinstance(first, str) and end.names & STRINGS:
            compared = f"{{0}} == {self.constant(first)}" if len(wanted) == 1 else f"{{0}} in {self.constant(wanted)}"
            return self._one(tree.left, type_, value, "{0}.__class__ is not str", compared)
        if isinstance(first, bool) and "boolean" in end.names and tree.operator == "=":
            return self._one(tree.left, type_, value, "{0}.__class__ is not bool", f"{{0}} is {first}")
        return None

    def _ordered(self, tree: Binary, left: Expression, type_: Type, value: str) -> str | None:
        """A number or a day against something that is the same for every item: that is worked out once a run."""
        day = isinstance(left, Call) and left.name == "toDate" and not left.arguments and left.left is not None
        path = left.left if day and isinstance(left, Call) and left.left is not None else left
        end = self._end(path, type_)
        if end is None or not end.names & (_DATES if day else _NUMBERS):
            return None
        limit, name = next(self._names), next(self._names)
        self.line(f"{limit} = {self.constant(fixed(tree.right, self._compile, tree.at, day))}(run)")
        if day:
            made = f"{self.constant(day_of)}({{0}})"
            found = self._one(path, type_, value, "{0}.__class__ is not str", made)
        else:
            found = self._one(path, type_, value, _NUMERIC, "{0}")
        self.line(f"{name} = None if {found} is None or {limit} is None else {found} {tree.operator} {limit}")
        return name

    def _one(self, path: Expression, type_: Type, value: str, odd: str, answer: str) -> str:
        """Write what is made of the one value that a path finds; None where it finds none."""
        name = next(self._names)
        self.plain += 1

        def met(one: str, end: Type) -> None:
            self.line(f"if {name} is not None or {odd.format(one)}: raise LongWay")
            self.line(f"{name} = {answer.format(one)}")

        self.line(f"{name} = None")
        self._follow(path, type_, value, met, ())
        return name

    def _end(self, tree: Expression, type_: Type) -> Type | None:
        """The type of what a path finds; ``None`` for what is more than a path."""
        match tree:
            case Special(name="this"):
                return type_
            case Member() | Call(name="ofType", arguments=(_,)):
                field = self._field(tree, type_)
                return None if field is None else field.options[0][1]
            case Call(left=left, name="where", arguments=(_,)) | Call(left=left, name="first", arguments=()) if left:
                return self._end(left, type_)
        return None

    def _field(self, tree: Member | Call, type_: Type) -> Field | None:
        """The element that a path ends with."""
        member = tree if isinstance(tree, Member) else tree.left
        if not isinstance(member, Member) or (member.left is None and member.name[:1].isupper()):
            return None
        owner = type_ if member.left is None else self._end(member.left, type_)
        if owner is None or owner.primitive:
            return None
        field = owner.fields.get(member.name)
        if isinstance(tree, Call):
            wanted = type_name(tree.arguments[0])
            if field is None or wanted is None or known(wanted).namespace == "System":
                return None
            field = narrowed(owner, member.name, wanted.name)
        return None if field is None or field.resource or len(field.options) != 1 else field

    def _follow(self, tree: Expression, type_: Type, value: str, then: Then, stops: tuple[str, ...]) -> None:
        """Write a path, and what is done with each value at its end, as long as none of ``stops`` is true."""
        match tree:
            case Member(left=left) | Call(name="ofType", left=Member(left=left)):
                field = self._field(tree, type_)
                assert field is not None  # its end is known
                if left is None:
                    self._step(field, value, then, stops)
                else:
                    self._follow(left, type_, value, lambda one, _: self._step(field, one, then, stops), stops)
            case Call(left=left, name="where", arguments=(criterion,)) if left is not None:

                def kept(one: str, end: Type) -> None:
                    self.line(f"if {self.test(criterion, end, one, 'where()', None)}:")
                    with self.block():
                        then(one, end)

                self._follow(left, type_, value, kept, stops)
            case Call(left=left, name="first") if left is not None:
                name = next(self._names)
                self.line(f"{name} = False")

                def first(one: str, end: Type) -> None:
                    self.line(f"{name} = True")
                    then(one, end)

                self._follow(left, type_, value, first, (*stops, name))
            case _:
                then(value, type_)

    def _step(self, field: Field, owner: str, then: Then, stops: tuple[str, ...]) -> None:
        key, end, sibling = field.options[0]
        found, odd = next(self._names), "{0}.__class__ is not dict"
        if sibling is not None:
            odd = "{0} is None or {0}.__class__ is dict or {0}.__class__ is list"
            self.line(f"if {sibling!r} in {owner}: raise LongWay")
        self.line(f"{found} = {owner}.get({key!r})")
        self.line(f"if {found} is not None:")
        with self.block():
            if not field.many:
                self.line(f"if {odd.format(found)}: raise LongWay")
                then(found, end)
                return
            one = next(self._names)
            self.line(f"if {found}.__class__ is not list: raise LongWay")
            self.line(f"for {one} in {found}:")
            with self.block():
                self.line(f"if {odd.format(one)}: raise LongWay")
                then(one, end)
                if stops:
                    self.line(f"if {' or '.join(stops)}: break")


def _constants(tree: Expression) -> frozenset[Any] | None:
    """The texts of ``'a'`` or ``'a' | 'b'``; a Boolean."""
    if isinstance(tree, Literal):
        return frozenset({tree.value}) if isinstance(tree.value, str | bool) else None
    if isinstance(tree, Binary) and tree.operator == "|":
        left, right = _constants(tree.left), _constants(tree.right)
        if left is None or right is None:
            return None
        both = left | right
        return both if all(isinstance(one, str) for one in both) else None
    return None


def _asked(name: str, text: str) -> Callable[[str], bool] | None:
    if name == "startsWith":
        return lambda value: value.startswith(text)
    try:
        search = pattern(text).search
    except FhirPathError:
        return None  # the long way tells what is wrong with it, when it is met
    return lambda value: bool(search(value))
