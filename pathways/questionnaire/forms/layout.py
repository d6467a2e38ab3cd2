"""The form as a page shows it: groups with their titles, texts, fields, in the order of the Questionnaire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as by_default
from typing import Any

from app.fhir.translation import text as text_of
from pathways.questionnaire import items
from pathways.questionnaire.forms.field_of import OTHER

FEW = 5
"""More questions, or more answers to choose from, are folded away where none must be answered."""


@dataclass(frozen=True, slots=True)
class Part:
    """``kind``: group (title, parts), rows (title, parts of each row in ``rows``), text (title), field (field)."""

    kind: str
    title: str = ""
    field: Any = None
    when: dict[str, Any] | None = None
    parts: list[Part] = by_default(default_factory=list)
    rows: list[list[Part]] = by_default(default_factory=list)

    @property
    def fields(self) -> list[Any]:
        """The fields of this part and of those below it."""
        own = [self.field] if self.kind == "field" else []
        return own + [field for part in (*self.parts, *(p for row in self.rows for p in row)) for field in part.fields]

    @property
    def side_by_side(self) -> bool:
        """Whether it is a group of a few numbers, which are read and typed as one: 168 over 102."""
        return self.kind == "group" and 1 < len(self.parts) < 4 and all(_is_number(part) for part in self.parts)

    @property
    def foldable(self) -> bool:
        """Whether it asks many things, none of which must be answered at each visit."""
        asked = self.fields
        many = len(asked) > FEW or any(len(getattr(field, "options", ())) > FEW for field in asked)
        return self.kind in ("group", "field") and many and not any(field.flags.needed for field in asked)

    @property
    def touched(self) -> bool:
        """Whether something in it is answered or wrong, so that it must stand open."""
        return any(field.data or field.errors for field in self.fields)

    @property
    def last(self) -> tuple[str, Any] | None:
        """(values, day) of the last time, where all numbers side by side are of the same day."""
        found = [part.field.last for part in self.parts if part.kind == "field"]
        if not found or None in found or len({day for _value, day in found}) != 1:
            return None
        return "/".join(value for value, _day in found), found[0][1]


def _is_number(part: Part) -> bool:
    return part.kind == "field" and bool(part.field.unit)


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
