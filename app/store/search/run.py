"""A search as one statement: the keys of the page first, by an index where there is one, then their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from app.errors import Issue, Malformed
from app.store.codes import type_codes
from app.store.driver import Row
from app.store.extract import counted_paths
from app.store.parameters import primary_date, record_paths, searchable_types
from app.store.search.compound import Beginning, beginning
from app.store.search.conditions import Condition, Match
from app.store.search.criteria import Compiler, Piece, UnknownParameter, as_condition
from app.store.search.found import Found
from app.store.search.include import check_includes, included
from app.store.search.reference import OF_ONE_AMONG_TOKENS, OF_ONE_PATIENT
from app.store.search.request import SearchRequest, parse
from app.store.search.sorting import SortKey, after, beside, cursor_of, order_by, place_of, sort_keys
from app.store.search.within import containers
from app.store.search.within import where as within
from app.store.stored import RawPage
from app.store.tables import LIVE
from app.store.unit import Unit

FEW = 2000
"""Rows of an index that are better gathered first than looked for one resource at a time."""


@dataclass(slots=True)
class Plan:
    """Where a search begins (``source`` with alias ``h`` or ``t``) and what its rows must meet.

    ``once``: no resource is met by two rows. ``dated``: the parameter whose date stands in those rows.
    """

    source: str
    key: str
    head: str
    once: bool = True
    texts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    dated: str = ""

    def add(self, condition: Condition) -> None:
        self.texts.append(condition.at(self.key, self.head))
        self.values += condition.values

    @property
    def where(self) -> str:
        return " and ".join(self.texts)


def run(unit: Unit, query: str, *, strict: bool = True, repo: Any = None) -> RawPage:
    """The page that a query asks for. Raises Malformed with all that is wrong; lenient: unknown parameters are
    issues.
    """
    unit.flush()
    request, pieces, issues = prepared(unit, query, strict=strict, repo=repo)
    plan = planned(unit, request, pieces, repo)
    total = _total(unit, plan) if request.total else None
    rows, following = _page(unit, request, plan) if request.count else ([], None)
    more: list[Row] = []
    if request.includes and rows:
        known = containers(unit, rows) if request.alone else rows
        more, cut = included(unit, request.includes, known)
        issues += cut
    unit.ledger.note_search(query, [row[5] for row in (*rows, *more)])
    return RawPage(Found(rows), Found(more) if more else [], total, following, issues)


def prepared(
    unit: Unit, query: str, *, strict: bool, repo: Any = None
) -> tuple[SearchRequest, list[Piece], list[Issue]]:
    """The request and its compiled criteria."""
    request, wrong = parse(query)
    compiler = Compiler(unit, repo)
    pieces: list[Piece] = []
    ignored: list[Issue] = []
    for asked in request.criteria:
        try:
            pieces.append(compiler.piece(request.types or searchable_types(), asked))
        except UnknownParameter as error:
            (wrong if strict else ignored).extend(error.issues)
        except Malformed as error:
            wrong += [i if i.expression else replace(i, expression=f"http.{asked.source}") for i in error.issues]
    try:
        check_includes(request.includes)
    except Malformed as error:
        wrong += error.issues
    if wrong:
        raise Malformed("; ".join(issue.text for issue in wrong), issues=wrong)
    return request, pieces, [Issue(i.text, "not-supported", i.expression, "warning") for i in ignored]


def planned(unit: Unit, request: SearchRequest, pieces: Sequence[Piece], repo: Any = None) -> Plan:
    """Choose where to begin: one token of one patient's record, or the heads."""
    if request.contained:
        return _within(unit, request, within(unit, repo, request, pieces))
    patient = next((p for p in pieces if isinstance(p, Condition) and p.text == OF_ONE_PATIENT), None)
    if patient is None and (begun := beginning(unit, request, pieces)) is not None:
        return _compounded(unit, request, begun)
    driving = _driving(request, pieces, patient)
    if driving is not None and driving.driving is not None:
        plan = Plan("index_token t", "t.key", "t", driving.driving.once, [driving.where.replace("i.", "t.")])
        plan.values += driving.values
    else:
        plan = Plan("head h", "h.key", "h", True, [_typed(request.types)])
    first = _beginning(unit, pieces) if patient is None and driving is None else None
    for piece in pieces:
        if driving is not None and patient is not None and piece is patient:
            plan.add(Condition(OF_ONE_AMONG_TOKENS, patient.values))
        elif piece is not driving:
            plan.add(as_condition(piece, driving=piece is first, probing=patient is not None))
    _limit(unit, request, plan, patient)
    return plan


def _compounded(unit: Unit, request: SearchRequest, begun: Beginning) -> Plan:
    """A search that a compound index answers: a resource can have several of its numbers."""
    numbers = [unit.driver.among("c.number")]
    plan = Plan("index_compound c", "c.key", "c", False, numbers, [unit.driver.listed(begun.numbers)])
    plan.dated = begun.compound.date
    for piece in begun.left:
        plan.add(as_condition(piece, probing=True))
    _limit(unit, request, plan, None)
    return plan


def _within(unit: Unit, request: SearchRequest, condition: Condition) -> Plan:
    """A search in what is contained; it stays within the records that the actor may open, whatever the types."""
    plan = Plan("head h", "h.key", "h")
    plan.add(condition)
    if unit.scope.limited:
        text, values = unit.scope.condition("h.patient")
        plan.texts.append(text)
        plan.values += values
    return plan


