"""The field of a number, with its unit at the end or a list of units to choose from."""

from __future__ import annotations

import json
from typing import Any

import wtforms
from markupsafe import Markup
from wtforms.widgets import html_params

from app.fhir.resource import Resource
from pathways.questionnaire import answers, items
from pathways.questionnaire.forms.fields import Typed
from pathways.questionnaire.numbers import number_text
from pathways.questionnaire.units import analytes_of, beside, convert, line, rounded
from pathways.questionnaire.words import words


class NumberAsked(Typed, wtforms.StringField):
    """A number, with its unit at the field's end, or with a list of units to choose from (``<name>.unit``)."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.units = items.units(self.item)
        self.unit_code: str | None = None
        if len(self.units) == 1:
            self.unit = items.unit_name(self.units[0], self.language)
        self.width = None if len(self.units) > 1 else "short"

    @property
    def chooses_unit(self) -> bool:
        """Whether the user picks the unit."""
        return len(self.units) > 1

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        sent = formdata.getlist(f"{self.name}.unit") if formdata is not None and self.chooses_unit else []
        self.unit_code = sent[0] if sent else None
        super().process(formdata, *args, **kwargs)
        if self.unit_code is None and self.data and "valueQuantity" in self.data[0]:
            self.unit_code = self.data[0]["valueQuantity"].get("code")

    def read(self, text: str) -> Resource:
        try:
            return answers.read(self.item, text, self.unit_code)
        except answers.Unreadable as error:
            raise self.complaint(error) from error

    @property
    def conversions(self) -> dict[str, list[Any]]:
        """Unit → [factor, offset, decimals, name of the other unit]: what the page's script shows while typing."""
        if not self.chooses_unit:
            return {}
        analytes = analytes_of(self.item)
        found = {}
        for unit in self.units:
            other = beside(self.item, unit["code"])
            if other is not None:
                factor, offset, places = line(unit["code"], other["code"], analytes)
                found[unit["code"]] = [float(factor), float(offset), places, items.unit_name(other, self.language)]
        return found

    @property
    def converted(self) -> str | None:
        """The answer in the other unit: ``6,11 mmol/L`` for ``1,1 g/L``."""
        quantity = self.data[0].get("valueQuantity") if self.data else None
        if not quantity or not self.chooses_unit or "code" not in quantity:
            return None
        other = beside(self.item, quantity["code"])
        if other is None:
            return None
        analytes = analytes_of(self.item)
        value = rounded(convert(quantity["value"], quantity["code"], other["code"], analytes), other["code"], analytes)
        return f"{number_text(value, self.language)} {items.unit_name(other, self.language)}"

    def __call__(self, **kwargs: Any) -> Markup:
        if not self.chooses_unit:
            return Markup(super().__call__(**kwargs))
        conversions = {"data-to": json.dumps(self.conversions, separators=(",", ":"))}
        return Markup(super().__call__(**kwargs, **conversions)) + self._unit_list()

    def _unit_list(self) -> Markup:
        name = f"{self.name}.unit"
        _ = words(self.language)
        rows = [
            Markup("<option {}>{}</option>").format(
                Markup(html_params(value=unit["code"], selected=unit["code"] == self.unit_code)),
                items.unit_name(unit, self.language),
            )
            for unit in self.units
        ]
        about = Markup(html_params(id=name, name=name, class_="units", dir="ltr", aria_label=_("Unit")))
        shown = Markup('<output class="converted" {}><bdi dir="ltr">{}</bdi></output>').format(
            Markup(html_params(id=f"{self.id}-other", for_=self.id)), f"= {self.converted}" if self.converted else ""
        )
        return Markup("<select {}>{}</select>").format(about, Markup().join(rows)) + shown
