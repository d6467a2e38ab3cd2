"""A syntax tree to closures: each takes the evaluation and ``$this`` as a collection, and answers a collection."""

from __future__ import annotations

from typing import Any, cast

from . import functions
from .environment import Run, single, truth
from .equality import distinct
from .errors import FhirPathError
from .fast import member_names, reference_type_test, where_test
from .functions.registry import find
from .functions.subsetting import sort
from .logic import LOGIC
from .model import Type, known
from .nodes import Items, Node, of_type, system
from .operators import EMPTY, OPERATORS, is_number
from .paths import Step, member_chain
from .quantity import Quantity
from .syntax import (
    Binary,
    Call,
    Expression,
    Index,
    Literal,
    Member,
    Special,
    TypeTest,
    Unary,
    Variable,
    type_name,
)

assert functions  # imported for the table that it fills


def compile_step(tree: Expression) -> Step:
    """The closure of a tree; raises ``FhirPathError`` on unknown functions and types."""
    match tree:
        case Literal():
            return _literal(tree)
        case Member():
            return _member(tree)
        case Call():
            return _call(tree)
        case Special():
            return _special(tree)
        case Variable():
            return _variable(tree)
        case Index():
            return _index(tree)
        case Unary():
            return _unary(tree)
        case TypeTest():
            return _type_test(tree)
        case Binary():
            return _union(tree) if tree.operator == "|" else _binary(tree)


def _defines(tree: Expression | None) -> bool:
    """Whether a path defines a variable, which is then seen to the end of the path and no further."""
    while isinstance(tree, Member | Call | Index):
        if isinstance(tree, Call) and tree.name == "defineVariable":
            return True
        tree = tree.left
    return False


def scoped(tree: Expression) -> Step:
    """The closure of an expression that is a scope of its own for ``defineVariable``."""
    step = compile_step(tree)
    if not _defines(tree):
        return step

    def within(run: Run, this: Items) -> Items:
        before = run.defined
        try:
            return step(run, this)
        finally:
            run.defined = before

    return within


def _literal(tree: Literal) -> Step:
    items: Items = [] if tree.value is None else [tree.value]
    return lambda run, this: items


def _member(tree: Member) -> Step:
    start, names = member_names(tree)
    chain = member_chain(None if start is None else compile_step(start), names)
    at = tree.at

    def follow(run: Run, this: Items) -> Items:
        try:
            return chain(run, this)
        except FhirPathError as error:
            raise error.at(at)

    return follow


def _special(tree: Special) -> Step:
    at = tree.at

    def index(run: Run, this: Items) -> Items:
        if run.index is None:
            raise FhirPathError("$index has a meaning inside where(), select() and the like only.", position=at)
        return [run.index]

    if tree.name == "index":
        return index
    return (lambda run, this: run.total) if tree.name == "total" else (lambda run, this: this)


def _variable(tree: Variable) -> Step:
    name, at = tree.name, tree.at

    def look_up(run: Run, this: Items) -> Items:
        try:
            return run.variable(name)
        except FhirPathError as error:
            raise error.at(at)

    return look_up


def _index(tree: Index) -> Step:
    left, place, at = compile_step(tree.left), scoped(tree.index), tree.at

    def pick(run: Run, this: Items) -> Items:
        items = left(run, this)
        index = single(place(run, this), "An index")
        number = None if index is None else system(index)
        if number is not None and number.__class__ is not int:
            raise FhirPathError("An index is an Integer.", position=at)
        return EMPTY if number is None or number < 0 else items[number : number + 1]

    return pick


def _unary(tree: Unary) -> Step:
    operand, at, negative = scoped(tree.operand), tree.at, tree.operator == "-"

    def sign(run: Run, this: Items) -> Items:
        item = single(operand(run, this), "A sign")
        if item is None:
            return EMPTY
        value: Any = system(item)
        if isinstance(value, Quantity):
            return [Quantity(-value.value, value.unit, value.calendar, value.either) if negative else value]
        if not is_number(value):
            raise FhirPathError(f"{tree.operator} stands before numbers only.", position=at)
        return [(-value if value.__class__ is int else value.copy_negate()) if negative else value]

    return sign


def _type_test(tree: TypeTest) -> Step:
    wanted = known(tree.type)
    quick = reference_type_test(tree)
    if quick is not None:
        return quick(compile_step)
    operand, at = scoped(tree.operand), tree.at
    if tree.operator == "as":  # of several items too: R4's own search parameters rely on it
        return lambda run, this: [item for item in operand(run, this) if of_type(item, wanted)]

    def test(run: Run, this: Items) -> Items:
        try:
            item = single(operand(run, this), "is")
        except FhirPathError as error:
            raise error.at(at)
        return EMPTY if item is None else [of_type(item, wanted)]

    return test


