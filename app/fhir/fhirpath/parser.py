"""Tokens to a syntax tree, by operator precedence (http://hl7.org/fhirpath/N1/#operator-precedence)."""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn

from .errors import FhirPathError
from .lexer import Token, tokens
from .quantity import CALENDAR, Quantity
from .syntax import Binary, Call, Expression, Index, Literal, Member, Special, TypeName, TypeTest, Unary, Variable
from .temporal import parse_literal

MAX_DEPTH = 100
"""Nesting of parentheses and arguments; deeper ones are refused rather than read."""

LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"in", "contains"}),
    frozenset({"=", "~", "!=", "!~"}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"|"}),
    frozenset({"is", "as"}),
    frozenset({"+", "-", "&"}),
    frozenset({"*", "/", "div", "mod"}),
)
_LEVEL = {operator: level for level, operators in enumerate(LEVELS) for operator in operators}
_TYPE_LEVEL = _LEVEL["is"]
_KEYWORDS = frozenset({"and", "or", "xor", "implies", "div", "mod", "true", "false"})
_SPECIALS = frozenset({"$this", "$index", "$total"})


def parse(expression: str) -> Expression:
    """The syntax tree of an expression; raises ``FhirPathError`` naming the position and what was met there."""
    return _Parser(expression).whole()


class _Parser:
    def __init__(self, expression: str):
        self.expression = expression
        self.tokens = tokens(expression)
        self.at = 0
        self.depth = 0

    def whole(self) -> Expression:
        tree = self.binary(0)
        if self.here.kind != "end":
            self.fail("an operator or the end")
        return tree

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def fail(self, wanted: str) -> NoReturn:
        token = self.here
        met = "the expression ends" if token.kind == "end" else f"'{token.text}' stands"
        raise FhirPathError(f"Expected {wanted}, but {met} here.", self.expression, token.at)

    def sign(self, text: str) -> bool:
        """Step over a sign when it stands here."""
        token = self.here
        if token.kind == "sign" and token.text == text:
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.sign(text):
            self.fail(f"'{text}'")

    def level(self) -> int:
        """The precedence of the operator that stands here, -1 when none does."""
        token = self.here
        return _LEVEL.get(token.text, -1) if token.kind in ("sign", "name") else -1

    def binary(self, lowest: int) -> Expression:
        """Precedence climbing: operators of level ``lowest`` or tighter, grouped to the left."""
        left = self.unary()
        while (level := self.level()) >= lowest:
            operator = self.here
            self.at += 1
            if level == _TYPE_LEVEL:
                left = TypeTest(operator.text, left, self.type_name(), operator.at)
            else:
                left = Binary(operator.text, left, self.binary(level + 1), operator.at)
        return left

    def unary(self) -> Expression:
        signs: list[Token] = []
        while self.here.kind == "sign" and self.here.text in "+-":
            signs.append(self.here)
            self.at += 1
        tree = self.chain()
        for token in reversed(signs):
            tree = Unary(token.text, tree, token.at)
        return tree

    def chain(self) -> Expression:
        tree = self.term()
        while True:
            if self.sign("."):
                tree = self.invocation(tree)
            elif self.here.kind == "sign" and self.here.text == "[":
                at = self.here.at
                self.at += 1
                tree = Index(tree, self.nested(), at)
                self.need("]")
            else:
                return tree

    def nested(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FhirPathError(f"Nested deeper than {MAX_DEPTH}.", self.expression, self.here.at)
        tree = self.binary(0)
        self.depth -= 1
        return tree

    def invocation(self, left: Expression | None) -> Expression:
        token = self.here
        if token.kind == "special" and token.text in _SPECIALS and left is None:
            self.at += 1
            return Special(token.text[1:], token.at)
        if token.kind not in ("name", "quoted") or (token.kind == "name" and token.text in _KEYWORDS and left is None):
            self.fail("a value, name or function")
        self.at += 1
        if self.here.kind == "sign" and self.here.text == "(" and token.kind == "name":
            return self.call(left, token)
        return Member(left, token.text, token.at)

    def call(self, left: Expression | None, name: Token) -> Call:
        self.need("(")
        arguments: list[Expression] = []
        descending: list[bool] = []
        while not self.sign(")"):
            if arguments:
                self.need(",")
            arguments.append(self.nested())
            order = self.here.text if self.here.kind == "name" and name.text == "sort" else ""
            if order in ("asc", "desc"):
                self.at += 1
            descending.append(order == "desc")
            if self.here.kind == "end":
                self.fail("')'")
        return Call(left, name.text, tuple(arguments), name.at, tuple(descending))

    def type_name(self) -> TypeName:
        first = self.here
        if first.kind not in ("name", "quoted"):
            self.fail("the name of a type")
        self.at += 1
        if not self.sign("."):
            return TypeName(None, first.text, first.at)
        second = self.here
        if second.kind not in ("name", "quoted"):
            self.fail("the name of a type")
        self.at += 1
        return TypeName(first.text, second.text, first.at)

    def term(self) -> Expression:
        token = self.here
        match token.kind:
            case "string":
                self.at += 1
                return Literal(token.text, token.at)
            case "number" | "long":
                self.at += 1
                return self.number(token)
            case "variable":
                self.at += 1
                return Variable(token.text, token.at)
            case "date" | "time":
                self.at += 1
                return Literal(self.temporal(token), token.at)
            case "name" if token.text in ("true", "false"):
                self.at += 1
                return Literal(token.text == "true", token.at)
        if self.sign("("):
            tree = self.nested()
            self.need(")")
            return tree
        if self.sign("{"):
            self.need("}")
            return Literal(None, token.at)
        if self.sign("%"):
            name = self.here
            if name.kind not in ("name", "quoted", "string"):
                self.fail("the name of a variable")
            self.at += 1
            return Variable(name.text, token.at)
        return self.invocation(None)

    def number(self, token: Token) -> Literal:
        """A number, or a quantity when a unit follows it: ``4 'mg'``, ``7 days``."""
        unit = self.here
        if unit.kind == "string" and token.kind == "number":
            self.at += 1
            return Literal(Quantity(Decimal(token.text), unit.text), token.at)
        if unit.kind == "name" and unit.text in CALENDAR and token.kind == "number":
            self.at += 1
            return Literal(Quantity(Decimal(token.text), CALENDAR[unit.text], calendar=True), token.at)
        return Literal(Decimal(token.text) if "." in token.text else self.integer(token), token.at)

    def integer(self, token: Token) -> int:
        if len(token.text) > 1000:
            raise FhirPathError("This number has more than 1000 digits.", self.expression, token.at)
        return int(token.text)

    def temporal(self, token: Token) -> object:
        value = parse_literal(token.text)
        if value is None:
            raise FhirPathError(f"{token.text} is in no calendar.", self.expression, token.at)
        return value
