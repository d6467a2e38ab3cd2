"""The form as a page shows it: groups with their titles, texts, fields, in the order of the Questionnaire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as by_default
from typing import Any

from app.fhir.translation import text as text_of
from pathways.questionnaire import items
from pathways.questionnaire.forms.field_of import OTHER


@dataclass(frozen=True, slots=True)
class Part:
    """``kind``: group (title, parts), rows (title, parts of each row in ``rows``), text (title), field (field)."""

    kind: str
    title: str = ""
    field: Any = None
    when: dict[str, Any] | None = None
    parts: list[Part] = by_default(default_factory=list)
    rows: list[list[Part]] = by_default(default_factory=list)


def parts(form: Any, owner: Mapping[str, Any], language: str, absent: Collection[str] = ()) -> list[Part]:
    """The parts below a Questionnaire or an item, those of ``form`` filled; items in ``absent`` are left out."""
    found: list[Part] = []
    for item in items.children(owner):
        if items.hidden(item) or "help" in items.controls(item) or item["linkId"] in absent:
            continue
        link_id, title = item["linkId"], text_of(item, "text", language) or ""
        if item["type"] == "display":
            found.append(Part("text", title))
        elif items.is_group(item) and items.repeats(item):
            rows = [parts(entry.form, item, language, absent) for entry in form[link_id].entries]
            found.append(Part("rows", title, form[link_id], rows=rows))
        elif items.is_group(item):
            found.append(Part("group", title, parts=parts(form, item, language, absent)))
        else:
            found += [
                Part("field", title, form[name], form[name].when) for name in (link_id, link_id + OTHER) if name in form
            ]
            found += parts(form, item, language, absent)
    return found
