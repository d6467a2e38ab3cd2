"""The shell of the pages: layout, navigation, language, forms, session. It knows no feature by name.

Views of features use ``current_actor``, ``render`` and what ``app.web.form`` offers.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask
from flask import render_template as render

from app.access.authentication import ATTACHED, SUBTREE, current_actor
from app.feature import Feature

WORK = "maslak.work"

__all__ = ["current_actor", "init_app", "render"]


def init_app(flask: Flask, features: Sequence[Feature] = ()) -> None:
    """Pages, error pages, headers, compression; and to ``app.access`` the things that stand above it."""
    from app.access import table
    from app.store import work
    from app.web import (
        access_rows,
        compression,
        errors,
        facility_tree,
        filters,
        navigation,
        protection,
        static_files,
        typography,
    )

    flask.extensions[WORK] = work
    flask.extensions[SUBTREE] = facility_tree.subtree
    flask.extensions[ATTACHED] = facility_tree.with_dispensaries
    protection.init_app(flask)
    filters.init_app(flask)
    navigation.init_app(flask, features)
    static_files.init_app(flask)
    compression.init_app(flask)
    typography.init_app(flask)
    errors.init_app(flask)
    flask.register_blueprint(_pages())
    table.allow(flask, access_rows.ROWS)


def _pages() -> Blueprint:
    from app.web import account, accounts, clients, emergency, facilities, imports, sign_in, static_files, style

    pages = Blueprint("web", __name__, template_folder="templates")
    for module in (sign_in, account, accounts, clients, facilities, imports, emergency, style, static_files):
        module.add_to(pages)
    return pages
