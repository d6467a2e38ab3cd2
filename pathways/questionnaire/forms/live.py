"""Expressions in the words of the page's small script: a part of FHIRPath as nested lists; the rest is the server's.

What no answer of the form changes (the patient, the record, today) is computed here and stands as a plain value. A list
is an operation: ``["a", 3]`` the answers of the fourth question, ``["v", 0]`` the first variable, ``["$"]`` $this,
``[".", x, "code"]`` a member, ``["+", x, y]`` an operator, ``["round", x, 1]`` a function, ``["l", 1, 2]`` several
values, ``[]`` none. In repeating groups a field's name bears ``*`` for the number of each row: ``["a", 3, 1]`` the
answer in the current row of one group (``["v", 0, 1]`` a variable there), ``["a", 3]`` those of all rows,
``["r", "readings-*-", 0]`` the rows in which something is answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.clock import CASABLANCA
from app.fhir.fhirpath import FhirPathError, compile
from app.fhir.fhirpath.compiler import scoped
from app.fhir.fhirpath.environment import Run, starting
from app.fhir.fhirpath.nodes import raw
from app.fhir.fhirpath.syntax import Binary, Call, Expression, Literal, Member, Special, Unary, Variable
from app.fhir.resource import Resource, extension, extensions
from pathways.questionnaire import items, sdc
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms.answers_read import AnswersRead, Focus, Outside, Rows, linked, rows_of
from pathways.questionnaire.forms.asked import asked_words
from pathways.questionnaire.walking import Path

_OPERATORS = frozenset(
    ["+", "-", "*", "/", "div", "mod", "=", "!=", "<", ">", "<=", ">=", "and", "or", "xor", "implies", "in", "contains",
     "|", "&"]
)  # fmt: skip
_FUNCTIONS = frozenset(
    ["empty", "not", "first", "last", "count", "round", "power", "exp", "ln", "log",
     "sqrt", "abs", "floor", "ceiling", "truncate", "sum", "min", "max", "avg"]
)  # fmt: skip
_EACH = frozenset({"where", "select", "all", "exists", "aggregate"})
"""Those that look at each item from inside."""
_OF_ROWS = frozenset({"count", "empty", "first", "last"})
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
        self._places: dict[Any, int] = {}
        self.read = AnswersRead(expressions.questionnaire, self._declared, self._rows)
        self._dependent: dict[Any, bool] = {}
        moment = expressions.context.now.astimezone(CASABLANCA).isoformat(timespec="seconds")
        self._nothing = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "authored": moment}

    def of(self, expression: Mapping[str, Any] | str, place: Path = ()) -> Words | None:
        """An expression that stands at an item (``place``) in the script's words; None where it has none for it."""
        text = expression if isinstance(expression, str) else expression.get("expression", "")
        try:
            return self._words(compile(text).tree, Focus(place, place))
        except (Outside, FhirPathError, RecursionError):
            return None

    def answers(self, link_id: str, level: int) -> Words:
        """The answers typed in the current row of ``level`` groups; of a calculated question those, else (or, where
        nothing can be typed, only) the result. Raises Outside.
        """
        definition = self.expressions.definitions[link_id]
        groups = self.read.rows(link_id)
        if not items.is_calculated(definition):
            return self._typed(definition, level)
        result: Words = self._result(definition)
        if not items.is_fixed(definition) and not items.hidden(definition):
            read = self._typed(definition, len(groups))
            result = ["iif", ["exists", read], read, result]
        return result if level >= len(groups) else ["select", self._all_rows(groups[-1], level), result]

    def _words(self, tree: Expression, focus: Focus) -> Words:
        if not self._depends(tree, focus.seen):
            return self._settled(tree, focus.seen)
        found = self.read.question(tree, focus)
        if found is not None:
            link_id = found.links[0] if found.links else ""
            if link_id is None:
                raise Outside
            read = self.answers(link_id, found.level) if link_id else []  # this form may not ask it
            return ["select", found.via, read] if found.via else read
        match tree:
            case Variable(name=name):
                return self._variable(name, focus)
            case Special(name="this" | "total" as name):
                return ["$"] if name == "this" else ["$$"]
            case Member(left=left, name=name) if name in _MEMBERS:
                return [".", ["$"] if left is None else self._words(left, focus), name]
            case Unary(operator=sign, operand=operand):
                return ["-", 0, self._words(operand, focus)] if sign == "-" else self._words(operand, focus)
            case Binary(operator=operator, left=left, right=right) if operator in _OPERATORS:
                return [operator, self._words(left, focus), self._words(right, focus)]
            case Call(left=None, name="iif"):
                return self._choice(tree, focus)
            case Call(left=left, name=name) if left is not None and name in _FUNCTIONS | _EACH:
                return self._call(tree, left, focus)
        raise Outside

    def _call(self, tree: Call, left: Expression, focus: Focus) -> Words:
        """A function; those that go over items look at each from inside: a row's own answers, a value itself."""
        rows = self._rows(left, focus) if tree.name in _EACH | _OF_ROWS else None
        words = rows.words if rows else self._words(left, focus)
        inner = (rows.focus if rows else replace(focus, path=None)) if tree.name in _EACH else focus
        return [tree.name, words, *(self._words(one, inner) for one in tree.arguments)]

    def _rows(self, tree: Expression, focus: Focus) -> Rows | None:
        """The rows of a repeating group that a path reaches, or chooses among them."""
        match tree:
            case Call(left=left, name="where" | "first" | "last" as name, arguments=tests) if left is not None:
                base = self._rows(left, focus)
                if base is not None:
                    return replace(base, words=[name, base.words, *(self._words(one, base.focus) for one in tests)])
                if name != "where" or linked(tests[0]) is None:
                    return None
        found = self.read.named(tree, focus)
        link = found.links[0] if found and found.links else None
        if found is None or link is None or link not in (groups := self.read.rows(link))[-1:]:
            return None
        words = self._all_rows(link, found.level)
        own = focus.own and not found.via and found.level >= len(rows_of(focus.seen))
        path = self.read.paths[link]
        return Rows(["select", found.via, words] if found.via else words, groups[-1], Focus(path, focus.seen, own))

    def _all_rows(self, group: str, level: int) -> Words:
        return ["r", f"{self.read.pattern(group)}-*-", level]

    def _choice(self, tree: Call, focus: Focus) -> Words:
        condition, *branches = tree.arguments
        if not self._depends(condition, focus.seen):
            held = self._settled(condition, focus.seen) is True
            chosen = branches[:1] if held else branches[1:]
            return self._words(chosen[0], focus) if chosen else []
        return ["iif", *(self._words(one, focus) for one in tree.arguments)]

    def _result(self, definition: Mapping[str, Any]) -> Words:
        """What a calculated question gives in its row; nothing where it is not asked."""
        link_id = definition["linkId"]
        path = self.read.paths[link_id]
        tree = compile(extension(definition, sdc.CALCULATED_EXPRESSION)["expression"]).tree
        result = self._kept(("=", link_id), tree, path)
        asked = asked_words(self, path)
        return result if asked is None else ["iif", asked, result]

    def _typed(self, definition: Mapping[str, Any], level: int) -> Words:
        link_id = definition["linkId"]
        kind = self.read.kind(link_id)
        entry = [self.read.pattern(link_id), kind]
        if kind == "q" and len(listed := items.units(definition)) == 1:
            entry.append(listed[0]["code"])
        if entry not in self.questions:
            self.questions.append(entry)
        held = min(level, len(self.read.rows(link_id)))
        return ["a", self.questions.index(entry), *([held] if held else [])]

    def _variable(self, name: str, focus: Focus) -> Words:
        declared = self._declared(name, focus.seen)
        if declared is None or declared[0] is None or not (focus.own or not rows_of(declared[1])):
            raise Outside
        owner = declared[1][-1]["linkId"] if declared[1] else None
        return self._kept(("%", owner, name), declared[0], declared[1])

    def _kept(self, key: Any, tree: Expression, path: Path) -> Words:
        """``["v", number, how many rows it stands in]``."""
        if key not in self._places:
            self._places[key] = -1  # until it is known: what asks for itself is the server's to report
            self.variables.append(self._words(tree, Focus(path, path)))
            self._places[key] = len(self.variables) - 1
        if self._places[key] < 0:
            raise Outside
        level = len(rows_of(path))
        return ["v", self._places[key], *([level] if level else [])]

    def _declared(self, name: str, seen: Path) -> tuple[Expression | None, Path] | None:
        """The FHIRPath (None: another language) of a variable as it is seen at a place, and where it is declared."""
        declared = self._expression_of(name, seen)
        if declared is None:
            return None
        plain = declared[0].get("language") == "text/fhirpath"
        return compile(declared[0]["expression"]).tree if plain else None, declared[1]

    def _expression_of(self, name: str, seen: Path) -> tuple[Resource, Path] | None:
        for depth in range(len(seen), -1, -1):
            owner = seen[depth - 1] if depth else self.expressions.questionnaire
            for one in reversed(extensions(owner, sdc.VARIABLE)):
                if one["valueExpression"]["name"] == name:
                    return one["valueExpression"], seen[:depth]
        return None

    def _depends(self, tree: Expression | None, seen: Path, inner: bool = False) -> bool:
        """Whether answers change its value; ``inner``: a bare name speaks of what a settled path has found."""
        match tree:
            case None | Special():
                return not inner
            case Literal():
                return False
            case Variable(name=name):
                return self._varies(name, seen)
            case Member(left=Variable(name="resource"), name=name):
                return name == "item"
            case Member(left=left):
                return self._depends(left, seen, inner)
            case Call(left=None, name=name, arguments=arguments):
                own = name not in ("iif", "today", "now", "timeOfDay")
                return (own and not inner) or any(self._depends(one, seen, inner) for one in arguments)
            case Call(left=left, arguments=arguments):
                return self._depends(left, seen, inner) or any(self._depends(one, seen, True) for one in arguments)
            case Unary(operand=operand):
                return self._depends(operand, seen, inner)
            case Binary(left=left, right=right):
                return self._depends(left, seen, inner) or self._depends(right, seen, inner)
        return True

    def _varies(self, name: str, seen: Path) -> bool:
        declared = self._expression_of(name, seen)
        if declared is None:
            return name in ("resource", "rootResource", "context", "qitem")
        expression, place = declared
        key = (place[-1]["linkId"] if place else None, name)
        if key not in self._dependent:
            self._dependent[key] = True  # a cycle is the server's to report
            plain = expression.get("language") == "text/fhirpath"
            texts = [expression["expression"]] if plain else _PLACEHOLDER.findall(expression["expression"])
            self._dependent[key] = any(self._depends(compile(one).tree, place) for one in texts)
        return self._dependent[key]

    def _settled(self, tree: Expression, seen: Path) -> Words:
        """The value of what no answer changes. Raises Outside for what the script has no words for."""
        chain = [self._nothing, *({"linkId": one["linkId"]} for one in seen)]
        environment = self.expressions.environment(self._nothing, chain)
        root = starting(self._nothing)
        found = [raw(one) for one in scoped(tree)(Run(root, environment), root)]
        if not all(isinstance(one, (bool, int, Decimal, str)) for one in found):
            raise Outside
        plain = [float(one) if isinstance(one, Decimal) else one for one in found]
        return plain[0] if len(plain) == 1 else ["l", *plain] if plain else []
