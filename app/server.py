"""The application as the production server runs it: made once, then kept out of the garbage collector's sight.

A full collection walks everything that lives, definitions and compiled plans included: 180 ms in every seventh page,
as measured. What is there at the start stays for good, so it is frozen; what requests make is small and mostly freed by
reference counting, so the collector may look at it less often.
"""

from __future__ import annotations

import gc

from flask import Flask

from app.factory import create_app

SELDOM = (20_000, 50, 100)
"""Thresholds of the three generations (https://docs.python.org/3/library/gc.html#gc.set_threshold)."""


def application() -> Flask:
    """The WSGI application of a server process."""
    flask = create_app()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    return flask
