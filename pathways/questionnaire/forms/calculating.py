"""What a form calculates: each value with its sentence for the page, and the same for the page's script (``live``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.fhir.resource import Resource, extension
from pathways.questionnaire import items, sdc
from pathways.questionnaire.calculation import PLACE, SENTENCES, comma, explained, parts_of
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms.collecting import answered_rows, fields_of
from pathways.questionnaire.forms.live import Live
from pathways.questionnaire.walking import Path, chain_to, paths
from pathways.questionnaire.words import words


def result_id(link_id: str) -> str:
    """The id of the element that shows what was calculated for a question (``*`` in it: in each row)."""
    return f"{link_id}-result"


def _calculated(definition: Mapping[str, Any]) -> bool:
    """Whether its answer is calculated and people see it."""
    return items.is_calculated(definition) and not items.hidden(definition)


def show_calculations(form: Any, response: Mapping[str, Any], expressions: Expressions) -> None:
    """Give each calculated field of the page, in every row, what the answers of ``response`` make of it."""
    known = {path[-1]["linkId"]: path for path in paths(form.source.questionnaire) if _calculated(path[-1])}
    for rows, field in fields_of(form):
        if path := known.get(field.link_id):
            chain = chain_to(response, path, answered_rows(form, rows))
            field.calculation = explained(path[-1], expressions, response, chain)


def live_of(form: Any, live: Live) -> Resource | None:
    """What the script needs to calculate on this page (``data-live``); None where there is nothing for it to do.

    ``c`` the calculations, ``v`` the variables, ``q`` the questions read, ``w`` the words around what is said.
    """
    language = form.source.language
    made = [
        one
        for link_id, path in live.read.paths.items()
        if _calculated(path[-1])
        and link_id not in form.absent
        and (one := _calculation(path, live, language)) is not None
    ]
    convertible = any(getattr(field, "conversions", None) for _rows, field in fields_of(form))
    if not made and not live.questions and not convertible:
        return None
    around = {kind: words(language)(sentence, what="{}") for kind, sentence in SENTENCES.items()}
    return {"c": made, "v": live.variables, "q": live.questions, "w": around | {"comma": comma(language)}}


def _calculation(path: Path, live: Live, language: str) -> Resource | None:
    """One calculation in the script's words; None where a part of it is outside of what the script can do."""
    definition = path[-1]
    expression = live.of(extension(definition, sdc.CALCULATED_EXPRESSION), path)
    notes = list(_notes(path, live, language))
    if expression is None or any(None in note[2] for note in notes) or definition["type"] not in _SHOWN:
        return None
    unit = items.unit_name(items.unit(definition), language)
    if definition["type"] == "integer":
        expression = ["where", expression, ["=", ["mod", ["$"], 1], 0]]  # another number is no answer
    made = {"id": result_id(live.read.pattern(definition["linkId"])), "e": expression, "u": unit, "n": notes}
    places = extension(definition, sdc.MAX_DECIMAL_PLACES)
    return made | ({"p": int(places)} if places is not None else {})


_SHOWN = frozenset({"decimal", "integer", "quantity", "string", "text"})


def _notes(path: Path, live: Live, language: str) -> Iterator[list[Any]]:
    """``[kind, condition or null, [text, words, text …]]`` of each part that is ever said here."""
    for part in parts_of(path[-1], language):
        when = live.of(part.when, path) if part.when is not None else None
        if part.when is not None and when in (False, []):
            continue
        pieces = PLACE.split(part.text)
        said = [live.of(piece, path) if at % 2 else piece for at, piece in enumerate(pieces)]
        outside = part.when is not None and when is None
        yield [part.kind, when if when is not True else None, [None] if outside else said]
