"""The XHTML that a narrative may hold (https://hl7.org/fhir/R4/narrative.html#xhtml)."""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

_TAG_WORDS: Final = (
    "a abbr acronym address b big blockquote br caption center cite code col colgroup dd del dfn div dl dt em font "
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q samp small span strike strong sub sup table tbody td tfoot th "
    "thead tr tt u ul var"
)
_ATTRIBUTE_WORDS: Final = (
    "abbr align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class "
    "color colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev "
    "rowspan rules scope shape size span src start style summary tabindex title type valign value vspace width "
    "xml:lang xmlns accesskey target datetime face"
)
_TAGS: Final = frozenset(_TAG_WORDS.split())
_ATTRIBUTES: Final = frozenset(_ATTRIBUTE_WORDS.split())
_SCHEMES: Final = ("javascript:", "vbscript:")
_XHTML: Final = "http://www.w3.org/1999/xhtml"


class _Refused(Exception):
    """Something that a narrative may not hold."""


def is_narrative(text: str) -> bool:
    """Whether the text is one ``div`` of XHTML with allowed elements and attributes, and some content."""
    depth, content = 0, False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, content
        if depth == 0 and (tag != "div" or attributes.get("xmlns", _XHTML) != _XHTML):
            raise _Refused(tag)
        if tag not in _TAGS or not attributes.keys() <= _ATTRIBUTES:
            raise _Refused(tag)
        if any(value.strip().lower().startswith(_SCHEMES) for value in attributes.values()):
            raise _Refused(tag)
        depth, content = depth + 1, content or tag == "img"

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def data(characters: str) -> None:
        nonlocal content
        content = content or bool(characters.strip())

    def refuse(*_: object) -> None:
        raise _Refused("a document type, an entity or an instruction")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(text.replace("&nbsp;", "&#160;"), True)
    except (expat.ExpatError, _Refused):
        return False
    return content
