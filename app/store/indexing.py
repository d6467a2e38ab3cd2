"""The indexer: what resources leave in the index tables, and whose record they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from app.fhir.resource import Resource
from app.store.codes import OTHER_REFERENCE, path_code
from app.store.compounds import compound_rows
from app.store.contained import Inside, inside
from app.store.driver import Driver, Insert, Row
from app.store.extract import extract
from app.store.heads import Heads
from app.store.parameters import primary_date, record_paths
from app.store.tables import INDEXES, NOBODY
from app.store.values import Rows

NO_DATE = -(2**62)
"""``at`` of what has no date: after all others when the newest come first."""

COLUMNS = {
    "token": (
        "key, path, n, part, system, code, patient, at",
        "bigint, int, smallint, smallint, bigint, text, bigint, bigint",
    ),
    "reference": ("key, path, n, part, target", "bigint, int, smallint, smallint, bigint"),
    "date": ("key, path, n, part, low, high", "bigint, int, smallint, smallint, bigint, bigint"),
    "string": ("key, path, n, part, value, exact", "bigint, int, smallint, smallint, text, text"),
    "quantity": (
        "key, path, n, part, low, high, system, code, unit, dimension, base_low, base_high",
        "bigint, int, smallint, smallint, float8, float8, bigint, text, text, text, float8, float8",
    ),
    "uri": ("key, path, n, part, value, version", "bigint, int, smallint, smallint, text, text"),
    "compound": (
        "key, path, n, part, number, low, high, patient, at",
        "bigint, int, smallint, smallint, bigint, bigint, bigint, bigint, bigint",
    ),
}
_SCOPE = ("source, patient, organization", "bigint, bigint, bigint")
_LITERAL = re.compile(rb'"reference":"([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})["/#]')


@dataclass(slots=True)
class Indexed:
    """Rows ready to be stored, by table; ``place`` is head key -> (patient, at); ``scope`` (source, patient,
    organization).
    """

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in INDEXES})
    place: dict[int, tuple[int, int]] = field(default_factory=dict)
    scope: list[Row] = field(default_factory=list)
    within: list[tuple[int, int, int, Inside]] = field(default_factory=list)
    """(container's head key, own head key, at, resource) of what is contained."""


@cache
def _scope_paths() -> dict[str, int]:
    """Type -> the path whose Organization comes to see the patient: where registered, where followed, where
    referred.
    """
    named = {"Patient": "managingOrganization", "EpisodeOfCare": "managingOrganization", "Task": "owner"}
    return {type: path_code(f"{type}.{element}") for type, element in named.items()}


class Indexer:
    """Derives index rows within one transaction."""

    def __init__(self, driver: Driver, heads: Heads):
        self._driver = driver
        self._heads = heads

    def prepare(self, resources: Iterable[tuple[int, Resource, bytes]], at: int) -> Indexed:
        """The rows of (head key, resource, body); heads are made for what they refer to."""
        extracted = [(key, resource, extract(resource), _others(body)) for key, resource, body in resources]
        held = [
            (key, one, extract(one.resource, contained=True))
            for key, resource, _, _ in extracted
            if "contained" in resource
            for one in inside(resource)
        ]
        targets = {target for _, _, rows, others in extracted for target in (*(r[2] for r in rows.reference), *others)}
        targets |= {row[2] for _, _, rows in held for row in rows.reference}
        keys = self._heads.ensure(targets, at)
        indexed = Indexed()
        extracted.sort(key=lambda one: one[1]["resourceType"] == "Provenance")  # its patient is that of its target
        for key, resource, rows, others in extracted:
            patient, moment = self._place(key, resource["resourceType"], rows, keys, indexed)
            indexed.place[key] = patient, moment
            _append(indexed, key, rows, others, keys, patient, moment)
            indexed.rows["compound"] += [
                (key, path, n, 0, number, low, high, patient, moment)
                for n, (path, number, low, high) in enumerate(compound_rows(resource["resourceType"], rows, keys))
            ]
            self._scope(indexed, key, resource["resourceType"], rows, keys, patient)
        if held:
            self._within(held, keys, indexed)
        return indexed

    def _within(self, held: list[tuple[int, Inside, Rows]], keys: dict[str, int], indexed: Indexed) -> None:
        """Contained resources stand in the record of their container's patient."""
        for (container, one, rows), (key, _) in zip(held, self._driver.numbers(len(held)), strict=True):
            moment = _moment(rows, primary_date(one.type, contained=True))
            _append(indexed, key, rows, set(), keys, indexed.place[container][0], moment)
            indexed.within.append((container, key, moment, one))

    def _place(self, key: int, type: str, rows: Rows, keys: dict[str, int], indexed: Indexed) -> tuple[int, int]:
        moment = _moment(rows, primary_date(type))
        if type == "Patient":
            return key, moment
        for wanted in record_paths(type)[0]:
            for path, _, target in rows.reference:
                if path == wanted and target.startswith("Patient/") and target in keys:
                    return keys[target], moment
        if type == "Provenance":
            return self._patient_of([keys[t] for _, _, t in rows.reference if t in keys], indexed), moment
        return NOBODY, moment

    def _patient_of(self, targets: list[int], indexed: Indexed) -> int:
        """The patient of what a Provenance is about."""
        if placed := [indexed.place[key][0] for key in targets if indexed.place.get(key, (0,))[0]]:
            return placed[0]
        sql = f"select max(patient) from head where {self._driver.among('key')}"
        found = self._driver.row(sql, (self._driver.listed(targets),))
        return found[0] or NOBODY if found else NOBODY

    def _scope(self, indexed: Indexed, key: int, type: str, rows: Rows, keys: dict[str, int], patient: int) -> None:
        wanted = _scope_paths().get(type)
        if wanted is None or not patient:
            return
        for path, _, target in rows.reference:
            if path == wanted and target.startswith("Organization/") and target in keys:
                indexed.scope.append((key, patient, keys[target]))

    def remove(self, keys: list[int]) -> None:
        """Take away all rows of these heads."""
        if not keys:
            return
        listed = (self._driver.listed(keys),)
        among, sources = self._driver.among("key"), self._driver.among("source")
        statements = [(f"delete from index_{name} where {among}", listed) for name in INDEXES]
        self._driver.run_all([*statements, (f"delete from index_scope where {sources}", listed)])


def inserts(indexed: Indexed) -> list[Insert]:
    """The rows as inserts."""
    found = [Insert(f"index_{name}", *COLUMNS[name], rows) for name, rows in indexed.rows.items() if rows]
    if indexed.scope:
        found.append(Insert("index_scope", *_SCOPE, indexed.scope, "on conflict do nothing"))
    return found


def _moment(rows: Rows, primary: tuple[str, tuple[int, ...]] | None) -> int:
    """The latest primary date."""
    return max([low for path, _, low, _ in rows.date if path in primary[1]] if primary else [], default=NO_DATE)


def _others(body: bytes) -> set[str]:
    """Every literal reference in a body, indexed by a parameter or not: nothing that is referred to is deleted."""
    return {found.decode() for found in _LITERAL.findall(body)}


def _append(
    indexed: Indexed, key: int, rows: Rows, others: set[str], keys: dict[str, int], patient: int, moment: int
) -> None:
    into = indexed.rows
    for n, (path, part, system, code) in enumerate(rows.token):
        into["token"].append((key, path, n, part, system, code, patient, moment))
    named = set()
    for n, (path, part, target) in enumerate(rows.reference):
        if target in keys:
            named.add(target)
            into["reference"].append((key, path, n, part, keys[target]))
    for n, target in enumerate(sorted(others - named)):
        if target in keys:
            into["reference"].append((key, OTHER_REFERENCE, n, 0, keys[target]))
    for name in ("date", "string", "quantity", "uri"):
        into[name] += [(key, row[0], n, *row[1:]) for n, row in enumerate(getattr(rows, name))]
