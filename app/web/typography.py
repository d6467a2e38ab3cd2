"""French typography: no line of a page begins with ":" or ends with "«".

Texts come from the catalogues, from the content that the Ministry writes, and from templates that put both together;
nobody types no-break spaces there. So the space before high punctuation is made one here, once, in the text of the
finished page: narrow (U+202F) before ";", "?" and "!", full (U+00A0) before ":", "%" and within « » (Imprimerie
nationale, *Lexique des règles typographiques*). Attributes, and what a person edits in a text area, stay as they are.
"""

from __future__ import annotations

import re

from flask import Flask, Response

from app.i18n import language

NARROW, FULL = "\u202f", "\u00a0"
_TYPED = re.compile(r"(<(?:script|style|textarea|pre|code)\b.*?</(?:script|style|textarea|pre|code)>)", re.DOTALL)
_IN_TEXT = r"(?![^<>]*>)"
"""Not within a tag: what comes next is no end of one (in attributes and texts Jinja writes ">" as an entity)."""
_NARROW = re.compile(f" (?=[;?!]){_IN_TEXT}")
_FULL = re.compile(f"(?: (?=[:%»])|(?<=«) ){_IN_TEXT}")


def init_app(flask: Flask) -> None:
    """To be called after what compresses: what is registered last is done first."""
    flask.after_request(typeset)


def typeset(response: Response) -> Response:
    """The page with no-break spaces where French has them."""
    if response.mimetype == "text/html" and not response.is_streamed and language() == "fr":
        response.set_data(no_break(response.get_data(as_text=True)))
    return response


def no_break(page: str) -> str:
    """HTML whose plain spaces before high punctuation do not break: ``Step 2 : <b>…`` → ``Step 2\\u00a0: <b>…``."""
    parts = _TYPED.split(page)
    parts[::2] = [_FULL.sub(FULL, _NARROW.sub(NARROW, part)) for part in parts[::2]]
    return "".join(parts)
