"""The index of codes goes by patient before it goes by system: a code without its system finds one patient's as fast.

Revision: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "index_token"
BEFORE = ["path", "code", "system", "patient", "at", "key"]
NOW = ["path", "code", "patient", "at", "key", "system"]


def upgrade() -> None:
    op.drop_index("ix_token", TABLE)
    op.create_index("ix_token", TABLE, NOW)


def downgrade() -> None:
    op.drop_index("ix_token", TABLE)
    op.create_index("ix_token", TABLE, BEFORE)
