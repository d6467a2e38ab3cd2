"""Tables of people and keys: accounts, roles, tokens, emergency accesses, unsent forms."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from app.db import db


class Instant(TypeDecorator[datetime]):
    """An aware instant. SQLite forgets the zone, so UTC goes in and comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


account_role = Table(
    "account_role",
    db.metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(db.Model, RoleMixin):
    """A role by the name that ``app.access.grants`` knows."""

    __tablename__ = "role"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str | None] = mapped_column(String(200))


class Account(db.Model, UserMixin):
    """Somebody who can sign in. Never deleted, only deactivated: the audit names them.

    ``fs_uniquifier`` changes with the password, which ends every session. ``organization`` and ``practitioner`` are
    FHIR references. ``name_ar`` is the name in Arabic letters. ``must_change`` is set with a temporary password: no
    other page opens before it is replaced.
    """

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    name_ar: Mapped[str | None] = mapped_column(String(160))
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    must_change: Mapped[bool] = mapped_column(Boolean, default=False)
    language: Mapped[str] = mapped_column(String(2), default="fr")
    organization: Mapped[str | None] = mapped_column(String(90), index=True)
    practitioner: Mapped[str | None] = mapped_column(String(90))
    created: Mapped[datetime] = mapped_column(Instant)
    last_sign_in: Mapped[datetime | None] = mapped_column(Instant)
    roles: Mapped[list[Role]] = relationship(secondary=account_role, lazy="joined", order_by=Role.id)

    def named(self, language: str) -> str:
        """The name in the script of a language, as far as it is known in both."""
        return self.name_ar or self.name if language == "ar" else self.name

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(role.name for role in self.roles)


class ApiToken(db.Model):
    """A bearer token for ``/fhir``: only its SHA-256 is kept.

    ``account_id`` set: it acts as that person. ``client_id`` set: a registered system fetched it.
    """

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(120))
    scopes: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("account.id"))
    client_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("api_client.id"), index=True)
    created: Mapped[datetime] = mapped_column(Instant)
    expires: Mapped[datetime] = mapped_column(Instant)
    revoked: Mapped[datetime | None] = mapped_column(Instant)


class ApiClient(db.Model):
    """A system that fetches its own tokens (SMART Backend Services): its public keys, and what it may ask for.

    Never deleted, only revoked: the audit names it. ``key`` is the ``client_id`` of OAuth. Keys stand in ``jwks``
    (JSON) or behind ``jwks_url``; ``per_minute`` is its pace at the FHIR door, None without limit.
    """

    __tablename__ = "api_client"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    scopes: Mapped[str] = mapped_column(Text)
    jwks: Mapped[str | None] = mapped_column(Text)
    jwks_url: Mapped[str | None] = mapped_column(String(500))
    per_minute: Mapped[int | None] = mapped_column(Integer)
    created: Mapped[datetime] = mapped_column(Instant)
    last_token: Mapped[datetime | None] = mapped_column(Instant)
    revoked: Mapped[datetime | None] = mapped_column(Instant)


class UsedAssertion(db.Model):
    """A signed statement of a client that has been taken: the key of the table refuses it a second time."""

    __tablename__ = "used_assertion"
    client_id: Mapped[int] = mapped_column(Integer, ForeignKey("api_client.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant, index=True)


class EmergencyAccess(db.Model):
    """A record opened outside one's scope, with the reason given, until an instant."""

    __tablename__ = "emergency_access"
    __table_args__ = (Index("ix_emergency_access_open", "account_id", "until"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(Integer, ForeignKey("account.id"))
    patient: Mapped[str] = mapped_column(String(64), index=True)
    reason: Mapped[str] = mapped_column(Text)
    opened: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)


class Draft(db.Model):
    """What was typed into a form that could not be received; opened only by the account that typed it.

    ``digest`` is the SHA-256 of a random key that only the browser holds.
    """

    __tablename__ = "draft"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(Integer, ForeignKey("account.id"))
    path: Mapped[str] = mapped_column(String(500))
    fields: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(Instant, index=True)
