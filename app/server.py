"""The application as a server process runs it: made once, then kept out of the garbage collector's sight."""

from __future__ import annotations

from flask import Flask

from app.collector import keep_what_is_there
from app.factory import create_app


def application() -> Flask:
    """The WSGI application of a server process."""
    flask = create_app()
    keep_what_is_there()
    return flask
