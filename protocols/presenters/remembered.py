"""Bodies of pages that change only with the versions they show: made once, kept for the next reader."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from flask import current_app
from markupsafe import Markup

MOST = 64
EXTENSION = "protocols.remembered"


def remembered(key: Hashable, make: Callable[[], Markup]) -> Markup:
    """The text under a key, of this application; made where it is not there yet. The least recently read goes first."""
    kept: OrderedDict[Hashable, Markup] = current_app.extensions.setdefault(EXTENSION, OrderedDict())
    found = kept.get(key)
    made = kept[key] = make() if found is None else found
    kept.move_to_end(key)
    while len(kept) > MOST:
        kept.popitem(last=False)
    return made
