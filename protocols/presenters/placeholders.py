"""Names of values within a text, ``{{%sbp}}``: kept in one piece where they are shown.

In an Arabic line the braces and "%" would go to the other side of the name, and somebody would put them "right". So
they are shown between isolates (https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates), which do not come
into what is stored.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"(?<!\u2066)\{\{[^{}]*\}\}")
_ISOLATED = re.compile("\u2066(\\{\\{[^{}]*\\}\\})\u2069")


def isolated(words: str) -> str:
    """The text with its placeholders left to right."""
    return _BARE.sub("\u2066\\g<0>\u2069", words)


def stored(words: str) -> str:
    """The text as it is written into the content."""
    return _ISOLATED.sub(r"\1", words)
