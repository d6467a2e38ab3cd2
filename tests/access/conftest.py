"""The platform's people on the common database fixtures."""

from __future__ import annotations

import pytest
from flask import Flask

import app.access as access
from app.store import work


@pytest.fixture
def people(app: Flask) -> Flask:
    """An application in which accounts can be made and tokens given."""
    access.init_app(app)
    app.extensions["maslak.work"] = work
    return app
