"""Somebody's browser: pages are read as text, forms are filled in as people do and sent with all that they hold."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Values = dict[str, list[str]]


class _Forms(HTMLParser):
    """The forms of a page with what their fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str | None], Values]] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append((given, {}))
        elif not self.forms or (not name and tag != "option"):
            return
        elif tag == "input" and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self._put(name, given.get("value") or ("on" if given.get("type") == "checkbox" else ""))
        elif tag == "textarea":
            self._area = name
            self._put(name, "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1][1]):
            self.forms[-1][1][self._select] = [given.get("value") or ""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][1][self._area][-1] += (
                data if self.forms[-1][1][self._area][-1] else data.removeprefix("\r").removeprefix("\n")
            )

    def _put(self, name: str | None, value: str) -> None:
        self.forms[-1][1].setdefault(str(name), []).append(value)


def fields(page: TestResponse, number: int = -1) -> Values:
    """What a form of the page holds (the last one, by default), as a browser would send it."""
    reader = _Forms()
    reader.feed(page.text)
    posted = [
        values for attributes, values in reader.forms if attributes.get("method") == "post" and "form_key" in values
    ]
    return posted[number]


def said(page: TestResponse) -> str:
    """The words of a page."""
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", page.text, flags=re.S)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(re.sub("[\u2066-\u2069\u200e\u200f]", "", plain).split())


class Browser:
    """One person's browser in one language."""

    def __init__(self, client: FlaskClient, language: str = "fr"):
        self.client, self.language = client, language

    def see(self, path: str, status: int = 200) -> TestResponse:
        """Open a page."""
        joint = "&" if "?" in path else "?"
        page = self.client.get(f"{path}{joint}lang={self.language}")
        assert page.status_code == status, (path, page.status_code, page.headers.get("Location"), said(page)[:800])
        return page

    def send(self, path: str, status: int = 303, *, form: Values | None = None, **answers: Any) -> TestResponse:
        """Fill in the form of a page and send it; ``form`` is one that has been open since earlier.

        A name with underscores stands for one with hyphens: ``bp_systolic="148"``.
        """
        held = dict(form if form is not None else fields(self.see(path)))
        for name, value in answers.items():
            key = name if name in held or name.replace("_", "-") == name else self._named(held, name)
            held[key] = value if isinstance(value, list) else [str(value)]
        page = self.client.post(path, data=held)
        assert page.status_code == status, (path, page.status_code, said(page)[:1500])
        return page

    @staticmethod
    def _named(held: Values, name: str) -> str:
        own = {"family_ar", "given_ar", "return_on", "next_visit", "visit_day", "other_person"}
        return name if name in own else name.replace("_", "-")