def _beginning(unit: Unit, pieces: Sequence[Piece]) -> Match | None:
    """The match whose rows are few, from which to begin. PostgreSQL finds it by its statistics; for SQLite we count."""
    matches = [piece for piece in pieces if isinstance(piece, Match)]
    narrow = next((match for match in matches if match.narrow), None)
    if narrow is not None or unit.driver.name != "sqlite":
        return narrow
    for match in matches:
        inner = f"select 1 from index_{match.table} i where {match.where} limit {FEW}"
        if unit.driver.rows(f"select count(*) from ({inner})", match.values)[0][0] < FEW:
            return match
    return None


def _driving(request: SearchRequest, pieces: Sequence[Piece], patient: Condition | None) -> Match | None:
    if len(request.types) != 1 or any(
        p is not patient and isinstance(p, Condition) and "@head." in p.text for p in pieces
    ):
        return None
    primary = primary_date(request.types[0])
    if any(not (primary and code == primary[0] and descending) for code, descending in request.sort):
        return None
    counted = counted_paths(request.types[0])
    for piece in pieces:
        if not isinstance(piece, Match) or piece.driving is None or piece.driving.path in counted:
            continue
        if patient is not None or (piece.narrow and piece.driving.once):
            return piece
    return None


def _typed(types: Sequence[str]) -> str:
    codes = type_codes()
    if not types:
        return f"h.state = {LIVE}"
    among = f"= {codes[types[0]]}" if len(types) == 1 else f"in ({', '.join(str(codes[t]) for t in types)})"
    return f"h.state = {LIVE} and h.type {among}"


def _limit(unit: Unit, request: SearchRequest, plan: Plan, patient: Condition | None) -> None:
    """Keep to the records that the actor may open: refused outright where one patient is named, else left out."""
    if not unit.scope.limited:
        return
    if patient is not None:
        unit.see(patient.values[0])
        return
    if all(
        not record_paths(type)[0] and type not in ("Patient", "Provenance") for type in request.types or ("Patient",)
    ):
        return
    text, values = unit.scope.condition(f"{plan.head}.patient")
    plan.texts.append(text)
    plan.values += values


def _total(unit: Unit, plan: Plan) -> int:
    counted = "*" if plan.once else f"distinct {plan.key}"
    row = unit.driver.row(f"select count({counted}) from {plan.source} where {plan.where}", plan.values)
    return int(row[0]) if row else 0


def _page(unit: Unit, request: SearchRequest, plan: Plan) -> tuple[list[Row], str | None]:
    flavours = (bool(request.contained != "true"), bool(request.contained)) if request.alone else (True, False)
    keys = sort_keys(request.types or searchable_types(), tuple(request.sort), flavours)
    if plan.dated:
        beginning = [beside(down) if code == plan.dated else keys[n] for n, (code, down) in enumerate(request.sort)]
        keys = (*beginning, keys[-1])
    values = list(plan.values)
    place, later = place_of(request.cursor, len(keys)) if request.cursor else None, ""
    if place is not None:
        texts = [key.at(plan.key, plan.head) for key in keys] if _plain(keys) else _names(keys)
        later, more = after(keys, texts, place)
        values += more
    sql = _statement(plan.source, plan.key, plan.head, plan.once, plan.where, keys, later)
    rows = unit.driver.rows(sql, [*values, request.count + 1])
    if len(rows) > 1 and _in_order(keys):
        rows.sort(key=_place, reverse=keys[0].descending)
    if len(rows) <= request.count:
        return rows, None
    return rows[: request.count], cursor_of(_place(rows[request.count - 1]))


def _place(row: Row) -> Row:
    """Where a row stands: its sort values, the head key last."""
    return (*row[8:], row[0])


@lru_cache(2048)
def _statement(source: str, key: str, head: str, once: bool, where: str, keys: tuple[SortKey, ...], later: str) -> str:
    """A page with its bodies: COLUMNS of its rows, then the sort values but for the last, which is the head key.

    Rows come in the order of the keys of the page, which neither database is told: sorting them with their bodies
    would cost SQLite a seventh of a search. The few that come are sorted here.
    """
    names = _names(keys)
    inner = _inner(f"from {source} where {where}", once, keys, [one.at(key, head) for one in keys], later)
    text = (
        "select h.key, h.type, h.id, h.version, h.updated, h.patient, v.method, v.body"
        + "".join(f", p.{name}" for name in names[:-1])
        + f" from ({inner}) p join head h on h.key = p.{names[-1]} join version v on v.seq = h.seq"
    )
    return text if _in_order(keys) else f"{text} order by {order_by(keys, [f'p.{name}' for name in names])}"


def _inner(rows: str, once: bool, keys: Sequence[SortKey], texts: Sequence[str], later: str) -> str:
    """A resource that several rows have met stands once; ``later``: what comes after the page before."""
    names = _names(keys)
    grouped = "" if once else f" group by {', '.join(texts)}"
    base = f"select {', '.join(f'{text} as {name}' for text, name in zip(texts, names, strict=True))} {rows}"
    if _plain(keys):
        base += (f" and {later}" if later else "") + grouped
        return f"{base} order by {order_by(keys, texts)} limit ?"
    base = f"select * from ({base}{grouped}) q where {later}" if later else base + grouped
    return f"{base} order by {order_by(keys, names)} limit ?"


def _names(keys: Sequence[SortKey]) -> list[str]:
    return [f"s{n}" for n in range(len(keys))]


def _plain(keys: Sequence[SortKey]) -> bool:
    return all(key.plain for key in keys)


@lru_cache(1024)
def _in_order(keys: tuple[SortKey, ...]) -> bool:
    """Whether rows are told apart by columns that sort here as they do in the database, and in one direction."""
    return _plain(keys) and len({key.descending for key in keys}) == 1
