"""Criteria read straight from JSON: ``component.where(code.coding.exists(code = '8480-6')).value.exists()``.

``where``, ``exists`` and ``all`` ask the same question of many items. For the type of an item, known from its first
one, the question is built once as a function of the raw JSON, without nodes and collections on the way. A part that
has no such shape is evaluated as everywhere else, on a node made for it alone; JSON that is not as the model says, or
has extensions in place of a value, raises ``LongWay`` and is then read as everywhere else too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .environment import Run
from .errors import FhirPathError
from .functions.strings import pattern
from .logic import Truth, truth_of
from .model import Field, Type, known
from .nodes import Node
from .paths import STRINGS, Step
from .syntax import Binary, Call, Expression, Literal, Member, Special, type_name
from .ways import LongWay, Test, Way, filtered, first, narrowed, objects, primitives

Compile = Callable[[Expression], Step]


def test_of(tree: Expression, compile_step: Compile, criterion: Truth) -> Callable[[Run, Any], bool | None]:
    """A criterion as a question about an item, the short way where there is one; ``criterion`` is the other way."""
    kept: dict[Type, Test | None] = {}

    def holds(run: Run, item: Any) -> bool | None:
        if item.__class__ is Node and item.extra is None:
            value, type_ = item.value, item.type
            if value is not None and (value.__class__ is dict) is not type_.primitive:
                try:
                    test = kept[type_]
                except KeyError:
                    test = kept[type_] = _test(tree, type_, compile_step)
                if test is not None:
                    return test(run, value)
        return criterion(run, [item])

    return holds


def _test(tree: Expression, type_: Type, compile_step: Compile) -> Test | None:
    match tree:
        case Binary(operator="and" | "or"):
            return _logic(tree, type_, compile_step)
        case Binary(operator="=" | "in", right=right) if (wanted := _strings(right)) is not None:
            if tree.operator == "in" or len(wanted) == 1:
                return _compared(tree, tree.left, type_, compile_step, wanted.__contains__)
        case Call(name="not", left=left, arguments=()) if left is not None:
            inner = _test(left, type_, compile_step)
            return None if inner is None else _negated(inner)
        case Call(name="exists" | "empty", left=left, arguments=()) if left is not None:
            return _found(tree, left, type_, compile_step)
        case Call(name="exists", left=left, arguments=(criterion,)) if left is not None:
            return _any(tree, left, criterion, type_, compile_step)
        case Call(name="matches" | "startsWith", left=left, arguments=(Literal(value=str() as text),)) if left:
            return _compared(tree, left, type_, compile_step, _pattern(tree.name, text))
    return None


def _strings(tree: Expression) -> frozenset[str] | None:
    """The texts of ``'a'`` or ``'a' | 'b'``."""
    if isinstance(tree, Literal):
        return frozenset({tree.value}) if isinstance(tree.value, str) else None
    if isinstance(tree, Binary) and tree.operator == "|":
        left, right = _strings(tree.left), _strings(tree.right)
        return None if left is None or right is None else left | right
    return None


def _pattern(name: str, text: str) -> Callable[[str], bool] | None:
    if name == "startsWith":
        return lambda value: value.startswith(text)
    try:
        search = pattern(text).search
    except FhirPathError:
        return None  # the long way tells what is wrong with it, when it is met
    return search


def _anyway(tree: Expression, type_: Type, compile_step: Compile, what: str) -> Test:
    """The test of any criterion: the short one, or its evaluation on a node."""
    return _test(tree, type_, compile_step) or _slow(tree, type_, compile_step, what)


def _slow(tree: Expression, type_: Type, compile_step: Compile, what: str) -> Test:
    """The evaluation on a node; compiled when it is first needed, since mostly it never is."""
    kept: list[Truth] = []

    def test(run: Run, value: Any) -> bool | None:
        if not kept:
            kept.append(truth_of(tree, compile_step, what))
        return kept[0](run, [Node(value, type_)])

    return test


def _logic(tree: Binary, type_: Type, compile_step: Compile) -> Test | None:
    first, second = _test(tree.left, type_, compile_step), _test(tree.right, type_, compile_step)
    if first is None and second is None:
        return None
    left = first or _slow(tree.left, type_, compile_step, tree.operator)
    right = second or _slow(tree.right, type_, compile_step, tree.operator)
    at, decisive = tree.at, tree.operator == "or"

    def decide(run: Run, value: Any) -> bool | None:
        try:
            mine = left(run, value)
            if mine is decisive:
                return decisive
            other = right(run, value)
        except FhirPathError as error:
            error.at(at)
            raise
        return decisive if other is decisive else None if mine is None or other is None else not decisive

    return decide


def _negated(inner: Test) -> Test:
    def test(run: Run, value: Any) -> bool | None:
        found = inner(run, value)
        return None if found is None else not found

    return test


def _compared(
    tree: Expression, left: Expression, type_: Type, compile_step: Compile, accepts: Callable[[str], bool] | None
) -> Test | None:
    """A question about the one string that a path finds."""
    if isinstance(left, Member) and left.left is None and accepts is not None:
        field = type_.fields.get(left.name)
        if field is not None and len(field.options) == 1 and field.options[0][1].names & STRINGS:
            return _own_string(field, accepts, _slow(tree, type_, compile_step, "The criterion"))
    found = _way(left, type_, compile_step)
    if found is None or accepts is None or not found[1].names & STRINGS:
        return None
    way, slow = found[0], _slow(tree, type_, compile_step, "The criterion")

    def test(run: Run, value: Any) -> bool | None:
        try:
            values = way(run, value)
        except LongWay:
            return slow(run, value)
        if not values:
            return None
        if len(values) == 1 and values[0].__class__ is str:
            return accepts(values[0])
        return slow(run, value)

    return test


def _own_string(field: Field, accepts: Callable[[str], bool], slow: Test) -> Test:
    """The commonest question of all: about a string of the item itself."""
    key = field.options[0][0]
    sibling = f"_{key}"

    def test(run: Run, value: Any) -> bool | None:
        found = value.get(key)
        if found.__class__ is str:
            return accepts(found)
        return None if found is None and sibling not in value else slow(run, value)

    return test


def _found(tree: Call, left: Expression, type_: Type, compile_step: Compile) -> Test | None:
    found = _way(left, type_, compile_step)
    if found is None:
        return None
    way, slow, wanted = found[0], _slow(tree, type_, compile_step, "The criterion"), tree.name == "exists"

    def test(run: Run, value: Any) -> bool | None:
        try:
            return bool(way(run, value)) is wanted
        except LongWay:
            return slow(run, value)

    return test


def _any(tree: Call, left: Expression, criterion: Expression, type_: Type, compile_step: Compile) -> Test | None:
    found = _way(left, type_, compile_step)
    if found is None:
        return None
    way, slow = found[0], _slow(tree, type_, compile_step, "The criterion")
    inner = _anyway(criterion, found[1], compile_step, "exists()")

    def test(run: Run, value: Any) -> bool | None:
        try:
            values = way(run, value)
        except LongWay:
            return slow(run, value)
        for one in values:  # noqa: SIM110 (a loop takes half the time of any() here)
            if inner(run, one):
                return True
        return False

    return test


def _way(tree: Expression, type_: Type, compile_step: Compile) -> tuple[Way, Type] | None:
    """A path from an item of a type, and the type of what it finds; ``None`` for what is more than a path."""
    match tree:
        case Special(name="this"):
            return (lambda run, value: [value]), type_
        case Member(left=left, name=name):
            if left is None and name[:1].isupper():
                return None
            return _after(left, type_, compile_step, lambda owner: owner.fields.get(name))
        case Call(left=Member(left=left, name=name), name="ofType", arguments=(argument,)):
            wanted = type_name(argument)
            if wanted is None or known(wanted).namespace == "System":
                return None
            to = wanted.name
            return _after(left, type_, compile_step, lambda owner: narrowed(owner, name, to))
        case Call(left=left, name="where", arguments=(criterion,)) if left is not None:
            before = _way(left, type_, compile_step)
            if before is None:
                return None
            return filtered(before[0], _anyway(criterion, before[1], compile_step, "where()")), before[1]
        case Call(left=left, name="first", arguments=()) if left is not None:
            before = _way(left, type_, compile_step)
            return None if before is None else (first(before[0]), before[1])
    return None


def _after(
    left: Expression | None, type_: Type, compile_step: Compile, find: Callable[[Type], Field | None]
) -> tuple[Way, Type] | None:
    """The element that a path ends with, after what stands before it."""
    before = None if left is None else _way(left, type_, compile_step)
    owner = type_ if before is None else before[1]
    if (left is not None and before is None) or owner.primitive:
        return None
    field = find(owner)
    if field is None or field.resource or len(field.options) != 1:
        return None
    key, end, sibling = field.options[0]
    step = objects(key) if sibling is None else primitives(key, sibling)
    if before is None:
        return step, end
    start = before[0]

    def follow(run: Run, value: Any) -> list[Any]:
        values = start(run, value)
        if len(values) == 1:
            return step(run, values[0])
        return [one for owner in values for one in step(run, owner)]

    return follow, end
