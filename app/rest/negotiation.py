"""Formats, preferences and languages of a request (https://hl7.org/fhir/R4/http.html#mime-type)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal

from werkzeug.datastructures import LanguageAccept, MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from app.errors import Malformed, NotAcceptable, UnsupportedMediaType
from app.rest.asked import Preference

FHIR_JSON = "application/fhir+json"
SERVED = f"{FHIR_JSON}; charset=utf-8"
JSON_TYPES = frozenset({FHIR_JSON, "application/json", "text/json", "application/json+fhir"})
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"
VERSIONS = frozenset({"4.0", "4.0.1"})
LANGUAGES = ("en", "fr", "ar")
_TYPE = "http.Content-Type"
_ANY = ("*/*", "application/*", "text/*")


@lru_cache(512)
def check_format(format: str | None, accept: str | None) -> None:
    """Refuse what cannot be served; ``_format`` beats ``Accept``. Raises NotAcceptable (406)."""
    if format:
        name, options = parse_options_header(format.replace(" ", "+"))
        if name.lower() not in JSON_TYPES | {"json", *_ANY} or _other_version(options.get("fhirVersion")):
            raise NotAcceptable(
                f"_format={format} is not served: write _format=json (FHIR R4, 4.0.1).", expression="http._format"
            )
        return
    if not accept:
        return
    for name, quality in parse_accept_header(accept, MIMEAccept):
        kind, options = parse_options_header(name)
        if (kind in JSON_TYPES or kind in _ANY) and quality > 0 and not _other_version(options.get("fhirversion")):
            return
    raise NotAcceptable(
        f"Accept: {accept} cannot be met: this server speaks {FHIR_JSON} (FHIR R4, 4.0.1) alone.",
        expression="http.Accept",
    )


def _other_version(asked: str | None) -> bool:
    return asked is not None and asked not in VERSIONS


def check_content(content_type: str | None, allowed: frozenset[str]) -> str:
    """The bare type of a body. Raises UnsupportedMediaType (415) on all but ``allowed``."""
    name, options = parse_options_header(content_type or "")
    charset = options.get("charset", "utf-8").lower()
    if name.lower() not in allowed:
        named = f"Content-Type: {content_type}" if content_type else "A body without Content-Type"
        known = " or ".join(sorted(allowed - _ALIASES))
        raise UnsupportedMediaType(f"{named} is not read here: send {known}.", expression=_TYPE)
    if charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"charset={charset} is not read here: FHIR JSON is UTF-8.", expression=_TYPE)
    if _other_version(options.get("fhirversion") or options.get("fhirVersion")):
        raise UnsupportedMediaType("Only FHIR 4.0 (4.0.1) is read here.", expression=_TYPE)
    return name.lower()


_ALIASES = frozenset({"text/json", "application/json+fhir", "application/json"})


@lru_cache(256)
def preference(header: str | None, default: str = "representation") -> Preference:
    """``Prefer: return=…, handling=…``; what is unknown in it is ignored, as RFC 7240 asks."""
    returned, strict = default, False
    for part in (header or "").replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        value = value.strip().strip('"')
        if name.lower() == "return" and value in ("minimal", "representation", "OperationOutcome"):
            returned = value
        elif name.lower() == "handling" and value in ("strict", "lenient"):
            strict = value == "strict"
    return Preference(returned, strict)


@lru_cache(256)
def language(header: str | None) -> str:
    """The language of texts for people: en, fr or ar; English where nothing is asked."""
    accepted = parse_accept_header(header or "", LanguageAccept)
    for name, quality in accepted:
        short = name.split("-")[0].lower()
        if short in LANGUAGES and quality > 0:
            return short
    return "en"


def version_of(etag: str | None, header: str = "If-Match") -> int | Literal["*"] | None:
    """The version in ``W/"3"`` (also ``"3"`` and ``3``), or ``*``. Raises Malformed on anything else but nothing."""
    if etag is None or not etag.strip():
        return None
    if etag.strip() == "*":
        return "*"
    text = etag.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        said = f'{header}: {etag} is no version of a resource here: write W/"3", or *.'
        raise Malformed(said, expression="http.If-Match")
    return int(text)


def matches_etag(header: str | None, version: int | str) -> bool:
    """Whether ``If-None-Match`` names this version (weak comparison, a list, or ``*``)."""
    if not header:
        return False
    named = [part.strip().removeprefix("W/").strip('"') for part in header.split(",")]
    return "*" in named or str(version) in named


def http_date(header: str | None) -> datetime | None:
    """The instant of an HTTP date; None where absent or unreadable, as RFC 9110 §13.1.3 asks."""
    if not header:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
