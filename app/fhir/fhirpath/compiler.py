"""A syntax tree to closures: each takes the evaluation and ``$this`` as a collection, and answers a collection."""

from __future__ import annotations

from typing import Any

from .calls import compile_call
from .environment import Run, single
from .equality import is_number
from .errors import FhirPathError
from .fast import member_names, reference_type_test
from .logic import LOGIC, defines, truth_of
from .model import known
from .nodes import Items, of_type, system
from .operators import EMPTY, OPERATORS, answer
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
    TypeName,
    TypeTest,
    Unary,
    Variable,
    type_name,
)
from .unions import compile_union


def compile_step(tree: Expression) -> Step:
    """The closure of a tree; raises ``FhirPathError`` on unknown functions and types."""
    match tree:
        case Literal():
            return _literal(tree)
        case Member():
            return _member(tree)
        case Call(left=Member() as left, name="ofType", arguments=(argument,)) if named := type_name(argument):
            return _member(left, known(named))
        case Call():
            return compile_call(tree, compile_step, scoped)
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
            return compile_union(tree, scoped) if tree.operator == "|" else _binary(tree)


def scoped(tree: Expression) -> Step:
    """The closure of an expression that is a scope of its own for ``defineVariable``."""
    step = compile_step(tree)
    if not defines(tree):
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


def _member(tree: Member, wanted: TypeName | None = None) -> Step:
    start, names = member_names(tree)
    chain = member_chain(None if start is None else compile_step(start), names, wanted)
    at = tree.at

    def follow(run: Run, this: Items) -> Items:
        try:
            return chain(run, this)
        except FhirPathError as error:
            error.at(at)
            raise

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
        if run.used is not None and run.settled is not None and run.defined is None:  # a plan's, mostly seen before
            run.used[name] = None
            found = run.settled.get(name)
            if found is not None:
                return found
        try:
            return run.variable(name)
        except FhirPathError as error:
            error.at(at)
            raise

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
    if tree.operator == "as" and isinstance(tree.operand, Member):
        return _member(tree.operand, wanted)
    if tree.operator == "as":  # of several items too: R4's own search parameters rely on it
        return lambda run, this: [item for item in operand(run, this) if of_type(item, wanted)]

    def test(run: Run, this: Items) -> Items:
        try:
            item = single(operand(run, this), "is")
        except FhirPathError as error:
            error.at(at)
            raise
        return EMPTY if item is None else [of_type(item, wanted)]

    return test


def _binary(tree: Binary) -> Step:
    if tree.operator in LOGIC:
        decide = truth_of(tree, scoped, tree.operator)
        return lambda run, this: answer(decide(run, this))
    left, right, at = scoped(tree.left), scoped(tree.right), tree.at
    operate = OPERATORS[tree.operator]

    def calculate(run: Run, this: Items) -> Items:
        try:
            return operate(left(run, this), right(run, this))
        except FhirPathError as error:
            error.at(at)
            raise

    return calculate
