"""What can be told wrong about an expression before any data is seen: names of elements, functions, types, variables.

Evaluation is lenient, as FHIRPath wants: an element that a type does not have is empty. An author wants to know at once
that ``Patient.nmae`` can never have a value, so what is published is checked here first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from . import functions
from .environment import RESERVED, starting
from .errors import FhirPathError
from .functions.registry import find
from .model import SYSTEM_TYPES, Type, fhir_type, find_type, known
from .nodes import Node, system_type
from .parser import parse
from .paths import STRINGS
from .program import compile
from .signatures import ON_STRINGS, ORDERED, RESULTS, SAME
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

assert functions  # imported for the table of functions

Types = frozenset[Type | str] | None
"""FHIR types, and System types by name; ``None`` when it cannot be told."""

_ONLY_SYSTEM: Final = "A value of a System type has no elements."


class Found(NamedTuple):
    """The types that a collection may hold, and whether its order means anything."""

    types: Types
    ordered: bool = True


_UNKNOWN: Final = Found(None)


def check(
    expression: str, type_name: str | None = None, variables: Collection[str] | None = None
) -> frozenset[str] | None:
    """Raise ``FhirPathError`` when the expression cannot be right on a type; else the types that it may result in.

    ``type_name``: the FHIR type, or the path of a backbone, that it is evaluated on; ``None`` when it is not known.
    ``variables``: the names, without ``%``, that the environment will have; ``None`` lets every name pass.
    The answer is ``None`` when the types cannot be told; System types are told as ``System.String``.
    """
    compile(expression)
    root = None if type_name is None else find_type(type_name)
    if type_name is not None and root is None:
        raise FhirPathError(f"Unknown type '{type_name}'.", expression)
    start = Found(None if root is None else frozenset({root}))
    try:
        found = _Checker(start, variables).infer(parse(expression), start)
    except FhirPathError as error:
        raise error.within(expression) from None
    except RecursionError:
        raise FhirPathError("The expression is nested too deep.", expression) from None
    if found.types is None:
        return None
    return frozenset(one if isinstance(one, str) else one.name for one in found.types)


def evaluate(
    resource: Any, expression: str, environment: Mapping[str, Any] | None = None, *, strict: bool = False
) -> list[Any]:
    """``compile(expression)(resource, environment)``; ``resource``: R4 JSON, an element of it, a list, or ``None``.

    ``strict``: the expression is checked on the type of the resource first, so that an element it does not have, or an
    order that is none, is an error and not just empty.
    """
    if strict:
        first = starting(resource)
        check(expression, first[0].type.path if len(first) == 1 and isinstance(first[0], Node) else None)
    return compile(expression)(resource, environment)


class _Checker:
    def __init__(self, root: Found, variables: Collection[str] | None):
        self.root = root
        self.variables = None if variables is None else set(variables)

    def infer(self, tree: Expression, this: Found) -> Found:
        """The types of a tree where ``$this`` has the given ones."""
        match tree:
            case Literal(value=value):
                return Found(frozenset() if value is None else frozenset({f"System.{system_type(value)}"}))
            case Special(name=name):
                return this if name == "this" else _UNKNOWN
            case Variable():
                return self.variable(tree)
            case Index():
                left = self.infer(tree.left, this)
                self.infer(tree.index, this)
                self.need_order(left, "An index", tree.at)
                return left
            case Unary():
                return self.infer(tree.operand, this)
            case TypeTest():
                found = self.infer(tree.operand, this)
                return _narrowed(found, tree.type) if tree.operator == "as" else Found(frozenset({"System.Boolean"}))
            case Member():
                return self.member(tree, this)
            case Binary():
                return self.binary(tree, this)
            case Call():
                return self.call(tree, this)

    def variable(self, tree: Variable) -> Found:
        if tree.name in ("resource", "context", "rootResource"):
            return self.root if tree.name == "context" else _UNKNOWN
        if tree.name in RESERVED or tree.name.startswith(("vs-", "ext-")):
            return Found(frozenset({"System.String"}))
        if self.variables is not None and tree.name not in self.variables:
            hint = _hint(tree.name, self.variables, "%")
            raise FhirPathError(f"There is no variable %{tree.name}.{hint}", position=tree.at)
        return _UNKNOWN

    def member(self, tree: Member, this: Found) -> Found:
        if tree.left is None and tree.name[:1].isupper() and this.types is not None and find_type(tree.name):
            if any(isinstance(one, Type) and tree.name in one.names for one in this.types):
                return this
            names = ", ".join(sorted(one if isinstance(one, str) else one.name for one in this.types))
            raise FhirPathError(f"This is evaluated on {names or 'nothing'}, not on {tree.name}.", position=tree.at)
        left = this if tree.left is None else self.infer(tree.left, this)
        if not left.types:
            return left
        below: set[Type | str] = set()
        sure = True
        met = False
        for one in left.types:
            field = one.fields.get(tree.name) if isinstance(one, Type) else None
            if field is not None:
                met = True
                sure = sure and not field.resource
                below.update(type_ for _key, type_, _sibling in field.options)
            elif isinstance(one, Type) and (one.abstract or one.path == "Untyped"):
                met, sure = True, False
        if not met:
            self.no_element(tree, left.types)
        return Found(frozenset(below) if sure else None, left.ordered)

    def no_element(self, tree: Member, types: frozenset[Type | str]) -> None:
        owners = [one for one in types if isinstance(one, Type)]
        if not owners:
            raise FhirPathError(_ONLY_SYSTEM, position=tree.at)
        for owner in owners:
            if tree.name in owner.suffixed:
                hint = f" Write {owner.suffixed[tree.name]}.ofType(…)."
                break
        else:
            hint = _hint(tree.name, {name for owner in owners for name in owner.fields})
        shown = owners[0].path if len(owners) == 1 else "None of these types"
        raise FhirPathError(f"{shown} has no element '{tree.name}'.{hint}", position=tree.at)

    def binary(self, tree: Binary, this: Found) -> Found:
        left, right = self.infer(tree.left, this), self.infer(tree.right, this)
        if tree.operator == "|":
            types = None if left.types is None or right.types is None else left.types | right.types
            return Found(types, left.ordered and right.ordered)
        if tree.operator in "+-*/&" or tree.operator in ("div", "mod"):
            return left if left.types and all(isinstance(one, str) for one in left.types) else _UNKNOWN
        return Found(frozenset({"System.Boolean"}))

    def need_order(self, found: Found, what: str, at: int) -> None:
        if not found.ordered:
            raise FhirPathError(f"{what} needs an order, and children() and descendants() have none.", position=at)

    def call(self, tree: Call, this: Found) -> Found:
        focus = this if tree.left is None else self.infer(tree.left, this)
        kinds = (
            "e" * len(tree.arguments) if tree.name == "sort" else find(tree.name, len(tree.arguments), tree.at).kinds
        )
        if tree.name in ORDERED:
            self.need_order(focus, f"{tree.name}()", tree.at)
        if tree.name in ON_STRINGS and focus.types and all(not _stringlike(one) for one in focus.types):
            raise FhirPathError(f"{tree.name}() is for strings.", position=tree.at)
        if tree.name == "defineVariable" and self.variables is not None and isinstance(tree.arguments[0], Literal):
            self.variables.add(str(tree.arguments[0].value))
        if kinds.startswith("t"):
            named = type_name(tree.arguments[0])
            assert named is not None  # compiled before
            return _narrowed(focus, known(named)) if tree.name != "is" else Found(frozenset({"System.Boolean"}))
        arguments = [
            self.infer(argument, focus if kind == "e" else this)
            for kind, argument in zip(kinds, tree.arguments, strict=False)
        ]
        return self.result(tree, focus, arguments)

    def result(self, tree: Call, focus: Found, arguments: list[Found]) -> Found:
        name = tree.name
        if name in SAME:
            return focus
        if name == "iif":
            if arguments[0].types and not any(_boolean(one) for one in arguments[0].types):
                raise FhirPathError("The criterion of iif() must be a Boolean.", position=tree.arguments[0].at)
            return _either(arguments[1:])
        if name in ("select", "repeat", "repeatAll"):
            return _UNKNOWN if name == "repeat" and arguments[0].types is None else arguments[0]
        if name in ("union", "combine"):
            return _either([focus, arguments[0]])
        if name in ("children", "descendants"):
            return Found(None, ordered=False)
        if name == "extension":
            return Found(frozenset({fhir_type("Extension")}))
        if name == "type":
            return Found(frozenset({fhir_type("ClassInfo")}))
        return Found(frozenset({f"System.{RESULTS[name]}"})) if name in RESULTS else _UNKNOWN


def _either(choices: list[Found]) -> Found:
    types: set[Type | str] = set()
    for choice in choices:
        if choice.types is None:
            return Found(None, all(one.ordered for one in choices))
        types |= choice.types
    return Found(frozenset(types), all(one.ordered for one in choices))


def _narrowed(found: Found, wanted: TypeName) -> Found:
    """A collection with what is of a type only."""
    type_ = None if wanted.namespace == "System" else find_type(wanted.name)
    if type_ is None:
        return Found(frozenset({f"System.{wanted.name}"}) if wanted.name in SYSTEM_TYPES else None, found.ordered)
    return Found(frozenset({type_}), found.ordered)


def _stringlike(one: Type | str) -> bool:
    return one in ("System.String", "System.Any") if isinstance(one, str) else bool(one.names & STRINGS)


def _boolean(one: Type | str) -> bool:
    return one in ("System.Boolean", "System.Any") if isinstance(one, str) else "boolean" in one.names


def _hint(name: str, names: Collection[str], sign: str = "") -> str:
    close = get_close_matches(name, names, n=1)
    return f" Did you mean {sign}{close[0]}?" if close else ""
