"""Accounts: made, changed, found. Nothing commits here; whoever calls stands in a ``work()``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import func, or_, select

from app.access import passwords
from app.access.grants import ROLES
from app.access.tables import Account, Role
from app.clock import now
from app.config import LANGUAGES
from app.db import db
from app.errors import Invalid, Issue, NotFound

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,79}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
AT_A_TIME = 500
PATIENT_ROLES = frozenset({"physician", "nurse", "hospital-physician", "facility-manager", "regional-delegate"})


def create(
    *,
    username: str,
    name: str,
    roles: Sequence[str],
    name_ar: str | None = None,
    organization: str | None = None,
    email: str | None = None,
    language: str = "fr",
    practitioner: str | None = None,
    password: str | None = None,
    temporary: bool = False,
) -> Account:
    """A new account. Raises Invalid with one issue for each thing that is wrong (``expression`` is the field).

    Without a password nobody can sign in with it until one is set by a link or by the administrator.
    """
    username, email = username.strip().lower(), (email or "").strip().lower() or None
    found = problems(
        username=username, name=name, roles=roles, organization=organization, email=email, language=language
    )
    if found:
        raise Invalid("the account cannot be made", issues=found)
    account = Account(
        username=username,
        email=email,
        name=name.strip(),
        name_ar=(name_ar or "").strip() or None,
        language=language,
        organization=organization,
        practitioner=practitioner,
        fs_uniquifier=secrets.token_hex(32),
        active=True,
        must_change=False,
        created=now(),
        roles=_roles(roles),
    )
    if password:
        passwords.set_password(account, password, temporary=temporary)
    db.session.add(account)
    db.session.flush()
    return account


def change(
    account: Account,
    *,
    name: str,
    roles: Sequence[str],
    organization: str | None,
    email: str | None,
    language: str,
    active: bool,
    name_ar: str | None = None,
) -> Account:
    """Another state of an account. A deactivation or a lost role counts from the next request on. Raises Invalid."""
    email = (email or "").strip().lower() or None
    found = problems(name=name, roles=roles, organization=organization, email=email, language=language, own=account)
    if found:
        raise Invalid("the account cannot be changed", issues=found)
    account.name, account.organization, account.email = name.strip(), organization, email
    if name_ar is not None:
        account.name_ar = name_ar.strip() or None
    account.language, account.active = language, active
    if set(account.role_names) != set(roles):
        account.roles = _roles(roles)
    if not active:
        account.fs_uniquifier = secrets.token_hex(32)
    db.session.flush()
    return account


def problems(
    *,
    name: str,
    roles: Sequence[str],
    organization: str | None,
    email: str | None,
    language: str,
    username: str | None = None,
    own: Account | None = None,
) -> list[Issue]:
    """What is wrong with an account's values; ``own`` is the account itself when it stands already."""
    found = []
    if own is None:
        if not username or not USERNAME.fullmatch(username):
            found.append(Issue("use 3 to 80 small letters, digits, dots or hyphens", "invalid", "username"))
        elif _taken(Account.username, username):
            found.append(Issue("this user name is taken", "invalid", "username"))
    if not name.strip():
        found.append(Issue("enter the name", "invalid", "name"))
    if email and not EMAIL.fullmatch(email):
        found.append(Issue("this is not an e-mail address", "invalid", "email"))
    elif email and (own is None or own.email != email) and _taken(Account.email, email):
        found.append(Issue("another account has this e-mail address", "invalid", "email"))
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        found.append(Issue("there is no role {role}", "invalid", "roles", values={"role": ", ".join(unknown)}))
    elif not roles:
        found.append(Issue("choose at least one role", "invalid", "roles"))
    if not organization and PATIENT_ROLES & set(roles):
        found.append(Issue("this role needs an establishment", "invalid", "organization"))
    if language not in LANGUAGES:
        found.append(Issue("the language is fr or ar", "invalid", "language"))
    return found


def find(account_id: int) -> Account:
    """Raises NotFound."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound("there is no such account")
    return account


def by_name(text: str) -> Account | None:
    """The account with this user name or e-mail address."""
    wanted = text.strip().lower()
    if not wanted:
        return None
    return db.session.scalars(select(Account).where(or_(Account.username == wanted, Account.email == wanted))).first()


def named(usernames: Iterable[str]) -> dict[str, Account]:
    """The accounts that have these user names, by user name; a few hundred are asked for at a time."""
    wanted = sorted({name.strip().lower() for name in usernames} - {""})
    found: dict[str, Account] = {}
    for start in range(0, len(wanted), AT_A_TIME):
        query = select(Account).where(Account.username.in_(wanted[start : start + AT_A_TIME]))
        found |= {account.username: account for account in db.session.scalars(query).unique()}
    return found


def listed(*, after: str = "", words: str = "", count: int = 25, within: Iterable[str] | None = None) -> list[Account]:
    """Accounts in the order of their user names, from a key on; ``words`` in name, user name or e-mail."""
    query = select(Account).where(Account.username > after).order_by(Account.username).limit(count)
    for word in words.lower().split():
        like = "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        columns = (func.lower(Account.name), Account.name_ar, Account.username, Account.email)
        query = query.where(or_(*(column.like(like, escape="\\") for column in columns)))
    if within is not None:
        query = query.where(Account.organization.in_(list(within)))
    return list(db.session.scalars(query).unique())


def _roles(names: Sequence[str]) -> list[Role]:
    held = {role.name: role for role in db.session.scalars(select(Role).where(Role.name.in_(names)))}
    for name in names:
        if name not in held:
            held[name] = Role(name=name)
            db.session.add(held[name])
    return [held[name] for name in dict.fromkeys(names)]


def _taken(column, value: str) -> bool:  # type: ignore[no-untyped-def]
    return db.session.scalar(select(Account.id).where(column == value)) is not None
