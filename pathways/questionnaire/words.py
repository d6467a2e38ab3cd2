"""The sentences of this room in the user's language, without a web framework.

English sentences are the keys (gettext msgids); French and Arabic stand in
``translations/rooms/questionnaire.po.json``, the file from which the catalogues are merged. Values set into an Arabic
sentence are isolated (U+2068 … U+2069), so that "mmHg" or a minus keeps its own direction.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from app.config import ROOT

Say = Callable[..., str]
"""``say(msgid, **values) -> sentence``."""

_FILE = ROOT / "translations" / "rooms" / "questionnaire.po.json"


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, dict[str, str]]:
    entries: dict[str, dict[str, str]] = json.loads(_FILE.read_text("utf-8"))
    return entries


@lru_cache(maxsize=8)
def words(language: str) -> Say:
    """The speaker of a language; an English or unknown language says the msgid itself."""
    catalogue = _catalogue()

    def say(msgid: str, **values: Any) -> str:
        sentence = catalogue.get(msgid, {}).get(language, msgid)
        if not values:
            return sentence
        return sentence % {name: isolated(value, language) for name, value in values.items()}

    return say


def isolated(value: Any, language: str) -> str:
    """A value as it stands in a sentence of this language."""
    return f"\u2068{value}\u2069" if language == "ar" and value != "" else str(value)


def _(msgid: str) -> str:
    """Marks a msgid for extraction where it is not said at once."""
    return msgid
