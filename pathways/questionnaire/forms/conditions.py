"""enableWhen in the words of the page's small script (``when`` of the form macros); the server judges again.

``{"field": name, "is": [...]}``, ``answered``, ``above``, ``below``, ``from``, ``to``, ``unlike``, ``any``, ``all``,
``live`` (an expression, see ``live``, in the row ``row``). A ``*`` in the name of a field stands for every row. What
the page cannot decide (dates in order, quantities with a choice of unit, expressions outside of its subset) is shown
always: None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.fhir.resource import Resource, choice, extension
from pathways.questionnaire import items, sdc
from pathways.questionnaire.answers import option_key
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms.answers_read import AnswersRead, rows_of
from pathways.questionnaire.forms.asked import shared
from pathways.questionnaire.forms.collecting import Rows
from pathways.questionnaire.forms.live import Live

_BOUNDS = {">": "above", "<": "below", ">=": "from", "<=": "to"}
_VARIABLE = re.compile(r"%`?([\w-]+)")
_ANSWERS = re.compile(r"\b(item|answer)\b")
When = dict[str, Any]


def when(
    definition: Mapping[str, Any],
    definitions: Mapping[str, Resource],
    name_of: Callable[[str], str],
    live: Live | None = None,
    row: Sequence[int] = (),
) -> When | None:
    """The condition under which a question is shown.

    ``name_of`` gives the form field of a linkId, ``row`` the numbers of the rows in which the question stands.
    """
    expression = extension(definition, sdc.ENABLE_WHEN_EXPRESSION)
    if expression is not None:
        words = live.of(expression, live.read.paths[definition["linkId"]][:-1]) if live else None
        if not isinstance(words, list):
            return None  # what no answer changes is decided here
        return {"live": words} | ({"row": list(row)} if row else {})
    conditions = definition.get("enableWhen", [])
    if not conditions:
        return None
    rules = [_rule(one, definitions.get(one["question"], {}), name_of(one["question"])) for one in conditions]
    known = [rule for rule in rules if rule is not None]
    any_of = definition.get("enableBehavior", "all") == "any"
    if not known or (any_of and len(known) < len(rules)):
        return None
    if len(known) == 1:
        return known[0]
    return {"any" if any_of else "all": known}


def absent_here(questionnaire: Mapping[str, Any], context: FormContext) -> set[str]:
    """linkIds that this form never asks of this patient: their expression reads no answer, and is not true."""
    known = {"patient", "subject", "encounter", "user", *context.launch}
    expressions = Expressions(questionnaire, context)
    nothing = {"resourceType": "QuestionnaireResponse", "status": "in-progress"}
    found: set[str] = set()
    for item in items.walk(questionnaire):
        expression = extension(item, sdc.ENABLE_WHEN_EXPRESSION)
        text = expression.get("expression", "") if expression else ""
        settled = text and set(_VARIABLE.findall(text)) <= known and not _ANSWERS.search(text)
        if settled and expressions.holds(expression, nothing) is not True:
            found |= {item["linkId"], *(below["linkId"] for below in items.walk(item))}
    return found


def together(outer: When | None, inner: When | None) -> When | None:
    """Both must hold: the condition of a group and that of a question in it."""
    if outer is None or inner is None:
        return inner if outer is None else outer
    return {"all": [outer, inner]}


def named_in(read: AnswersRead, link_id: str, rows: Rows) -> str:
    """The name of the field of a question as seen from a row: its own row's, else ``*`` for every row."""
    if link_id not in read.paths:
        return link_id
    name = read.pattern(link_id)
    held = shared(rows_of(read.paths[link_id][:-1]), [group for group, _number in rows])
    for _group, number in rows[:held]:
        name = name.replace("*", str(number), 1)
    return name


def _rule(condition: Mapping[str, Any], question: Mapping[str, Any], field: str) -> When | None:
    operator = condition["operator"]
    kind, value = choice(condition, "answer") or ("", None)
    if operator == "exists":
        return {"field": field, "answered": bool(value)}
    number = value.get("value") if kind == "Quantity" and isinstance(value, dict) else value
    if kind == "Quantity" and len(items.units(question)) > 1:
        return None
    if kind in ("Quantity", "Decimal", "Integer"):
        plain = float(str(number))
        if operator in _BOUNDS:
            return {"field": field, _BOUNDS[operator]: plain}
        if operator == "=":
            return {"field": field, "from": plain, "to": plain}
        return {"field": field, "unlike": plain, "answered": True}
    if operator in _BOUNDS:
        return None
    written = ("true" if value else "false") if kind == "Boolean" else option_key({f"value{kind}": value})
    if operator == "=":
        return {"field": field, "is": [written]}
    return {"field": field, "not": [written], "answered": True}
