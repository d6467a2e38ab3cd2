"""Uri parameters: https://hl7.org/fhir/R4/search.html#uri"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.fhir.resource import parse_canonical
from app.store.parameters import Parameter
from app.store.search.conditions import Match, on_paths
from app.store.search.request import unescaped
from app.store.search.string import LAST
from app.store.values import URI_LENGTH


def uri(parameters: Sequence[Parameter], values: Iterable[str], modifier: str | None) -> Match:
    """The very uri; ``:below`` what begins with it, ``:above`` what it begins with, at whole segments."""
    codes = [code for parameter in parameters for code in parameter.codes()]
    canonical = any(way[-1].type == "canonical" for p in parameters for path in p.paths for way in path.ways or ())
    texts: list[str] = []
    held: list[str] = []
    for value in values:
        wanted = unescaped(value)[:URI_LENGTH]
        if modifier == "below":
            texts.append("(i.value = ? or (i.value >= ? and i.value < ?))")
            base = wanted.rstrip("/") + "/"
            held += [wanted, base, base + LAST]
        elif modifier == "above":
            above = _prefixes(wanted)
            texts.append(f"i.value in ({', '.join('?' * len(above))})")
            held += above
        elif canonical:
            text, more = canonical_test(wanted)
            texts.append(text)
            held += more
        else:
            texts.append("i.value = ?")
            held.append(wanted)
    return Match("uri", f"{on_paths(codes)} and ({' or '.join(texts)})", tuple(held), narrow=True)


def canonical_test(value: str) -> tuple[str, list[str]]:
    """SQL for a canonical: any version where none is named."""
    found = parse_canonical(value)
    if found.version:
        return "(i.value = ? and i.version = ?)", [found.url, found.version]
    return "i.value = ?", [found.url]


def _prefixes(text: str) -> list[str]:
    cuts = [text]
    scheme = text.find("://")
    for position in range(len(text) - 1, scheme + 3, -1):
        if text[position] == "/":
            cuts += [text[:position], text[: position + 1]]
    return cuts
