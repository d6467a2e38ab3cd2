"""The sentences of this room in the user's language, without a web framework.

English sentences are the keys (gettext msgids). They are looked up in the catalogues ``translations/<language>``,
and for those not merged yet in ``translations/rooms/questionnaire.po.json``. Values set into an Arabic sentence are
isolated (U+2068 … U+2069), so that "mmHg" or a minus keeps its own direction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from babel.messages.pofile import read_po

from app.config import LANGUAGES, ROOT

Say = Callable[..., str]
"""``say(msgid, **values) -> sentence``."""

_FOLDER = ROOT / "translations"


@lru_cache(maxsize=8)
def _catalogue(language: str) -> Mapping[str, str]:
    """msgid → sentence of a language."""
    room, merged = _FOLDER / "rooms" / "questionnaire.po.json", _FOLDER / language / "LC_MESSAGES" / "messages.po"
    found: dict[str, str] = {}
    if room.exists():
        handed_in = json.loads(room.read_text("utf-8"))
        found |= {msgid: texts[language] for msgid, texts in handed_in.items() if language in texts}
    if merged.exists():
        with merged.open("rb") as file:
            for one in read_po(file):
                if isinstance(one.id, str) and isinstance(one.string, str) and one.id and one.string:
                    found[one.id] = one.string
    return found


@lru_cache(maxsize=8)
def words(language: str) -> Say:
    """The speaker of a language; an English or unknown language says the msgid itself."""
    catalogue = _catalogue(language) if language in LANGUAGES else {}

    def say(msgid: str, **values: Any) -> str:
        sentence = catalogue.get(msgid, msgid)
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