def _binary(tree: Binary) -> Step:
    left, right, at = scoped(tree.left), scoped(tree.right), tree.at
    if tree.operator in LOGIC:
        return LOGIC[tree.operator](left, right, at)
    operate = OPERATORS[tree.operator]

    def calculate(run: Run, this: Items) -> Items:
        try:
            return operate(left(run, this), right(run, this))
        except FhirPathError as error:
            raise error.at(at)

    return calculate


def _union(tree: Binary) -> Step:
    """All branches of ``a | b | c`` at once. Branches that begin with another type are left out, once for each type."""
    trees: list[Expression] = [tree.right]
    left: Expression = tree.left
    while isinstance(left, Binary) and left.operator == "|":
        trees.append(left.right)
        left = left.left
    trees.append(left)
    branches = [(scoped(branch), _head(branch)) for branch in reversed(trees)]
    by_type: dict[Type, list[Step]] = {}

    def unite(run: Run, this: Items) -> Items:
        if len(this) == 1 and this[0].__class__ is Node:
            type_ = this[0].type
            steps = by_type.get(type_)
            if steps is None:
                steps = [step for step, head in branches if head is None or head in type_.names]
                by_type[type_] = steps
        else:
            steps = [step for step, _head in branches]
        found: Items = []
        for step in steps:
            found = found + step(run, this)
        return distinct(found)

    return unite


def _head(tree: Expression) -> str | None:
    """The type name that a path begins with, if it does and nothing else of it can have a value."""
    current: Expression | None = tree
    while current is not None:
        if isinstance(current, TypeTest) and current.operator == "as":
            current = current.operand
        elif isinstance(current, Member) and current.left is None:
            return current.name if current.name[:1].isupper() else None
        elif isinstance(current, Member | Index) or (isinstance(current, Call) and current.name in ("where", "as", "ofType")):
            current = current.left
        else:
            return None
    return None


def _call(tree: Call) -> Step:
    start = None if tree.left is None else compile_step(tree.left)
    if tree.name == "sort":
        return _sort(start, tree)
    function = find(tree.name, len(tree.arguments), tree.at)
    quick = where_test(tree, start, scoped) if tree.name in ("where", "exists") else reference_type_test(tree)
    if quick is not None:
        return cast(Step, quick) if tree.name in ("where", "exists") else quick(compile_step)  # type: ignore[operator]
    arguments: list[Any] = []
    lazy: list[bool] = []
    for kind, argument in zip(function.kinds, tree.arguments, strict=False):
        if kind == "t":
            named = type_name(argument)
            if named is None:
                raise FhirPathError(f"{tree.name}() takes the name of a type.", position=argument.at)
            arguments.append(known(named))
        else:
            arguments.append(scoped(argument))
        lazy.append(kind != "v")
    return _invoke(function.body, start, arguments, lazy, tree.at)


def _invoke(body: Any, start: Step | None, arguments: list[Any], lazy: list[bool], at: int) -> Step:
    """The call itself: arguments that are not lazy are evaluated with ``$this`` of where the call stands."""
    if all(lazy):
        fixed = tuple(arguments)

        def plain(run: Run, this: Items) -> Items:
            try:
                return cast(Items, body(run, this if start is None else start(run, this), *fixed))
            except FhirPathError as error:
                raise error.at(at)

        return plain
    pairs = tuple(zip(arguments, lazy, strict=True))

    def eager(run: Run, this: Items) -> Items:
        try:
            focus = this if start is None else start(run, this)
            return cast(Items, body(run, focus, *[one if kept else one(run, this) for one, kept in pairs]))
        except FhirPathError as error:
            raise error.at(at)

    return eager


def _sort(start: Step | None, tree: Call) -> Step:
    """``sort(-key)`` is ``sort(key desc)``: the sign turns the order around, of strings and dates too."""
    keys: list[tuple[Step | None, bool]] = []
    for argument, descending in zip(tree.arguments, tree.descending, strict=True):
        turned = isinstance(argument, Unary) and argument.operator == "-"
        key = argument.operand if isinstance(argument, Unary) and turned else argument
        keys.append((scoped(key), descending != turned))
    at = tree.at

    def order(run: Run, this: Items) -> Items:
        try:
            return sort(run, this if start is None else start(run, this), keys)
        except FhirPathError as error:
            raise error.at(at)

    return order


__all__ = ["compile_step", "scoped", "truth"]
