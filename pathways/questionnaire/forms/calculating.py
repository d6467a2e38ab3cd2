"""What a form calculates: each value with its sentence for the page, and the same for the page's script (``live``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.fhir.resource import Resource, extension
from pathways.questionnaire import items, sdc
from pathways.questionnaire.calculation import PLACE, SENTENCES, comma, explained, parts_of
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms.answers_read import Path
from pathways.questionnaire.forms.collecting import answered_rows, fields_of
from pathways.questionnaire.forms.live import Live
from pathways.questionnaire.walking import chain_to, path_to
from pathways.questionnaire.words import words


def result_id(link_id: str) -> str:
    """The id of the element that shows what was calculated for a question (``*`` in it: in each row)."""
    return f"{link_id}-result"


def calculated(questionnaire: Mapping[str, Any]) -> list[Resource]:
    """The questions whose answer is calculated and that people see."""
    return [one for one in items.walk(questionnaire) if items.is_calculated(one) and not items.hidden(one)]


def show_calculations(form: Any, response: Mapping[str, Any], expressions: Expressions) -> None:
    """Give each calculated field of the page, in every row, what the answers of ``response`` make of it."""
    links = {one["linkId"] for one in calculated(form.source.questionnaire)}
    for rows, field in fields_of(form):
        if field.link_id in links:
            path = path_to(form.source.questionnaire, field.link_id)
            chain = chain_to(response, path, answered_rows(form, rows))
            field.calculation = explained(path[-1], expressions, response, chain)


def live_of(form: Any, live: Live) -> Resource | None:
    """What the script needs to calculate on this page (``data-live``); None where there is nothing for it to do.

    ``c`` the calculations, ``v`` the variables, ``q`` the questions read, ``w`` the words around what is said.
    """
    language = form.source.language
    made = [
        one
        for definition in calculated(form.source.questionnaire)
        if definition["linkId"] not in form.absent and (one := _calculation(definition, live, language)) is not None
    ]
    convertible = any(getattr(field, "conversions", None) for _rows, field in fields_of(form))
    if not made and not live.questions and not convertible:
        return None
    around = {kind: words(language)(sentence, what="{}") for kind, sentence in SENTENCES.items()}
    return {"c": made, "v": live.variables, "q": live.questions, "w": around | {"comma": comma(language)}}


def _calculation(definition: Resource, live: Live, language: str) -> Resource | None:
    """One calculation in the script's words; None where a part of it is outside of what the script can do."""
    link_id = definition["linkId"]
    path = live.read.paths[link_id]
    expression = live.of(extension(definition, sdc.CALCULATED_EXPRESSION), path)
    notes = list(_notes(definition, live, language, path))
    if expression is None or any(None in note[2] for note in notes) or definition["type"] not in _SHOWN:
        return None
    unit = items.unit_name(items.unit(definition), language)
    if definition["type"] == "integer":
        expression = ["where", expression, ["=", ["mod", ["$"], 1], 0]]  # another number is no answer
    made = {"id": result_id(live.read.pattern(link_id)), "e": expression, "u": unit, "n": notes}
    places = extension(definition, sdc.MAX_DECIMAL_PLACES)
    return made | ({"p": int(places)} if places is not None else {})


_SHOWN = frozenset({"decimal", "integer", "quantity", "string", "text"})


def _notes(definition: Resource, live: Live, language: str, path: Path) -> Iterator[list[Any]]:
    """``[kind, condition or null, [text, words, text …]]`` of each part that is ever said here."""
    for part in parts_of(definition, language):
        when = live.of(part.when, path) if part.when is not None else None
        if part.when is not None and when in (False, []):
            continue
        pieces = PLACE.split(part.text)
        said = [live.of(piece, path) if at % 2 else piece for at, piece in enumerate(pieces)]
        outside = part.when is not None and when is None
        yield [part.kind, when if when is not True else None, [None] if outside else said]
