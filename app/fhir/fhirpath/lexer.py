"""Text to tokens (http://hl7.org/fhirpath/N1/#lexical-elements)."""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import FhirPathError

MAX_LENGTH = 100_000
"""Characters of one expression; longer ones are refused rather than read."""

_PATTERN = re.compile(
    r"""
    (?P<space>\s+|//[^\n\r]*|/\*.*?\*/)
  | (?P<time>@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)
  | (?P<date>@\d{4}(?:-\d\d(?:-\d\d)?)?
      (?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)
  | (?P<number>\d+(?:\.\d+)?)(?P<long>L(?![A-Za-z0-9_]))?
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`(?:[^`\\]|\\.)*`)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<special>\$[a-z]+)
  | (?P<variable>%(?:"[^"\\]+"|(?:vs|ext)-[A-Za-z][A-Za-z0-9\-]*))
  | (?P<sign><=|>=|!=|!~|[-+*/&|<>=~().,\[\]{}%])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "\\": "\\", "/": "/", "'": "'", '"': '"', "`": "`"}


class Token(NamedTuple):
    """``kind``: time date number long name quoted string special variable sign end.

    ``text`` stands without quotes and escapes."""

    kind: str
    text: str
    at: int


def tokens(expression: str) -> list[Token]:
    """The tokens of an expression without spaces and comments, closed by one of kind ``end``.

    Raises ``FhirPathError`` at the first character that begins no token.
    """
    if len(expression) > MAX_LENGTH:
        raise FhirPathError(f"The expression has more than {MAX_LENGTH} characters.")
    found: list[Token] = []
    at, end = 0, len(expression)
    while at < end:
        match = _PATTERN.match(expression, at)
        if match is None:
            raise FhirPathError(_complaint(expression, at), expression, at)
        kind = match.lastgroup or "sign"
        text = match.group()
        if kind in ("string", "quoted"):
            text = unescaped(text[1:-1], expression, at)
        elif kind == "long":
            text = text[:-1]
        elif kind == "variable":  # as FHIR R4 writes them: %"vs-name", %vs-name
            text = text[1:].strip('"')
        if kind != "space":
            found.append(Token(kind, text, at))
        at = match.end()
    found.append(Token("end", "", end))
    return found


def _complaint(expression: str, at: int) -> str:
    character = expression[at]
    if character in "'`":
        return f"The {'string' if character == chr(39) else 'name'} that begins here is never closed."
    if expression.startswith("/*", at):
        return "The comment that begins here is never closed."
    if character == "@":
        return "This is not a date, dateTime or time: write @2024-03-31, @2024-03-31T09:30:00Z or @T09:30."
    return f"Unexpected character {character!r}."


def unescaped(text: str, expression: str, at: int) -> str:
    """The text of a string or quoted name with its escapes replaced; raises on an unknown escape."""
    if "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _ESCAPED:
            raise FhirPathError(f"Unknown escape \\{code} in a string.", expression, at)
        return _ESCAPED[code]

    found = _ESCAPE.sub(replace, text)
    try:
        return found.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        raise FhirPathError("A string holds half of a surrogate pair.", expression, at) from None
