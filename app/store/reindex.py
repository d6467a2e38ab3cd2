"""``flask store reindex``: every index row made anew from the stored JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
from flask.cli import with_appcontext

from app.access.actor import automation
from app.fhir.json import loads
from app.store.contained import head_row
from app.store.driver import Insert, Row
from app.store.heads import heads_insert
from app.store.indexing import Indexed, Indexer, inserts
from app.store.tables import CONTAINED, INDEXES, LIVE
from app.store.unit import Unit
from app.store.work import work

BATCH = 1000


@click.group("store")
def store_cli() -> None:
    """The store and its indexes."""


@store_cli.command("reindex")
@with_appcontext
def reindex_command() -> None:
    """Make every index anew from the stored resources."""
    with work(automation("reindex")) as repo:
        total = repo.unit.driver.rows(f"select count(*) from head where state = {LIVE}")[0][0]
        with click.progressbar(length=total, label="Reindexing") as bar:
            done = reindex(repo.unit, bar.update)
    click.echo(f"{done} resources indexed anew")


def reindex(unit: Unit, progress: Callable[[int], None] = lambda done: None) -> int:
    """Empty the index tables and fill them from the current versions; how many resources there were.

    One transaction: searches see the old rows until it is over.
    """
    unit.flush()
    driver = unit.driver
    for name in (*INDEXES, "scope"):
        driver.run(f"delete from index_{name}")
    driver.run(f"delete from head where state = {CONTAINED}")
    indexer, count = Indexer(driver, unit.heads), 0
    for rows in _batches(unit):
        indexed = indexer.prepare([(row[0], loads(bytes(row[4])), bytes(row[4])) for row in rows], unit.stamp)
        if rows_made := [*inserts(indexed), *_within(rows, indexed)]:
            driver.insert(rows_made)
        for key, (patient, at) in indexed.place.items():
            driver.run(
                "update head set patient = ?, at = ? where key = ? and (patient <> ? or at <> ?)",
                (patient, at, key, patient, at),
            )
        count += len(rows)
        progress(len(rows))
    return count


def _within(rows: list[Row], indexed: Indexed) -> list[Insert]:
    """The heads of what a batch of resources contains."""
    by_key = {row[0]: row for row in rows} if indexed.within else {}
    heads = [
        head_row(key, one, (*by_key[container][1:4], at, indexed.place[container][0]))
        for container, key, at, one in indexed.within
    ]
    return [heads_insert(heads)] if heads else []


def _batches(unit: Unit) -> Iterator[list[Row]]:
    last = 0
    while True:
        rows = unit.driver.rows(
            "select h.key, h.version, h.seq, h.updated, v.body from head h join version v on v.seq = h.seq "
            f"where h.state = {LIVE} and h.key > ? order by h.key limit ?",
            (last, BATCH),
        )
        if not rows:
            return
        yield rows
        last = rows[-1][0]
