"""Who acts, and what they may do.

Importing this package loads neither Flask nor SQLAlchemy, because use cases import ``app.access.actor``; only
``init_app`` pulls in the parts that do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.feature import Feature


def init_app(flask: Flask, features: Sequence[Feature] = ()) -> None:
    """Sign-in, grants and the access table, which every request must pass."""
    from app.access import authentication, grants, passwords, table

    passwords.init_app(flask)
    flask.extensions["maslak.grants"] = grants.merged(features)
    rows = flask.extensions.setdefault(table.EXTENSION, {})
    for feature in features:
        rows.update(feature.access)
    authentication.init_app(flask)
    table.init_app(flask)
