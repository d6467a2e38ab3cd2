"""The first tables: people and keys, the store and its indexes, the audit, the outbox.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('username', sa.String(length=80), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('name', sa.String(length=160), nullable=False),
    sa.Column('password', sa.String(length=255), nullable=True),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('must_change', sa.Boolean(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('organization', sa.String(length=90), nullable=True),
    sa.Column('practitioner', sa.String(length=90), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_sign_in', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('email', name=op.f('uq_account_email')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('uq_account_fs_uniquifier')),
    sa.UniqueConstraint('username', name=op.f('uq_account_username'))
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_organization'), ['organization'], unique=False)

    op.create_table('audit',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('recorded', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit')),
    sa.UniqueConstraint('id', name=op.f('uq_audit_id'))
    )
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.create_index('ix_audit_actor', ['actor', 'seq'], unique=False)
        batch_op.create_index('ix_audit_recorded', ['recorded'], unique=False)

    op.create_table('audit_about',
    sa.Column('target', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('target', 'seq', name=op.f('pk_audit_about')),
    sqlite_with_rowid=False
    )
    op.create_table('condition_claim',
    sa.Column('hash', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_condition_claim'))
    )
    op.create_table('head',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('type', sa.SmallInteger(), nullable=False),
    sa.Column('id', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('state', sa.SmallInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('updated', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('patient', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_head'))
    )
    with op.batch_alter_table('head', schema=None) as batch_op:
        batch_op.create_index('ix_head_patient', ['patient', 'type', 'at', 'key'], unique=False, sqlite_where=sa.text('patient > 0'), postgresql_where=sa.text('patient > 0'))
        batch_op.create_index('ix_head_type_key', ['type', 'key'], unique=False, sqlite_where=sa.text('state = 1'), postgresql_where=sa.text('state = 1'))
        batch_op.create_index('ix_head_type_updated', ['type', 'updated', 'key'], unique=False, sqlite_where=sa.text('state = 1'), postgresql_where=sa.text('state = 1'))
        batch_op.create_index('ux_head_type_id', ['type', 'id'], unique=True)

    op.create_table('index_date',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('low', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('high', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('key', 'path', 'n', name=op.f('pk_index_date')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_date', schema=None) as batch_op:
        batch_op.create_index('ix_date', ['path', 'low', 'high', 'key'], unique=False)

    op.create_table('index_quantity',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('low', sa.Float(precision=53), nullable=False),
    sa.Column('high', sa.Float(precision=53), nullable=False),
    sa.Column('system', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('unit', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('dimension', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('base_low', sa.Float(precision=53), nullable=False),
    sa.Column('base_high', sa.Float(precision=53), nullable=False),
    sa.PrimaryKeyConstraint('key', 'path', 'n', name=op.f('pk_index_quantity')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_quantity', schema=None) as batch_op:
        batch_op.create_index('ix_quantity', ['path', 'low', 'key'], unique=False)
        batch_op.create_index('ix_quantity_base', ['path', 'dimension', 'base_low', 'key'], unique=False)

    op.create_table('index_reference',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('target', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('key', 'path', 'n', name=op.f('pk_index_reference')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_reference', schema=None) as batch_op:
        batch_op.create_index('ix_reference', ['target', 'path', 'key'], unique=False)

    op.create_table('index_scope',
    sa.Column('source', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('patient', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('organization', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('source', 'patient', 'organization', name=op.f('pk_index_scope')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_scope', schema=None) as batch_op:
        batch_op.create_index('ix_scope_organization', ['organization', 'patient'], unique=False)
        batch_op.create_index('ix_scope_patient', ['patient', 'organization'], unique=False)

    op.create_table('index_string',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('value', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('exact', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key', 'path', 'n', name=op.f('pk_index_string')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_string', schema=None) as batch_op:
        batch_op.create_index('ix_string', ['path', 'value', 'key'], unique=False)

    op.create_table('index_token',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('system', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('patient', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('key', 'path', 'n', name=op.f('pk_index_token')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_token', schema=None) as batch_op:
        batch_op.create_index('ix_token', ['path', 'code', 'system', 'patient', 'at', 'key'], unique=False)

    op.create_table('index_uri',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('path', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('n', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('value', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.Column('version', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('key', 'path', 'n', name=op.f('pk_index_uri')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('index_uri', schema=None) as batch_op:
        batch_op.create_index('ix_uri', ['path', 'value', 'key'], unique=False)

    op.create_table('outbox',
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('created', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('due', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('attempts', sa.SmallInteger(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('done', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_due', ['due'], unique=False, sqlite_where=sa.text('done IS NULL'), postgresql_where=sa.text('done IS NULL'))

    op.create_table('role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('description', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role')),
    sa.UniqueConstraint('name', name=op.f('uq_role_name'))
    )
    op.create_table('version',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('type', sa.SmallInteger(), nullable=False),
    sa.Column('method', sa.SmallInteger(), nullable=False),
    sa.Column('updated', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_version'))
    )
    with op.batch_alter_table('version', schema=None) as batch_op:
        batch_op.create_index('ix_version_type_seq', ['type', 'seq'], unique=False)
        batch_op.create_index('ux_version_key_version', ['key', 'version'], unique=True)

    op.create_table('account_role',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('role_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_role_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['role_id'], ['role.id'], name=op.f('fk_account_role_role_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'role_id', name=op.f('pk_account_role'))
    )
    op.create_table('api_token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('scopes', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('created', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_api_token_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_api_token_digest'))
    )
    op.create_table('draft',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=500), nullable=False),
    sa.Column('fields', sa.Text(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_draft_account_id')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_draft'))
    )
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_draft_until'), ['until'], unique=False)

    op.create_table('emergency_access',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('patient', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('opened', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_emergency_access_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_emergency_access'))
    )
    with op.batch_alter_table('emergency_access', schema=None) as batch_op:
        batch_op.create_index('ix_emergency_access_open', ['account_id', 'until'], unique=False)
        batch_op.create_index(batch_op.f('ix_emergency_access_patient'), ['patient'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('emergency_access', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_emergency_access_patient'))
        batch_op.drop_index('ix_emergency_access_open')

    op.drop_table('emergency_access')
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_draft_until'))

    op.drop_table('draft')
    op.drop_table('api_token')
    op.drop_table('account_role')
    with op.batch_alter_table('version', schema=None) as batch_op:
        batch_op.drop_index('ux_version_key_version')
        batch_op.drop_index('ix_version_type_seq')

    op.drop_table('version')
    op.drop_table('role')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_due', sqlite_where=sa.text('done IS NULL'), postgresql_where=sa.text('done IS NULL'))

    op.drop_table('outbox')
    with op.batch_alter_table('index_uri', schema=None) as batch_op:
        batch_op.drop_index('ix_uri')

    op.drop_table('index_uri')
    with op.batch_alter_table('index_token', schema=None) as batch_op:
        batch_op.drop_index('ix_token')

    op.drop_table('index_token')
    with op.batch_alter_table('index_string', schema=None) as batch_op:
        batch_op.drop_index('ix_string')

    op.drop_table('index_string')
    with op.batch_alter_table('index_scope', schema=None) as batch_op:
        batch_op.drop_index('ix_scope_patient')
        batch_op.drop_index('ix_scope_organization')

    op.drop_table('index_scope')
    with op.batch_alter_table('index_reference', schema=None) as batch_op:
        batch_op.drop_index('ix_reference')

    op.drop_table('index_reference')
    with op.batch_alter_table('index_quantity', schema=None) as batch_op:
        batch_op.drop_index('ix_quantity_base')
        batch_op.drop_index('ix_quantity')

    op.drop_table('index_quantity')
    with op.batch_alter_table('index_date', schema=None) as batch_op:
        batch_op.drop_index('ix_date')

    op.drop_table('index_date')
    with op.batch_alter_table('head', schema=None) as batch_op:
        batch_op.drop_index('ux_head_type_id')
        batch_op.drop_index('ix_head_type_updated', sqlite_where=sa.text('state = 1'), postgresql_where=sa.text('state = 1'))
        batch_op.drop_index('ix_head_type_key', sqlite_where=sa.text('state = 1'), postgresql_where=sa.text('state = 1'))
        batch_op.drop_index('ix_head_patient', sqlite_where=sa.text('patient > 0'), postgresql_where=sa.text('patient > 0'))

    op.drop_table('head')
    op.drop_table('condition_claim')
    op.drop_table('audit_about')
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_recorded')
        batch_op.drop_index('ix_audit_actor')

    op.drop_table('audit')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_account_organization'))

    op.drop_table('account')
