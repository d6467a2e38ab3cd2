"""Whether a calculated question is asked, in the words of the page's script: its own enableWhen and those around it.

A calculated value that is not asked counts as none for what reads it (``enable``); fields that are typed in are
disabled by the page itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.fhir.resource import choice, extension
from pathways.questionnaire import items, sdc
from pathways.questionnaire.forms.answers_read import AnswersRead, Outside, rows_of
from pathways.questionnaire.walking import Path

_ORDER = frozenset({">", "<", ">=", "<="})


class Speaking(Protocol):
    """What makes the words of expressions and answers (``Live``)."""

    read: AnswersRead

    def of(self, expression: Mapping[str, Any] | str, place: Path = ()) -> Any:
        """An expression in the script's words; None where it has none."""

    def answers(self, link_id: str, level: int) -> Any:
        """The answers of a question in the current row of ``level`` groups. Raises Outside."""


def asked_words(live: Speaking, path: Path) -> Any:
    """The words of the condition; None where it is asked always, or where the script cannot tell."""
    found = [words for depth in range(len(path)) for words in _conditions(live, path[: depth + 1])]
    made = found[0] if found else None
    for one in found[1:]:
        made = ["and", made, one]
    return made


def _conditions(live: Speaking, path: Path) -> list[Any]:
    definition = path[-1]
    expression = extension(definition, sdc.ENABLE_WHEN_EXPRESSION)
    if expression is not None:
        words = live.of(expression, path[:-1])
        return [words] if isinstance(words, list) and words else []
    try:
        found = [_holds(live, one, path) for one in definition.get("enableWhen", ())]
    except Outside:
        return []
    if definition.get("enableBehavior", "all") == "all" or not found:
        return found
    made = found[0]
    for one in found[1:]:
        made = ["or", made, one]
    return [made]


def _holds(live: Speaking, condition: Mapping[str, Any], path: Path) -> Any:
    question, operator = condition["question"], condition["operator"]
    if question not in live.read.paths:
        raise Outside
    given = live.answers(question, shared(live.read.rows(question), rows_of(path[:-1])))
    kind, value = choice(condition, "answer") or ("", None)
    if operator == "exists":
        return ["exists" if value else "empty", given]
    one: Any = ["$"]
    if kind == "Quantity":
        if len(items.units(live.read.paths[question][-1])) > 1 or not isinstance(value, dict):
            raise Outside
        given, value = [".", given, "value"], value.get("value")
    elif kind == "Coding":
        given, value = [".", given, "code"], (value or {}).get("code")
    elif operator in _ORDER and kind not in ("Integer", "Decimal"):
        raise Outside
    plain = value if isinstance(value, (bool, int, str)) else float(str(value))
    if operator == "!=":
        return ["and", ["exists", given], ["empty", ["where", given, ["=", one, plain]]]]
    return ["exists", given, [operator, one, plain]]


def shared(one: list[str], other: list[str]) -> int:
    """How many rows two places have in common."""
    level = 0
    while level < min(len(one), len(other)) and one[level] == other[level]:
        level += 1
    return level
