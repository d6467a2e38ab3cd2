"""The tables of the store. ``version`` is the truth, append-only; ``head`` points at what is current; the rest is
derived.

Everything that a search joins is a 64-bit number. A head exists for each ``Type/id`` that was ever stored *or
referred to* (state PLACEHOLDER), so that a reference is one number whether or not its target has arrived.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, SmallInteger, Table, Text

from app.db import db

PLACEHOLDER, LIVE, DELETED, CONTAINED = 0, 1, 2, 3
"""CONTAINED: a resource within another, which has a head so that searches can find it (``app.store.contained``)."""
NOBODY = 0
"""The patient of what belongs to no patient's record."""

BIG = BigInteger().with_variant(Integer, "sqlite")
BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared byte by byte: prefix searches become index ranges."""
REAL = Float(53)


def _column(name: str, kind: object = BIG, **options: object) -> Column:  # type: ignore[type-arg]
    return Column(name, kind, nullable=options.pop("nullable", False), **options)  # type: ignore[arg-type]


head = Table(
    "head",
    db.metadata,
    _column("key", primary_key=True, autoincrement=True),
    _column("type", SmallInteger),
    _column("id", BYTEWISE),
    _column("state", SmallInteger),
    _column("version", Integer),
    _column("seq"),
    _column("updated"),
    _column("at"),
    _column("patient"),
)
Index("ux_head_type_id", head.c.type, head.c.id, unique=True)
_LIVE = {"sqlite_where": head.c.state == LIVE, "postgresql_where": head.c.state == LIVE}
_RECORDS = {"sqlite_where": head.c.patient > NOBODY, "postgresql_where": head.c.patient > NOBODY}
Index("ix_head_type_key", head.c.type, head.c.key, **_LIVE)  # type: ignore[arg-type]
Index("ix_head_type_updated", head.c.type, head.c.updated, head.c.key, **_LIVE)  # type: ignore[arg-type]
Index("ix_head_patient", head.c.patient, head.c.type, head.c.at, head.c.key, **_RECORDS)  # type: ignore[arg-type]


version = Table(
    "version",
    db.metadata,
    _column("seq", primary_key=True, autoincrement=True),
    _column("key"),
    _column("version", Integer),
    _column("type", SmallInteger),
    _column("method", SmallInteger),
    _column("updated"),
    _column("body", LargeBinary, nullable=True),
)
Index("ux_version_key_version", version.c.key, version.c.version, unique=True)
Index("ix_version_type_seq", version.c.type, version.c.seq)


def _index(name: str, *columns: Column) -> Table:  # type: ignore[type-arg]
    """An index table: its rows stand together by resource (``key``), then by path; ``part`` tells list elements
    apart.
    """
    return Table(
        f"index_{name}",
        db.metadata,
        _column("key", primary_key=True, autoincrement=False),
        _column("path", Integer, primary_key=True, autoincrement=False),
        _column("n", SmallInteger, primary_key=True, autoincrement=False),
        _column("part", SmallInteger),
        *columns,
        sqlite_with_rowid=False,
    )


token = _index("token", _column("system"), _column("code", BYTEWISE), _column("patient"), _column("at"))
Index("ix_token", token.c.path, token.c.code, token.c.patient, token.c.at, token.c.key, token.c.system)

reference = _index("reference", _column("target"))
Index("ix_reference", reference.c.target, reference.c.path, reference.c.key)

date = _index("date", _column("low"), _column("high"))
Index("ix_date", date.c.path, date.c.low, date.c.high, date.c.key)

string = _index("string", _column("value", BYTEWISE), _column("exact", Text))
Index("ix_string", string.c.path, string.c.value, string.c.key)

quantity = _index(
    "quantity",
    _column("low", REAL),
    _column("high", REAL),
    _column("system"),
    _column("code", BYTEWISE),
    _column("unit", BYTEWISE),
    _column("dimension", BYTEWISE),
    _column("base_low", REAL),
    _column("base_high", REAL),
)
Index("ix_quantity", quantity.c.path, quantity.c.low, quantity.c.key)
Index("ix_quantity_base", quantity.c.path, quantity.c.dimension, quantity.c.base_low, quantity.c.key)

uri = _index("uri", _column("value", BYTEWISE), _column("version", BYTEWISE))
Index("ix_uri", uri.c.path, uri.c.value, uri.c.key)

compound = _index(
    "compound", _column("number"), _column("low", nullable=True), _column("high", nullable=True), _column("patient"),
    _column("at"),
)  # fmt: skip
Index("ix_compound", compound.c.number, compound.c.high, compound.c.low, compound.c.patient, compound.c.key)

INDEXES = {
    "token": token,
    "reference": reference,
    "date": date,
    "string": string,
    "quantity": quantity,
    "uri": uri,
    "compound": compound,
}

scope = Table(
    "index_scope",
    db.metadata,
    _column("source", primary_key=True, autoincrement=False),
    _column("patient", primary_key=True, autoincrement=False),
    _column("organization", primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
Index("ix_scope_patient", scope.c.patient, scope.c.organization)
Index("ix_scope_organization", scope.c.organization, scope.c.patient)

condition = Table(
    "condition_claim",
    db.metadata,
    _column("hash", primary_key=True, autoincrement=False),
    _column("at"),
)
"""One row a condition of a conditional create: whoever holds it decides; the others wait for the commit and look
again.
"""

audit = Table(
    "audit",
    db.metadata,
    _column("seq", primary_key=True, autoincrement=True),
    _column("id", BYTEWISE, unique=True),
    _column("recorded"),
    _column("action", Text),
    _column("actor", BYTEWISE),
    _column("body", LargeBinary),
)
Index("ix_audit_recorded", audit.c.recorded)
Index("ix_audit_actor", audit.c.actor, audit.c.seq)

audit_about = Table(
    "audit_about",
    db.metadata,
    _column("target", primary_key=True, autoincrement=False),
    _column("seq", primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    db.metadata,
    _column("key", primary_key=True, autoincrement=True),
    _column("topic", Text),
    _column("payload", Text),
    _column("created"),
    _column("due"),
    _column("attempts", SmallInteger),
    _column("error", Text, nullable=True),
    _column("done", BIG, nullable=True),
)
Index("ix_outbox_due", outbox.c.due, sqlite_where=outbox.c.done.is_(None), postgresql_where=outbox.c.done.is_(None))
