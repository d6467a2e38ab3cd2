"""The database as the whole platform shares it: accounts and resources stand in one transaction."""

from __future__ import annotations

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


def init_app(flask: Flask) -> None:
    """Bind the database of the settings."""
    db.init_app(flask)
