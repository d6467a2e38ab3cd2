"""Choosing an establishment among thousands: its number or name is typed, the browser proposes where they are few."""

from __future__ import annotations

from typing import Any

import wtforms
from flask_babel import gettext as _
from markupsafe import Markup

from app.web import facility_tree
from app.web.facility_tree import Node
from app.web.form import TextField
from app.web.reading import clean_text

MOST_PROPOSED = 200
MOST_NAMED = 5
_BETWEEN = " · "


class PlaceField(TextField):
    """The reference of an organization (``Organization/…``) or None; what was typed stays as it was typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean_text(valuelist[0]) if valuelist else ""
        self.data = None
        if not text:
            return
        found = places_called(text)
        if len(found) == 1:
            self.data = found[0].reference
        elif found:
            names = _(", ").join(label(node) for node in found[:MOST_NAMED])
            raise ValueError(_("Several establishments are called so. Give the number: %(names)s", names=names))
        else:
            raise ValueError(_("There is no establishment with this number or name"))

    def pre_validate(self, form: wtforms.Form) -> None:
        """A text that names none is already told; "fill this in" would hide why."""
        if self.process_errors:
            raise wtforms.validators.StopValidation

    def _value(self) -> str:
        if self.raw_data and not self.data:
            return str(self.raw_data[0])
        node = facility_tree.tree().nodes.get(self.data or "")
        return label(node) if node else ""

    def __call__(self, **kwargs: Any) -> Markup:
        nodes = facility_tree.tree().nodes
        if len(nodes) > MOST_PROPOSED:
            return super().__call__(autocomplete="off", **kwargs)
        options = Markup("").join(Markup('<option value="{}">').format(label(node)) for node in nodes.values())
        shown = super().__call__(list=f"{self.id}-places", autocomplete="off", **kwargs)
        return shown + Markup('<datalist id="{}-places">{}</datalist>').format(self.id, options)


def label(node: Node) -> str:
    """``4410 · CSU Hay Salam``: number first, so that it can be read back."""
    return f"{node.number}{_BETWEEN}{node.name}"


def places_called(text: str) -> list[Node]:
    """The organizations that a text means: one by its number or reference, else all whose name holds it."""
    nodes = facility_tree.tree().nodes
    if text in nodes:
        return [nodes[text]]
    number = text.partition(_BETWEEN)[0].strip().casefold()
    by_number = [node for node in nodes.values() if node.number.casefold() == number]
    if by_number:
        return by_number
    wanted = text.casefold()
    exact = [node for node in nodes.values() if wanted in {name.casefold() for name in node.names.values()}]
    return exact or facility_tree.tree().matching(text)
