"""``_text`` and ``_content`` (https://hl7.org/fhir/R4/search.html#content): words of the narrative, words anywhere.

The narrative's words stand in the index of strings, normalised as names are. ``_content`` reads the resources that the
other criteria leave, so it is slow by itself over millions; it looks at words as they are written.
"""

from __future__ import annotations

import html
import re
from typing import Any

from app.errors import Malformed
from app.fhir.normalise import words
from app.store.codes import path_code
from app.store.search.conditions import Condition, Match, all_of
from app.store.search.request import Criterion, unescaped
from app.store.search.string import LAST
from app.store.values import VALUE_LENGTH, Rows

TEXT = path_code("#text")
MOST_WORDS = 10
MOST_INDEXED = 1000
SHORTEST = 3
_TAG = re.compile(r"<[^>]*>")


def index_text(resource: dict[str, Any], rows: Rows) -> None:
    """The words of a narrative as rows."""
    narrative = resource.get("text")
    div = narrative.get("div") if isinstance(narrative, dict) else None
    if not isinstance(div, str):
        return
    plain = html.unescape(_TAG.sub(" ", div))
    for word in list(dict.fromkeys(words(plain)))[:MOST_INDEXED]:
        rows.string[TEXT, 0, word[:VALUE_LENGTH], ""] = None


def text(asked: Criterion) -> Condition:
    """Every word begins a word of the narrative. Raises Malformed."""
    return all_of([_begun(word) for word in _asked(asked)])


def _begun(word: str) -> Condition:
    return Match("string", f"i.path = {TEXT} and i.value >= ? and i.value < ?", (word, word + LAST)).condition()


def content(asked: Criterion, postgresql: bool) -> Condition:
    """Every word stands somewhere in the resource. Raises Malformed."""
    given = [word for value in asked.values for word in unescaped(value).split()]
    _bounded(asked, given)
    body = "convert_from(v.body, 'UTF8') ilike" if postgresql else "cast(v.body as text) like"
    like = f"{body} ? escape '\\'"
    tests = " and ".join([like] * len(given))
    held = ["%" + re.sub(r"([\\%_])", r"\\\1", word) + "%" for word in given]
    return Condition(f"exists (select 1 from version v where v.seq = @head.seq and {tests})", tuple(held))


def _asked(asked: Criterion) -> list[str]:
    found = [word for value in asked.values for word in words(unescaped(value))]
    _bounded(asked, found)
    return found


def _bounded(asked: Criterion, given: list[str]) -> None:
    place = f"http.{asked.name}"
    if not 0 < len(given) <= MOST_WORDS:
        raise Malformed(f"{asked.name}: write one to {MOST_WORDS} words.", expression=place)
    if short := [word for word in given if len(word) < SHORTEST]:
        raise Malformed(f"{asked.name}: '{short[0]}' is short of {SHORTEST} letters.", expression=place)
