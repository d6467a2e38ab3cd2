"""Marks the sentences of the door that readers get in their own language; the others say their kind first."""

from __future__ import annotations


def _(message: str) -> str:
    """The message as it is, found by the catalogues and translated when it is sent (``app.rest.outcomes.spoken``).

    As https://docs.python.org/3/library/gettext.html#deferred-translations has it.
    """
    return message
