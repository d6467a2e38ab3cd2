"""One box that finds a person: a number, a telephone, or words of a name in either script."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from app.fhir.names import ARTICLES
from app.fhir.normalise import normalised
from app.fhir.repository import Repository


def find(repo: Repository, text: str) -> list[Any]:
    """Directory rows (the whole country, 50 at most) for what was typed; an identifier is tried before a telephone."""
    for query in queries(text):
        if rows := repo.search_directory(query):
            return list(rows)
    return []


def queries(text: str) -> list[str]:
    """The searches to try, in order."""
    typed = normalised(text)
    compact = re.sub(r"[\s.\-/+]", "", typed)
    if not compact:
        return []
    if any(letter.isdigit() for letter in compact):
        found = [f"Patient?identifier={quote(compact.upper())}"]
        if compact.isdigit() and len(compact) >= 8:
            found.append(f"Patient?phone-key={quote(typed)}")
        return found
    words = [word for word in typed.split() if word not in ARTICLES] or typed.split()
    found = ["Patient?" + "&".join(f"name-key={quote(word)}" for word in words)]
    if len(compact) == 8 and compact.isascii():  # a file number may happen to have no digit
        found.append(f"Patient?identifier={quote(compact.upper())}")
    return found


def by_identifier(repo: Repository, system: str, value: str) -> list[Any]:
    """Directory rows with one identifier."""
    return list(repo.search_directory(f"Patient?identifier={quote(system, safe='')}|{quote(value)}"))
