"""Criteria as conditions: which compiler a parameter takes, chains, reverse chains, ``:missing`` and ``:not``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from app.errors import Malformed
from app.fhir.compartment import holds_its_owner, parameters_for
from app.fhir.definitions import load
from app.store.codes import type_codes
from app.store.parameters import Parameter, contained_parameters, parameters_of
from app.store.search.canonicals import chained, has_url, named_by
from app.store.search.composite import composite
from app.store.search.conditions import NEVER, Condition, Match, all_of, any_of, negated, on_paths
from app.store.search.date import date, instants
from app.store.search.filter import filtered
from app.store.search.fulltext import content, text
from app.store.search.quantity import number, quantity
from app.store.search.reference import reference
from app.store.search.request import Criterion, criterion, unescaped
from app.store.search.string import string
from app.store.search.token import pairs_match, token
from app.store.search.uri import uri
from app.store.search.valuesets import expansion
from app.store.tables import LIVE
from app.store.unit import Unit

MODIFIERS = {
    "token": frozenset({"text", "not", "in", "not-in", "of-type", "above", "below"}),
    "reference": frozenset({"identifier", "above", "below"}),
    "string": frozenset({"exact", "contains"}),
    "uri": frozenset({"above", "below"}),
}
MAX_DEPTH = 8
_TABLES = {"reference": ("reference", "uri", "token"), "number": ("quantity",), "token": ("token", "string")}

_SPECIAL = frozenset({"_text", "_content", "_filter", "_any"})
"""``_any``, ours: resources that meet one of several whole queries, each percent-encoded once more."""

_PLAIN = frozenset({"_id", "_lastUpdated", "_list", *_SPECIAL})
"""What takes no modifier: to drop it would be to answer another question."""
_BY_THEMSELVES = frozenset({"_has", "_list", "_compartment", *_SPECIAL})
"""What is told of resources that stand by themselves."""

Piece = Condition | Match
_known_token = lru_cache(4096)(token)
"""The same few codes are asked for again and again."""


class UnknownParameter(Malformed):
    """A parameter that the types searched do not have; lenient handling leaves it out."""


class Compiler:
    """Compiles the criteria of one search within one transaction."""

    def __init__(self, unit: Unit, repo: Any = None, *, contained: bool = False):
        """``contained``: the criteria are on contained resources; what they refer to stands by itself."""
        self._unit = unit
        self._repo = repo
        self._of = contained_parameters if contained else parameters_of
        self._outside = Compiler(unit, repo) if contained else self
        self._contained = contained

    def piece(self, types: Sequence[str], asked: Criterion, depth: int = 0) -> Piece:
        """A criterion on resources of these types. Raises UnknownParameter, Malformed."""
        if depth > MAX_DEPTH:
            raise Malformed(f"{asked.source}: chains go {MAX_DEPTH} deep at most.")
        if self._contained and asked.name in _BY_THEMSELVES:
            raise Malformed(
                f"{asked.source} cannot be asked of contained resources.", expression=f"http.{asked.source}"
            )
        if asked.name == "_has":
            return self._has(types, asked, depth)
        if asked.name == "_id" and asked.modifier in (None, "not") and not asked.rest:
            return negated(self._ids(asked)) if asked.modifier else self._ids(asked)
        if asked.name in _PLAIN and asked.modifier not in (None, "missing"):
            raise Malformed(
                f"{asked.source}: {asked.name} takes no ':{asked.modifier}'.", expression=f"http.{asked.source}"
            )
        if asked.name == "_list" and asked.modifier is None and not asked.rest:
            return self._list(asked)
        if asked.name == "_compartment" and not asked.rest:
            return self._compartment(types, asked)
        if asked.name in _SPECIAL and asked.modifier is None and not asked.rest:
            return self._special(types, asked, depth)
        found = [self._of(type).get(asked.name) for type in types]
        parameters = [one for one in found if one is not None]
        if not parameters or len(parameters) < len(found) or not _answerable(parameters[0]):
            named = ", ".join(types) or "all types"
            raise UnknownParameter(
                f"'{asked.name}' is no search parameter of {named} here.", expression=f"http.{asked.name}"
            )
        if asked.rest is not None:
            return self._chain(parameters, asked, asked.rest, depth)
        if asked.name == "_lastUpdated" and asked.modifier is None:
            text, held = instants("@head.updated", asked.values, self._unit.now)
            return Condition(text, tuple(held))
        return self._plain(tuple(parameters), asked)

    def _plain(self, parameters: tuple[Parameter, ...], asked: Criterion) -> Piece:
        kind, modifier, values = parameters[0].kind, asked.modifier, asked.values
        if modifier == "missing":
            return _missing(parameters, asked)
        _check_modifier(kind, asked)
        values = tuple(value for value in values if value)
        if not values:
            raise Malformed(f"{asked.source}= has no value.", expression=f"http.{asked.source}")
        if kind == "token":
            return self._token(parameters, values, modifier)
        if kind == "reference":
            return _one(reference(parameters, values, modifier, self._unit.heads))
        if kind == "date":
            return date(parameters, values, self._unit.now)
        if kind == "string":
            return string(parameters, values, modifier)
        if kind == "uri":
            return uri(parameters, values, modifier)
        if kind == "number":
            return number(parameters, values)
        if kind == "quantity":
            return quantity(parameters, values)
        return any_of([composite(one, values, self._unit) for one in parameters])

    def _token(self, parameters: tuple[Parameter, ...], values: tuple[str, ...], modifier: str | None) -> Piece:
        if modifier in ("in", "not-in", "above", "below"):
            pairs = [pair for value in values for pair in expansion(self._repo, modifier, unescaped(value))]
            return pairs_match(parameters, pairs).condition(negated=modifier == "not-in")
        found = _known_token(parameters, values, None if modifier == "not" else modifier)
        return found.condition(negated=True) if modifier == "not" else found

    def _special(self, types: Sequence[str], asked: Criterion, depth: int) -> Condition:
        if asked.name == "_text":
            return text(asked)
        if asked.name == "_content":
            return content(asked, self._unit.driver.name == "postgresql")
        if asked.name == "_filter":
            return filtered(asked.text, types, lambda one: self.piece(types, one, depth + 1))
        return any_of([self._query(types, unquote(query), depth) for query in asked.values])

    def _query(self, types: Sequence[str], query: str, depth: int) -> Condition:
        """All criteria of a whole query text."""
        pairs = parse_qsl(query, keep_blank_values=True)
        return all_of([as_condition(self.piece(types, criterion(*pair), depth + 1)) for pair in pairs])

    def _ids(self, asked: Criterion) -> Condition:
        ids = [unescaped(value) for value in asked.values]
        if self._contained:
            return any_of([Condition("@head.id like ?", (f"%#{id}",)) for id in ids if not {"%", "_"} & set(id)])
        return Condition(f"@head.id in ({', '.join('?' * len(ids))})", tuple(ids))

    def _list(self, asked: Criterion) -> Condition:
        """What a List names as its items (https://hl7.org/fhir/R4/search.html#list)."""
        if named := [value for value in asked.values if value.startswith("$")]:
            raise Malformed(f"_list={named[0]}: only stored Lists are searched.", expression="http._list")
        lists = self._unit.heads.find(f"List/{unescaped(value).removeprefix('List/')}" for value in asked.values)
        items = parameters_of("List")["item"].codes()
        text = f"i.target = @key and {on_paths(items)} and {self._unit.driver.among('i.key')}"
        return Condition(
            f"exists (select 1 from index_reference i where {text})", (self._unit.driver.listed(lists.values()),)
        )

    def _compartment(self, types: Sequence[str], asked: Criterion) -> Piece:
        """What stands in the compartment of ``Type/id``, by whichever of the parameters that put it there."""
        owner, _, id = asked.values[0].partition("/")
        if owner not in load("compartments") or not id:
            raise Malformed("_compartment names its owner, as in Patient/1.", expression="http._compartment")
        linking = [parameters_of(type)[code] for type in types for code in parameters_for(owner, type)]
        paths = {c for p in linking for path, c in zip(p.paths, p.codes(), strict=True) if path.target in (None, owner)}
        key = self._unit.heads.find([asked.values[0]]).get(asked.values[0])
        itself = [Condition("@key = ?", (key,))] if key and owner in types and holds_its_owner(owner) else []
        if key is None or not paths:
            return any_of(itself)
        linked = Match("reference", f"i.target = ? and {on_paths(sorted(paths))}", (key,), narrow=True)
        return any_of([linked.condition(), *itself]) if itself else linked

    def _chain(self, parameters: Sequence[Parameter], asked: Criterion, rest: Criterion, depth: int) -> Piece:
        if parameters[0].kind != "reference":
            raise Malformed(f"{asked.source}: '{asked.name}' is no reference, so nothing can follow it.")
        if asked.modifier and asked.modifier not in type_codes():
            raise Malformed(f"{asked.source}: '{asked.modifier}' is no resource type.")
        texts: list[str] = []
        held: list[Any] = []
        defined: list[Condition] = []
        for target in self._targets(parameters, asked.modifier):
            try:
                inner = self._resources((target,), rest, depth)
            except UnknownParameter:
                continue
            codes = [
                c
                for p in parameters
                for path, c in zip(p.paths, p.codes(), strict=True)
                if path.target in (None, target)
            ]
            if codes:
                texts.append(f"({on_paths(codes)} and i.target in ({inner.text}))")
                held += inner.values
            named = [c for p in parameters for path, c in zip(p.paths, p.codes(), strict=True) if path.canonical]
            if named and has_url(target):
                defined.append(Match("uri", chained(named, target, inner.text), inner.values).condition())
        if not texts:
            raise UnknownParameter(
                f"{asked.source}: no target of '{asked.name}' has the parameter '{rest.name}'.",
                expression=f"http.{asked.source}",
            )
        found = Match("reference", "(" + " or ".join(texts) + ")", tuple(held), narrow=True)
        return any_of([found.condition(), *defined]) if defined else found

    def _targets(self, parameters: Sequence[Parameter], modifier: str | None) -> list[str]:
        if modifier:
            return [modifier]
        return sorted({target for parameter in parameters for target in parameter.targets if target in type_codes()})

    def _has(self, types: Sequence[str], asked: Criterion, depth: int) -> Condition:
        source, _, code = str(asked.modifier).partition(":")
        rest = asked.rest
        found = parameters_of(source).get(code)
        if found is None or found.kind != "reference" or rest is None:
            raise UnknownParameter(
                f"'{code}' is no reference parameter of {source}.", expression=f"http.{asked.source}"
            )
        inner = self._resources((source,), rest, depth)
        codes = [
            c for path, c in zip(found.paths, found.codes(), strict=True) if path.target is None or path.target in types
        ]
        if not codes:
            return Condition(NEVER)
        text = f"@key in (select i.target from index_reference i where {on_paths(codes)} and i.key in ({inner.text}))"
        referred = Condition(text, inner.values)
        canonical = [c for path, c in zip(found.paths, found.codes(), strict=True) if path.canonical]
        if not canonical or not any(has_url(type) for type in types):
            return referred
        return any_of([referred, Condition(named_by(canonical, inner.text), inner.values)])

    def _resources(self, types: tuple[str, ...], asked: Criterion, depth: int) -> Condition:
        """The keys of live resources of a type that meet a criterion, as a subquery."""
        piece = self._outside.piece(types, asked, depth + 1)
        if isinstance(piece, Match):  # its rows are those of live resources of this type alone
            return Condition(f"select i.key from index_{piece.table} i where {piece.where}", piece.values)
        condition = as_condition(piece, driving=True)
        code = type_codes()[types[0]]
        text = f"select t.key from head t where t.type = {code} and t.state = {LIVE} and {condition.at('t.key', 't')}"
        return Condition(text, condition.values)


def as_condition(piece: Piece, *, driving: bool = False, probing: bool = False) -> Condition:
    """A piece as a condition."""
    return piece.condition(driving=driving, probing=probing) if isinstance(piece, Match) else piece


def _one(pieces: Sequence[Piece]) -> Piece:
    return pieces[0] if len(pieces) == 1 else any_of([as_condition(piece) for piece in pieces])


def _answerable(parameter: Parameter) -> bool:
    indexed = parameter.paths and parameter.kind != "special"  # Location.near, for which no distances are kept
    return bool(indexed or parameter.components or parameter.code in ("_id", "_lastUpdated"))


def _check_modifier(kind: str, asked: Criterion) -> None:
    modifier = asked.modifier
    if modifier is None or modifier in MODIFIERS.get(kind, ()) or (kind == "reference" and modifier in type_codes()):
        return
    raise Malformed(f"{asked.source}: a {kind} parameter takes no ':{modifier}'.", expression=f"http.{asked.source}")


def _missing(parameters: Sequence[Parameter], asked: Criterion) -> Condition:
    if asked.values not in (("true",), ("false",)):
        raise Malformed(f"{asked.source}: write true or false.", expression=f"http.{asked.source}")
    if parameters[0].components:
        raise Malformed(
            f"{asked.source}: a composite parameter takes no ':missing'.", expression=f"http.{asked.source}"
        )
    if not parameters[0].paths:  # _id and _lastUpdated are never missing
        return Condition(NEVER if asked.values == ("true",) else "1 = 1")
    codes = [code for parameter in parameters for code in parameter.codes()]
    kind = parameters[0].kind
    present = any_of([Match(name, on_paths(codes)).condition() for name in _TABLES.get(kind, (kind,))])
    return negated(present) if asked.values == ("true",) else present
