"""The one error of the engine."""

from __future__ import annotations

from app.errors import Invalid


class FhirPathError(Invalid):
    """An expression cannot be read, checked or evaluated.

    ``reason`` is the cause alone; ``text`` the FHIRPath expression and ``position`` the index (from 0) of the character
    where the trouble is, both ``None`` until known. The message carries all three.
    """

    def __init__(self, message: str, expression: str | None = None, position: int | None = None):
        super().__init__(message)
        self.reason = message
        self.text = expression
        self.position = position
        self._tell()

    def at(self, position: int) -> None:
        """Keep the innermost known position: an outer one does not overwrite it."""
        if self.position is None:
            self.position = position

    def within(self, expression: str) -> FhirPathError:
        """The same error, naming its expression."""
        if self.text is None:
            self.text = expression
            self._tell()
        return self

    def _tell(self) -> None:
        words = self.reason
        if self.text is not None:
            shown = self.text if len(self.text) <= 200 else self.text[:200] + "…"
            place = "" if self.position is None else f" at character {self.position + 1}"
            words = f"{self.reason} (FHIRPath{place}: {shown})"
        self.message = words
        self.args = (words,)
        first = self.issues[0]
        self.issues[0] = type(first)(words, first.code, first.expression, first.severity, first.diagnostics)

    def __str__(self) -> str:
        return self.message
