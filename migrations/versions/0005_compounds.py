"""The index over several elements at once, filled from the indexes over each of them.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from app.store.compounds import Compound, combined

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COMPOUNDS = (
    Compound("Task", "owner", "status", "code", "due"),
    Compound("Task", "requester", "status", "code", "due"),
)
"""Those that there were then; what is added later is filled by a later revision."""
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FROM_THE_OTHERS = """
    select r.key, r.target, s.code, c.system, c.code, d.low, d.high, h.patient, h.at
    from index_reference r
    join head h on h.key = r.key and h.state = 1
    join index_token s on s.key = r.key and s.path = :status
    join index_token c on c.key = r.key and c.path = :code
    left join index_date d on d.key = r.key and d.path = :date
    where r.path = :reference order by r.key
"""
BATCH = 5000


def upgrade() -> None:
    table = op.create_table(
        "index_compound",
        sa.Column("key", BIG, autoincrement=False, nullable=False),
        sa.Column("path", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("low", BIG, nullable=True),
        sa.Column("high", BIG, nullable=True),
        sa.Column("patient", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key", "path", "n", name=op.f("pk_index_compound")),
        sqlite_with_rowid=False,
    )
    for compound in COMPOUNDS:
        _fill(table, compound)
    op.create_index("ix_compound", "index_compound", ["number", "high", "low", "patient", "key"])


def _fill(table, compound) -> None:
    names = {"reference": compound.reference, "status": compound.status, "code": compound.code, "date": compound.date}
    paths = {name: compound.paths(parameter)[0] for name, parameter in names.items()}
    connection = op.get_bind()
    named, place = None, 0
    found = connection.execute(sa.text(FROM_THE_OTHERS), paths, execution_options={"yield_per": BATCH})
    for part in found.partitions():  # a country has millions of them: never all in memory
        rows = []
        for key, target, status, system, code, low, high, patient, moment in part:
            named, place = key, place + 1 if key == named else 0
            number = combined(compound, target, status, system, code)
            values = (key, compound.path, place, 0, number, low, high, patient, moment)
            rows.append(dict(zip(table.columns.keys(), values, strict=True)))
        connection.execute(table.insert(), rows)


def downgrade() -> None:
    op.drop_table("index_compound")
