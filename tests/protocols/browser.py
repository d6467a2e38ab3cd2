"""Somebody's browser: opens pages, reads the forms on them, sends them as a browser would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.db import db
from app.factory import create_app
from app.web.protection import limiter

PASSWORD = "une phrase simple"


@contextmanager
def application(template: Path, folder: Path, *features: str, **more: Any) -> Iterator[Flask]:
    """The application with these features, on a fresh SQLite file in a folder; ``template`` has the tables."""
    path = folder / "maslak.sqlite"
    path.write_bytes(template.read_bytes())
    config = {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{path}", "TESTING": True, "WTF_CSRF_ENABLED": False}
    made = create_app(config | {"FEATURES": features} | more)
    with made.app_context():
        limiter.reset()
    try:
        yield made
    finally:
        with made.app_context():
            db.session.remove()
            db.engine.dispose()


class _Fields(HTMLParser):
    """The values of the fields of the forms in ``main``."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        name = held.get("name") or ""
        if tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "input" and name:
            chosen = held.get("type") not in ("radio", "checkbox", "file") or "checked" in held
            if chosen:
                self.values[name] = held.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            self.values[self._area] = self.values[self._area].removeprefix("\r\n").removeprefix("\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.values[self._area] += data


def plain(page: str) -> str:
    """What one reads: no-break spaces are spaces."""
    return re.sub("[\u00a0\u202f]", " ", page)


class Browser:
    """One signed-in person."""

    def __init__(self, flask: Flask, username: str):
        self._client = flask.test_client()
        answer = self._client.post("/sign-in", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    def get(self, path: str) -> TestResponse:
        """A page in French, whatever its status."""
        return self._client.get(path, headers={"Accept-Language": "fr"})

    def text(self, path: str) -> str:
        """A good page, as one reads it."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[-2000:]
        return plain(answer.text)

    def fields(self, path: str) -> dict[str, str]:
        """What the form of a page holds."""
        reader = _Fields()
        reader.feed(self.text(path))
        return reader.values

    def send(self, path: str, opened: dict[str, str] | None = None, **typed: Any) -> TestResponse:
        """Fill the form of a page in and send it; ``opened`` is a form that had been opened before."""
        data = (opened or self.fields(path)) | {name.replace("__", "."): value for name, value in typed.items()}
        return self._client.post(path, data=data)
