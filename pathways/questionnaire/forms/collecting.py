"""From the fields of a form to answers, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import wtforms

from app.fhir.resource import Resource
from pathways.questionnaire import items
from pathways.questionnaire.forms.field_of import OTHER
from pathways.questionnaire.response import Answers

Rows = tuple[tuple[str, int], ...]
"""(repeating group, row from 0), from the outermost in."""


def collect(form: Any) -> Answers:
    """linkId → answers of a form or of one row; the free text of an open choice joins its ticked answers."""
    found: Answers = {}
    for field in form:
        link_id = getattr(field, "link_id", None)
        if isinstance(field, wtforms.FieldList):
            if rows := [own for entry in field.entries if (own := collect(entry.form))]:
                found[field.short_name] = rows
        elif link_id is not None and field.data and "data-calculated" not in (field.render_kw or {}):
            found.setdefault(link_id, []).extend(field.data)
    return found


def fields_of(form: Any, rows: Rows = ()) -> Iterator[tuple[Rows, Any]]:
    """((repeating group, row) …, field) of every field of items."""
    for field in form:
        if isinstance(field, wtforms.FieldList):
            yield from rows_of(field, rows)
        elif hasattr(field, "link_id"):
            yield rows, field


def rows_of(group: wtforms.FieldList, rows: Rows = ()) -> Iterator[tuple[Rows, Any]]:
    """The same of the rows of a repeating group."""
    for index, entry in enumerate(group.entries):
        yield from fields_of(entry.form, (*rows, (group.short_name, index)))


def answered_rows(form: Any, rows: Rows) -> dict[str, int | None]:
    """Rows of the form as occurrences of the response, in which empty rows do not stand (None)."""
    found: dict[str, int | None] = {}
    for link_id, row in rows:
        entries = form[link_id].entries
        filled = [index for index, entry in enumerate(entries) if collect(entry.form)]
        found[link_id] = filled.index(row) if row in filled else None
        form = entries[row].form
    return found


def for_fields(definitions: Mapping[str, Resource], answers: Answers) -> dict[str, Any]:
    """Answers by field name: the free text of an open choice goes to its own field."""
    found: dict[str, Any] = {}
    for link_id, given in answers.items():
        definition = definitions.get(link_id)
        if definition is None:
            continue
        if items.is_group(definition):
            found[link_id] = [for_fields(definitions, row) for row in given]
        elif definition["type"] == "open-choice":
            found[link_id] = [answer for answer in given if "valueString" not in answer]
            found[link_id + OTHER] = [answer for answer in given if "valueString" in answer]
        else:
            found[link_id] = given
    return found
