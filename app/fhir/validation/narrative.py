"""Narrative XHTML: rules txt-1 and txt-2, and nothing that could run.

https://hl7.org/fhir/R4/narrative.html#Narrative
"""

from __future__ import annotations

import re
from html.entities import name2codepoint
from typing import Any
from xml.etree import ElementTree

XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = frozenset(
    """
    a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3
    h4 h5 h6 hr i img kbd li map area ol p pre q s samp small span strike strong sub sup table tbody td tfoot th
    thead tr tt u ul var
    """.split()  # noqa: SIM905 - a list of words is read and compared more easily
)
_ATTRIBUTES = frozenset(
    """
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff
    charset cite class colspan compact coords dir frame headers height href hreflang hspace id ismap lang
    longdesc name noshade nowrap rel rev rowspan rules scope shape span src start style summary tabindex title
    type usemap valign value vspace width
    """.split()  # noqa: SIM905 - a list of words is read and compared more easily
) | {"{http://www.w3.org/XML/1998/namespace}lang"}
_RUNS = re.compile(r"(?:javascript|vbscript|data(?!:image/)):", re.IGNORECASE)
_IGNORED = re.compile(r"[\x00-\x20]+")  # browsers drop these from addresses: "java\nscript:" runs
_STYLE = re.compile(r"expression\s*\(|url\s*\(\s*['\"]?\s*(?:javascript|http)|@import|behavior\s*:", re.IGNORECASE)
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#\d+;|#x[\dA-Fa-f]+;)(\w+);")


def xhtml(value: Any) -> str | None:
    """None when the text is one safe ``<div>``; otherwise what is wrong."""
    if not isinstance(value, str):
        return "A string with an XHTML <div> is expected."
    if "<!DOCTYPE" in value or "<!ENTITY" in value or "<?" in value:
        return "A narrative holds neither DOCTYPE nor processing instructions."
    if strange := next((name for name in _ENTITY.findall(value) if name not in name2codepoint), None):
        return f"&{strange}; is no entity of HTML (txt-1)."
    try:
        root = ElementTree.fromstring(_ENTITY.sub(" ", value))
    except ElementTree.ParseError as error:
        return f"The narrative is not well-formed XHTML: {error}."
    if root.tag != f"{XHTML}div":
        return 'The narrative is one <div xmlns="http://www.w3.org/1999/xhtml">.'
    for element in root.iter():
        if wrong := _element(element):
            return wrong
    if not "".join(root.itertext()).strip() and root.find(f".//{XHTML}img") is None:
        return "The narrative has no text (txt-2)."
    return None


def _element(element: ElementTree.Element) -> str | None:
    name = str(element.tag).removeprefix(XHTML)
    if name not in _ELEMENTS or not str(element.tag).startswith(XHTML):
        return f"<{name}> is not allowed in a narrative (txt-1)."
    for attribute, text in element.attrib.items():
        if attribute not in _ATTRIBUTES:
            return f"The attribute {attribute} is not allowed in a narrative (txt-1)."
        if attribute in ("href", "src", "cite", "longdesc", "usemap") and _RUNS.match(_IGNORED.sub("", text)):
            return f"The attribute {attribute} of <{name}> would run a script (txt-1)."
        if attribute == "style" and _STYLE.search(text):
            return "A style in a narrative neither loads nor runs anything (txt-1)."
    return None
