"""WTForms fields of Questionnaire items. The data of each is a list of answers (``{"valueInteger": 132}``).

They carry what the ``field`` macro of the shell shows: ``unit``, ``last``, ``when``, ``width``, ``as_select``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import wtforms
from markupsafe import Markup
from wtforms.fields.choices import Choice
from wtforms.widgets import CheckboxInput, DateInput, DateTimeLocalInput, ListWidget, Select, TimeInput

from app.fhir.resource import Resource, extension
from pathways.questionnaire import answers, items, sdc
from pathways.questionnaire.calculation import Calculation
from pathways.questionnaire.options import Option
from pathways.questionnaire.words import words


class Asked:
    """What all fields of items share. ``item`` is the Questionnaire item, ``language`` the page's."""

    item: Resource
    data: list[Any]
    type: str
    flags: Any
    render_kw: dict[str, Any] | None
    kind: str = ""
    """The field type that the macro of the shell knows."""

    def __init__(self, *args: Any, item: Resource, language: str, **kwargs: Any):
        self.item, self.language = item, language
        self.link_id: str = item["linkId"]
        self.unit: str | None = None
        self.last: tuple[str, Any] | None = None
        self.when: dict[str, Any] | None = None
        self.width: str | None = None
        self.as_select = False
        self.confirm: list[tuple[str, bool]] = []
        """(key, whether it is confirmed) of each warning that must be seen before the form is stored."""
        self.calculation: Calculation | None = None
        super().__init__(*args, **kwargs)
        self.type = self.kind or self.type
        self.flags.required = bool(self.item.get("required"))
        self.flags.silent = True
        self.flags.needed = bool(self.item.get("required")) and not self.fixed

    @property
    def fixed(self) -> bool:
        """Whether the page only shows the answer: what it sends for it is not read."""
        return bool(self.item.get("readOnly")) or items.hidden(self.item)

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(None if self.fixed else formdata, *args, **kwargs)  # type: ignore[misc]

    def process_data(self, value: Any) -> None:
        self.data = list(value or [])

    def __call__(self, **kwargs: Any) -> Markup:
        """The field's HTML; an attribute that is None is left out."""
        given = {name: value for name, value in kwargs.items() if value is not None}
        return Markup(super().__call__(**given))  # type: ignore[misc]

    def complaint(self, error: answers.Unreadable) -> ValueError:
        """The sentence of what could not be read, naming the field."""
        field = items.name_in_message(self.item, self.language)
        return ValueError(words(self.language)(error.msgid, field=field, **error.values))


class Typed(Asked):
    """A field in which something is typed; what cannot be read stays as it was typed."""

    raw_data: list[str] | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return answers.typed(self.data[0]) if self.data else ""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = [self.read(text)] if text else []

    def read(self, text: str) -> Resource:
        """The answer of one typed text. Raises ValueError with the sentence to show."""
        try:
            return answers.read(self.item, text)
        except answers.Unreadable as error:
            raise self.complaint(error) from error


class TextAsked(Typed, wtforms.StringField):
    """A line of text."""


class LongTextAsked(Typed, wtforms.TextAreaField):
    """Several lines of text."""


class DateAsked(Typed, wtforms.StringField):
    """A day."""

    widget = DateInput()
    last_time = ""
    """What follows the day in the latest value that the page offers."""

    def until(self, today: date) -> None:
        """Let the page offer no later day than today, unless the question may be about the future."""
        if extension(self.item, sdc.FUTURE_ALLOWED) is not True:
            self.render_kw = {**(self.render_kw or {}), "max": today.isoformat() + self.last_time}


class MomentAsked(DateAsked):
    """A day and time, Moroccan time."""

    widget = DateTimeLocalInput()
    last_time = "T23:59"


class TimeAsked(Typed, wtforms.StringField):
    """A time of day."""

    widget = TimeInput()


class LinesAsked(Asked, wtforms.TextAreaField):
    """A question with several typed answers: one a line."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(answers.typed(answer) for answer in self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        lines = valuelist[0].splitlines() if valuelist else []
        try:
            self.data = [answers.read(self.item, line) for line in lines if line.strip()]
        except answers.Unreadable as error:
            raise self.complaint(error) from error


class _Choosing(Asked):
    """A field whose answers come from a list: ``key`` in the form, ``answer`` in the response."""

    def __init__(self, *args: Any, options: Sequence[Option], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.options = options
        self.choices = [(option.key, option.label) for option in options]

    @property
    def keys(self) -> list[str]:
        """The form values of the answers."""
        return [answers.option_key(answer) for answer in self.data]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        known = {option.key: option.answer for option in self.options}
        wanted = [key for key in valuelist if key]
        self.data = [dict(known[key]) for key in dict.fromkeys(wanted) if key in known]
        if len(self.data) < len(set(wanted)):
            _ = words(self.language)
            field = items.name_in_message(self.item, self.language)
            raise ValueError(_("%(field)s: choose an answer of the list", field=field))

    def pre_validate(self, form: wtforms.Form) -> None:
        """Keys outside the list are refused when read."""


class ChoiceAsked(_Choosing, wtforms.RadioField):
    """One of a few (radio buttons) or of many (a list)."""

    kind = "ChoiceField"

    def iter_choices(self) -> Any:
        keys = self.keys
        if self.as_select:
            yield Choice("", "", not keys, {})
        for option in self.options:
            yield Choice(option.key, option.label, option.key in keys, {})


class YesNoAsked(ChoiceAsked):
    """Yes or No, neither while unanswered."""


class SelectAsked(ChoiceAsked):
    """One of many, in a list."""

    widget = Select()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.as_select = True


class ChoicesAsked(_Choosing, wtforms.SelectMultipleField):
    """Any of several (tick boxes)."""

    kind = "ChoicesField"
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def iter_choices(self) -> Any:
        keys = self.keys
        for option in self.options:
            exclusive = {"data-exclusive": ""} if option.exclusive else {}
            yield Choice(option.key, option.label, option.key in keys, exclusive)


class TickAsked(Asked, wtforms.BooleanField):
    """A yes/no question as one tick box: unticked means no."""

    kind = "BooleanField"

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = [{"valueBoolean": bool(valuelist) and valuelist[0] == "true"}]

    def _value(self) -> str:
        return "true"

    def __call__(self, **kwargs: Any) -> Markup:
        ticked = bool(self.data) and self.data[0].get("valueBoolean") is True
        return Markup(super().__call__(**{**kwargs, "checked": ticked}))
