"""Settings, read from the environment once, when the application is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from app.errors import MaslakError

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("fr", "ar")
LOCALES = {"fr": "fr_MA", "ar": "ar_MA"}
FEATURES = ("protocols", "pathways")
SECRET_LENGTH = 16
CANONICAL_BASE = "https://maslak.ma/fhir"


class SettingMissing(MaslakError):
    """A setting without which the server must not start."""


def database_url(default: str | None = None) -> str:
    """The database address, with the driver that is installed (``postgresql`` becomes ``postgresql+psycopg``)."""
    url = os.environ.get("DATABASE_URL") or default or f"sqlite:///{ROOT / 'var' / 'maslak.sqlite'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def smallest_count() -> int:
    """The smallest number of patients of an establishment that is told beyond it (``SMALLEST_COUNT``, 5; 1: all).

    Raises SettingMissing for what is no number above zero.
    """
    said = os.environ.get("SMALLEST_COUNT") or "5"
    if not said.isdigit() or int(said) < 1:
        raise SettingMissing(f"SMALLEST_COUNT must be a number above zero, not {said!r}")
    return int(said)


def from_environment() -> dict[str, Any]:
    """Flask configuration from the environment. Raises SettingMissing in production without a SECRET_KEY."""
    production = os.environ.get("MASLAK_ENV") == "production"
    secret = os.environ.get("SECRET_KEY")
    if production and not secret:
        raise SettingMissing("SECRET_KEY is not set: the production server does not start without one")
    if production and len(secret or "") < SECRET_LENGTH:
        raise SettingMissing(
            f"SECRET_KEY is too short: at least {SECRET_LENGTH} characters, for example of `openssl rand -hex 32`"
        )
    return {
        "PRODUCTION": production,
        "SECRET_KEY": secret or "development-only",
        "SQLALCHEMY_DATABASE_URI": database_url(),
        "FEATURES": FEATURES,
        "MAIL_FOLDER": os.environ.get("MAIL_FOLDER") or str(ROOT / "var" / "mail"),
        "AUDIT_FOLDER": os.environ.get("AUDIT_FOLDER") or str(ROOT / "var" / "audit"),
        "MAIL_URL": os.environ.get("MAIL_URL"),
        "BASE_URL": os.environ.get("BASE_URL"),
        "REFERENCES_CHECKED": os.environ.get("REFERENCES_CHECKED", "on") != "off",
    }
