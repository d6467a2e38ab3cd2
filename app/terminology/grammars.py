"""Code systems whose codes no list holds: a grammar says what is one (https://hl7.org/fhir/R4/terminologies-systems.html).

Units of UCUM, languages of BCP-47 and media types of BCP-13 can be judged and looked up one by one; who wants them all
is told that they are too many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from babel import Locale

from app.errors import Invalid
from app.fhir.fhirpath.ucum import lookup
from app.terminology.concepts import Concept, Concepts

UCUM, LANGUAGES, MEDIA = "http://unitsofmeasure.org", "urn:ietf:bcp:47", "urn:ietf:bcp:13"
Read = Callable[[str], Concept | None]

_TAG = re.compile(
    r"(?P<language>[A-Za-z]{2,3})(?:-[A-Za-z]{3}){0,3}(?:-(?P<script>[A-Za-z]{4}))?"
    r"(?:-(?P<region>[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*(?:-x(?:-[A-Za-z0-9]{1,8})+)?"
)
"""A langtag of RFC 5646 §2.1; the irregular ones that it keeps from before are left out."""
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]{0,126}"
_VALUE = r"[A-Za-z0-9!#$&'*+.^_`|~-]+"
_MEDIA_TYPE = re.compile(
    rf"(?:application|audio|example|font|haptics|image|message|model|multipart|text|video)/{_NAME}"
    rf'(?:\s*;\s*{_NAME}=(?:{_VALUE}|"[^"\\]*"))*'
)
"""RFC 6838 §4.2, under the registered top-level types, with parameters as RFC 9110 §8.3.1 writes them."""
_SPOKEN = ("en", "fr", "ar")


@dataclass(frozen=True)
class Grammar(Concepts):
    """A system whose codes are read; ``by_code`` holds those of which the store says more."""

    read: Read = field(default=lambda code: None)

    def get(self, code: str) -> Concept | None:
        """The concept of a code that the grammar knows."""
        return super().get(code) or self.read(code)

    def listed(self) -> Mapping[str, Concept]:
        """Raises Invalid (422): such an expansion has no end (valueset-operation-expand.html)."""
        raise Invalid.coded(
            "too-costly",
            "The codes of {system} are too many to be listed: ask about one, by $validate-code.",
            system=self.url,
        )


@cache
def grammars() -> Mapping[str, Grammar]:
    """System → its grammar."""
    made = (
        Grammar(UCUM, name="UCUM", read=_unit),
        Grammar(LANGUAGES, name="BCP-47", case_sensitive=False, read=_language),
        Grammar(MEDIA, name="BCP-13", case_sensitive=False, read=_media_type),
    )
    return {one.url: one for one in made}


def beside(grammar: Grammar, stored: Concepts | None) -> Grammar:
    """The grammar with what a stored CodeSystem says of some of its codes."""
    if stored is None:
        return grammar
    return Grammar(
        grammar.url, stored.version, stored.name, True, grammar.case_sensitive, stored.by_code, {}, grammar.read
    )


def _unit(code: str) -> Concept | None:
    return Concept(UCUM, code, code) if lookup(code) is not None else None


def _media_type(code: str) -> Concept | None:
    return Concept(MEDIA, code, code) if len(code) <= 255 and _MEDIA_TYPE.fullmatch(code) else None


@lru_cache(1024)
def _language(code: str) -> Concept | None:
    """A tag whose language is known (of three letters: well formed), and whose script and region are."""
    found = _TAG.fullmatch(code) if len(code) <= 100 else None
    if found is None:
        return None
    language, script, region = found["language"].lower(), (found["script"] or "").title(), found["region"] or ""
    english = Locale("en")
    if len(language) == 2 and language not in english.languages:
        return None
    if (script and script not in english.scripts) or (region and region.upper() not in english.territories):
        return None
    texts = [
        {"language": spoken, "value": _named(Locale(spoken), language, script, region.upper())} for spoken in _SPOKEN
    ]
    return Concept(LANGUAGES, code, texts[0]["value"], None, tuple(texts[1:]), language="en")


def _named(locale: Locale, language: str, script: str, region: str) -> str:
    """``Arabic (Morocco)`` in a language."""
    name = locale.languages.get(language, language)
    more = [names.get(part, part) for part, names in ((script, locale.scripts), (region, locale.territories)) if part]
    return f"{name} ({', '.join(more)})" if more else str(name)
