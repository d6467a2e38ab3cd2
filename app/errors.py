"""What can go wrong, in the words of the domain.

Domain code raises these; only ``app.rest`` and ``app.web`` know which HTTP status each one becomes
(https://hl7.org/fhir/R4/http.html#2.21.0.4). Every error carries a list of issues, each of which becomes one
``OperationOutcome.issue`` (https://hl7.org/fhir/R4/operationoutcome.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong: ``code`` is of the issue-type value set, ``expression`` the element's FHIRPath.

    ``text`` is an English message, possibly with ``{names}`` that ``values`` fill: pages translate it, then fill it.
    """

    text: str
    code: str = "processing"
    expression: str | None = None
    severity: str = "error"
    diagnostics: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    """Language → the whole text, where it is said in that language already."""

    def __str__(self) -> str:
        return filled(self.text, self.values)


def msgid(text: str) -> str:
    """The text itself: marks it for translation where nothing translates, in a room that knows no page."""
    return text


class InLanguages(str):
    """A text of the content as a value of a message: itself where nobody chooses, in another language on a page."""

    others: Mapping[str, str]

    def __new__(cls, said: str, **others: str | None) -> Self:
        made = super().__new__(cls, said)
        made.others = {language: text for language, text in others.items() if text}
        return made

    def to(self, language: str) -> str:
        """The text in a language, as far as it is known."""
        return self.others.get(language, str(self))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """The message with its ``{names}`` filled; a message without values is left as it is."""
    return template.format_map(values) if values and "{" in template else template


class MaslakError(Exception):
    """Base of all errors that a user or a client can act on.

    The message is English and may hold ``{names}`` that ``details`` fill; pages translate ``template`` first.
    """

    code: ClassVar[str] = "processing"
    language: str | None = None
    """In which it is to be told, where the call names it itself and not only its surroundings."""

    def __init__(self, message: str, *, expression: str | None = None, issues: Sequence[Issue] = (), **details: Any):
        self.template = message
        self.details = details
        self.message = filled(message, details)
        super().__init__(self.message)
        self.issues: list[Issue] = list(issues) or [Issue(message, self.code, expression, values=details)]

    @classmethod
    def coded(cls, code: str, message: str, **details: Any) -> Self:
        """The error under another code of the issue-type value set than its class has."""
        return cls(message, issues=[Issue(message, code, values=details)], **details)

    def placed(self, place: Callable[[str | None], str]) -> Self:
        """The same error, each of its issues at the ``place`` that its own becomes, as somebody further out sees it."""
        issues = [replace(issue, expression=place(issue.expression)) for issue in self.issues]
        made = type(self)(self.template, issues=issues, **self.details)
        made.language = self.language
        return made


class Malformed(MaslakError):
    """The bytes cannot be read at all: broken JSON, a bad parameter (400)."""

    code = "structure"


class Invalid(MaslakError):
    """Readable, but against the structure or a business rule (422)."""

    code = "invalid"


class Unauthorized(MaslakError):
    """Nobody is signed in, or the token is unknown or past its time (401)."""

    code = "login"


class Forbidden(MaslakError):
    """The actor has no grant for this (403)."""

    code = "forbidden"


class NotFound(MaslakError):
    """There is no such thing (404)."""

    code = "not-found"


class Gone(MaslakError):
    """It was there and has been deleted (410)."""

    code = "deleted"


class NotSupported(MaslakError):
    """Known to FHIR, not served here (405, or 400 for a parameter)."""

    code = "not-supported"


class NotAcceptable(MaslakError):
    """No representation that the client accepts (406)."""

    code = "not-supported"


class UnsupportedMediaType(MaslakError):
    """The body is in a format that is not read here (415)."""

    code = "not-supported"


class Conflict(MaslakError):
    """The present state does not allow it: a move refused, a reference still in use (409)."""

    code = "conflict"


class Duplicate(Conflict):
    """The same thing has been stored already, for example a form sent twice (409)."""

    code = "duplicate"


class PreconditionFailed(MaslakError):
    """If-Match is stale, or a condition matches several (412)."""

    code = "conflict"


class TooLarge(MaslakError):
    """Over a stated limit (413)."""

    code = "too-long"


class TooMany(MaslakError):
    """Too many requests in too short a time (429)."""

    code = "throttled"
