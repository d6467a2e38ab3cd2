"""Forms of the clinic: what must be answered carries a star; the rest is not marked, for most of it is optional."""

from __future__ import annotations

from typing import Any

from app.web.form import Form


class Questions(Form):
    """A form whose required fields are marked."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self:
            field.flags.silent, field.flags.needed = True, bool(field.flags.required)


def seen_version(form: Form) -> int | None:
    """The version that the page was made from (its field ``seen``); None where it does not say."""
    text = str(form["seen"].data or "")
    return int(text) if text.isdigit() else None
