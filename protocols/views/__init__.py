"""The pages of publishing: one file a place. A view parses, calls one verb, presents."""

from __future__ import annotations

from flask import Blueprint


def blueprint() -> Blueprint:
    """All pages of publishing."""
    from protocols.views import (
        acknowledge,
        changes,
        draft,
        edit,
        impact,
        listed,
        moves,
        parameters,
        protocol,
        release,
        upload,
        workspace,
    )

    pages = Blueprint("protocols", __name__, template_folder="../templates")
    for module in (
        listed,
        protocol,
        workspace,
        changes,
        draft,
        edit,
        parameters,
        upload,
        moves,
        release,
        impact,
        acknowledge,
    ):
        module.add_to(pages)
    return pages
