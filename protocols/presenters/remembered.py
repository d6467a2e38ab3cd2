"""Bodies of pages that change only with the version they show: made once, kept for the next reader."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from markupsafe import Markup

MOST = 64
_kept: OrderedDict[Hashable, Markup] = OrderedDict()


def remembered(key: Hashable, make: Callable[[], Markup]) -> Markup:
    """The text under a key; made where it is not there yet. The least recently read goes first."""
    if (found := _kept.get(key)) is not None:
        _kept.move_to_end(key)
        return found
    made = _kept[key] = make()
    while len(_kept) > MOST:
        _kept.popitem(last=False)
    return made
