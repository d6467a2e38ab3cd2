"""String parameters: https://hl7.org/fhir/R4/search.html#string"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.fhir.names import sought
from app.fhir.normalise import digits, normalised
from app.store.parameters import Parameter
from app.store.search.conditions import NEVER, Match, on_paths
from app.store.search.request import unescaped
from app.store.values import VALUE_LENGTH

LAST = "\U0010ffff"
"""Sorts after every character: what begins with a text lies between it and it with this."""


def string(parameters: Sequence[Parameter], values: Iterable[str], modifier: str | None) -> Match:
    """A text that begins with one of the values, whatever case, accents and Arabic spelling; ``:exact``,
    ``:contains``.
    """
    codes = [code for parameter in parameters for code in parameter.codes()]
    by_digits = any(parameter.index == "#digits" for parameter in parameters)
    by_name = any(parameter.index == "#words" for parameter in parameters) and modifier is None
    texts, held = [], []
    for value in values:
        wanted = unescaped(value)
        folded = (digits(wanted) if by_digits else normalised(wanted))[:VALUE_LENGTH]
        if by_name and folded:
            beginnings, whole = sought(wanted)
            texts += ["(i.value >= ? and i.value < ?)"] * len(beginnings) + ["i.value = ?"] * len(whole)
            held += [bound for one in beginnings for bound in (one[:VALUE_LENGTH], one[:VALUE_LENGTH] + LAST)] + whole
        elif modifier == "exact":
            texts.append("(i.value = ? and i.exact = ?)")
            held += [normalised(wanted)[:VALUE_LENGTH], wanted]
        elif not folded:
            texts.append(NEVER)
        elif modifier == "contains":
            texts.append("i.value like ? escape '\\'")
            held.append("%" + folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
        else:
            texts.append("(i.value >= ? and i.value < ?)")
            held += [folded, folded + LAST]
    return Match("string", f"{on_paths(codes)} and ({' or '.join(texts)})", tuple(held), narrow=modifier != "contains")
