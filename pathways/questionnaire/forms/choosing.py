"""Long lists of answers (item control *autocomplete*): a list to choose from, with a filter in either language.

Up to ``LISTED`` answers stand in the page, and its script filters them. Of more, only the one chosen and those that a
search found stand there: the script asks ``/forms/options`` while one types, and without it a button searches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup
from wtforms.fields.choices import Choice
from wtforms.widgets import html_params

from app.fhir.normalise import normalised
from pathways.questionnaire.forms.fields import ChoicesAsked, SelectAsked
from pathways.questionnaire.options import Option
from pathways.questionnaire.words import words

LISTED = 200
"""Most answers that stand in the page."""

OFFERED = 50
"""Most answers that a search brings."""

FIND = ".find"
"""Suffix of the field in which one types what to look for."""


def find_text(option: Option) -> str:
    """What a filter looks in: the label in both languages and the code, without accents and variants of Arabic."""
    return normalised(f"{option.label} {option.also} {option.key.rpartition('|')[2]}")


def matching(options: Iterable[Option], typed: str) -> list[Option]:
    """The options that hold every word typed, in either language; those that begin with it first."""
    wanted = normalised(typed).split()
    found = [option for option in options if all(word in find_text(option) for word in wanted)]
    return sorted(found, key=lambda option: not find_text(option).startswith(" ".join(wanted)))


class ChosenAsked(SelectAsked):
    """One of many, with a filter."""

    typed = ""

    def __init__(self, *args: Any, address: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.address = address
        """The value set from which more can be fetched; empty where all stand in the page."""

    @property
    def searched(self) -> bool:
        """Whether there are too many answers for the page."""
        return bool(self.address) and len(self.options) > LISTED

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        sent = formdata.getlist(self.name + FIND) if formdata is not None else []
        self.typed = sent[0].strip() if sent else ""
        super().process(formdata, *args, **kwargs)

    @property
    def offered(self) -> Sequence[Option]:
        """The options that stand in the page."""
        if not self.searched:
            return self.options
        keys = self.keys
        chosen = [option for option in self.options if option.key in keys]
        found = matching(self.options, self.typed)[:OFFERED] if self.typed else []
        return chosen + [option for option in found if option.key not in keys]

    def iter_choices(self) -> Any:
        keys = self.keys
        yield Choice("", "", not keys, {})
        for option in self.offered:
            about = {} if self.searched else {"data-find": find_text(option)}
            yield Choice(option.key, option.label, option.key in keys, about)

    def __call__(self, **kwargs: Any) -> Markup:
        return filter_box(self, self.typed) + Markup(super().__call__(**kwargs))


class ManyChosenAsked(ChoicesAsked):
    """Any of many, with a filter over the tick boxes."""

    searched = False
    address = ""

    def iter_choices(self) -> Any:
        keys = self.keys
        for option in self.options:
            exclusive = {"data-exclusive": ""} if option.exclusive else {}
            about = {"data-find": find_text(option)} | exclusive
            yield Choice(option.key, option.label, option.key in keys, about)

    @property
    def filter(self) -> Markup:
        """What one types in to find an answer, above the tick boxes."""
        return filter_box(self, "")


def filter_box(field: Any, typed: str) -> Markup:
    """The field in which one types what to look for; without the script it is there only where a search is needed."""
    _ = words(field.language)
    label = _("Look for an answer, in French or Arabic")
    about = {
        "type": "search", "autocomplete": "off", "aria_label": label, "placeholder": label, "value": typed,
        "data-filter": field.name, "data-found": _("%(count)s answers", count="{n}"),
    }  # fmt: skip
    if not field.searched:
        return Markup('<input hidden {}><output class="hidden"></output>').format(Markup(html_params(**about)))
    about |= {"name": field.name + FIND, "data-list": field.address}
    button = Markup('<button class="quiet" name="find-options" value="{}" formnovalidate>{}</button>')
    return Markup('<span class="find-box"><input {}>{}</span><output class="hidden"></output>').format(
        Markup(html_params(**about)), button.format(field.name, _("Find"))
    )
