"""What a page stores: all of it or nothing, and once more where another transaction stood in its way.

A use case may refuse after it has written a part. The page is shown again then, in a transaction of its own that only
reads, with what was typed and why it was refused; nothing of the first one is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import wraps

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from app.errors import Conflict, Invalid, MaslakError, PreconditionFailed
from app.fhir.repository import Repository
from app.store import work
from app.store.patience import patiently
from app.web import current_actor

Refused = MaslakError | None
"""Why the use case of this page has refused what was sent; None where it has not been asked yet."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page answers once all is stored: where to go next, and what to say there."""

    to: str
    said: str = ""


def whole(page: Callable[..., ResponseReturnValue | Saved]) -> Callable[..., ResponseReturnValue]:
    """A view of a page that stores what is sent in one transaction (``opened``) and takes ``refused``.

    The page must be made of the request alone, and say what it has done by ``Saved``: it may be run several times.
    """

    @wraps(page)
    def view(**address: str) -> ResponseReturnValue:
        try:
            answer = patiently(lambda: page(**address, refused=None))
        except (Invalid, Conflict, PreconditionFailed) as error:
            if request.method == "GET":
                raise
            answer = page(**address, refused=error)
        if not isinstance(answer, Saved):
            return answer
        if answer.said:
            flash(answer.said, "success")
        return redirect(answer.to, 303)

    return view


def opened(refused: Refused) -> AbstractContextManager[Repository]:
    """The transaction of a page: for reading where it is only shown."""
    return work(current_actor(), reading=request.method == "GET" or refused is not None)
