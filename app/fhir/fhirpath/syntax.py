"""The syntax tree: what the parser makes and the compiler reads. ``at`` is the index of the character it begins at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a System type; ``None`` is the empty collection ``{}``."""

    value: object
    at: int


@dataclass(frozen=True, slots=True)
class Member:
    """``left.name``, or a bare ``name`` at the start of an expression (``left`` is ``None``)."""

    left: Expression | None
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """``left.name(arguments)``; ``descending`` tells for each argument of ``sort`` whether ``desc`` follows it."""

    left: Expression | None
    name: str
    arguments: tuple[Expression, ...]
    at: int
    descending: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Special:
    """``$this``, ``$index`` or ``$total``; the name stands without its sign."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``%name``, the name without its sign."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Index:
    """``left[index]``."""

    left: Expression
    index: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``+operand`` or ``-operand``."""

    operator: str
    operand: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and an operator that is no type operator."""

    operator: str
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """``FHIR.Patient``, ``System.String``, or a bare name (``namespace`` is ``None``)."""

    namespace: str | None
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """``operand is type`` or ``operand as type``."""

    operator: str
    operand: Expression
    type: TypeName
    at: int


Expression: TypeAlias = Literal | Member | Call | Special | Variable | Index | Unary | Binary | TypeTest


def type_name(expression: Expression) -> TypeName | None:
    """An expression read as a type specifier, as in ``is(System.String)``; ``None`` when it is none."""
    if isinstance(expression, Member):
        if expression.left is None:
            return TypeName(None, expression.name, expression.at)
        if isinstance(expression.left, Member) and expression.left.left is None:
            return TypeName(expression.left.name, expression.name, expression.left.at)
    return None


def parts(tree: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is made of."""
    match tree:
        case Member(left=left):
            return () if left is None else (left,)
        case Call(left=left, arguments=arguments):
            return arguments if left is None else (left, *arguments)
        case Index(left=left, index=index):
            return left, index
        case Unary(operand=operand) | TypeTest(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return left, right
    return ()


def anywhere(tree: Expression, test: Callable[[Expression], bool]) -> bool:
    """Whether a test holds for an expression or anything in it."""
    return test(tree) or any(anywhere(part, test) for part in parts(tree))
