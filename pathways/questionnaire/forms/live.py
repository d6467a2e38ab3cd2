"""Expressions in the words of the page's small script: a part of FHIRPath as nested lists; the rest is the server's.

What no answer of the form changes (the patient, the record, today) is computed here and stands as a plain value. A list
is an operation: ``["a", 3]`` the answers of the fourth question, ``["v", 0]`` the first variable, ``["$"]`` $this,
``[".", x, "code"]`` a member, ``["+", x, y]`` an operator, ``["round", x, 1]`` a function, ``["l", 1, 2]`` several
values, ``[]`` none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.clock import CASABLANCA
from app.fhir.fhirpath import FhirPathError, compile
from app.fhir.fhirpath.compiler import scoped
from app.fhir.fhirpath.environment import Run, starting
from app.fhir.fhirpath.nodes import raw
from app.fhir.fhirpath.syntax import Binary, Call, Expression, Literal, Member, Special, Unary, Variable
from app.fhir.resource import extension, extensions
from pathways.questionnaire import items, sdc
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms.answers_read import AnswersRead, Outside

_OPERATORS = frozenset(
    ["+", "-", "*", "/", "div", "mod", "=", "!=", "<", ">", "<=", ">=", "and", "or", "xor", "implies", "in", "contains",
     "|", "&"]
)  # fmt: skip
_FUNCTIONS = frozenset(
    ["exists", "empty", "not", "first", "last", "count", "where", "select", "all", "round", "power", "exp", "ln", "log",
     "sqrt", "abs", "floor", "ceiling", "truncate"]
)  # fmt: skip
_MEMBERS = frozenset({"value", "code", "system", "unit"})
_PLACEHOLDER = re.compile(r"\{\{(.+?)\}\}")
Words = Any
"""A number, text or truth value, or a list as above."""


class Live:
    """The expressions of a form in a context; ``questions`` (field, kind, unit) and ``variables`` grow as needed."""

    def __init__(self, expressions: Expressions):
        self.expressions = expressions
        self.questions: list[list[str]] = []
        self.variables: list[Words] = []
        self._places: dict[str, int] = {}
        self._declared = {
            one["valueExpression"]["name"]: one["valueExpression"]
            for one in extensions(expressions.questionnaire, sdc.VARIABLE)
        }
        self._read = AnswersRead(expressions.questionnaire, self._tree_of)
        self._dependent: dict[str, bool] = {}
        moment = expressions.context.now.astimezone(CASABLANCA).isoformat(timespec="seconds")
        self._nothing = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "authored": moment}

    def of(self, expression: Mapping[str, Any] | str) -> Words | None:
        """An expression in the script's words; None where it is outside of what the script can do."""
        text = expression if isinstance(expression, str) else expression.get("expression", "")
        try:
            return self._words(compile(text).tree)
        except (Outside, FhirPathError, RecursionError):
            return None

    def _words(self, tree: Expression) -> Words:
        if not self._depends(tree):
            return self._settled(tree)
        link_id = self._read.link_id(tree)
        if link_id is not None:
            return self._answers(link_id)
        match tree:
            case Variable(name=name):
                return ["v", self._variable(name)]
            case Special(name="this"):
                return ["$"]
            case Member(left=left, name=name) if name in _MEMBERS:
                return [".", ["$"] if left is None else self._words(left), name]
            case Unary(operator=sign, operand=operand):
                return ["-", 0, self._words(operand)] if sign == "-" else self._words(operand)
            case Binary(operator=operator, left=left, right=right) if operator in _OPERATORS:
                return [operator, self._words(left), self._words(right)]
            case Call(left=None, name="iif"):
                return self._choice(tree)
            case Call(left=left, name=name, arguments=arguments) if left is not None and name in _FUNCTIONS:
                return [name, self._words(left), *(self._words(one) for one in arguments)]
        raise Outside

    def _choice(self, tree: Call) -> Words:
        condition, *branches = tree.arguments
        if not self._depends(condition):
            held = self._settled(condition) is True
            chosen = branches[:1] if held else branches[1:]
            return self._words(chosen[0]) if chosen else []
        return ["iif", *(self._words(one) for one in tree.arguments)]

    def _answers(self, link_id: str) -> Words:
        """The answers typed; of a calculated question those, else (or, where nothing can be typed, only) the result."""
        definition = self.expressions.definitions.get(link_id)
        if definition is None:
            return []  # this form does not ask it
        if not items.is_calculated(definition):
            return ["a", self._question(definition)]
        own = f"={link_id}"
        if own not in self._places:
            tree = compile(extension(definition, sdc.CALCULATED_EXPRESSION)["expression"]).tree
            self._places[own] = self._kept(tree)
        result = ["v", self._places[own]]
        if items.is_fixed(definition):
            return result
        read = ["a", self._question(definition)]
        return ["iif", ["exists", read], read, result]

    def _question(self, definition: Mapping[str, Any]) -> int:
        kind = self._read.kind(definition["linkId"])
        entry = [definition["linkId"], kind]
        if kind == "q" and len(listed := items.units(definition)) == 1:
            entry.append(listed[0]["code"])
        if entry not in self.questions:
            self.questions.append(entry)
        return self.questions.index(entry)

    def _variable(self, name: str) -> int:
        if name not in self._places:
            self._places[name] = self._kept(self._tree_of(name))
        return self._places[name]

    def _kept(self, tree: Expression | None) -> int:
        if tree is None:
            raise Outside
        words = self._words(tree)
        self.variables.append(words)
        return len(self.variables) - 1

    def _tree_of(self, name: str) -> Expression | None:
        """The FHIRPath of a variable that the form declares."""
        declared = self._declared.get(name)
        if declared is None or declared.get("language") != "text/fhirpath":
            return None
        return compile(declared["expression"]).tree

    def _depends(self, tree: Expression | None, inner: bool = False) -> bool:
        """Whether answers change its value; ``inner``: a bare name speaks of what a settled path has found."""
        match tree:
            case None | Special():
                return not inner
            case Literal():
                return False
            case Variable(name=name):
                return self._varies(name)
            case Member(left=Variable(name="resource"), name=name):
                return name == "item"
            case Member(left=left):
                return self._depends(left, inner)
            case Call(left=None, name=name, arguments=arguments):
                own = name not in ("iif", "today", "now", "timeOfDay")
                return (own and not inner) or any(self._depends(one, inner) for one in arguments)
            case Call(left=left, arguments=arguments):
                return self._depends(left, inner) or any(self._depends(one, True) for one in arguments)
            case Unary(operand=operand):
                return self._depends(operand, inner)
            case Binary(left=left, right=right):
                return self._depends(left, inner) or self._depends(right, inner)
        return True

    def _varies(self, name: str) -> bool:
        if name not in self._declared:
            return name in ("resource", "rootResource", "context", "qitem")
        if name not in self._dependent:
            self._dependent[name] = True  # a cycle is the server's to report
            tree = self._tree_of(name)
            places = _PLACEHOLDER.findall(self._declared[name]["expression"]) if tree is None else []
            trees = [tree] if tree is not None else [compile(one).tree for one in places]
            self._dependent[name] = any(self._depends(one) for one in trees)
        return self._dependent[name]

    def _settled(self, tree: Expression) -> Words:
        """The value of what no answer changes. Raises Outside for what the script has no words for."""
        environment = self.expressions.environment(self._nothing)
        root = starting(self._nothing)
        found = [raw(one) for one in scoped(tree)(Run(root, environment), root)]
        if not all(isinstance(one, (bool, int, Decimal, str)) for one in found):
            raise Outside
        plain = [float(one) if isinstance(one, Decimal) else one for one in found]
        return plain[0] if len(plain) == 1 else ["l", *plain] if plain else []
