"""The base of every form: fields that read what people type in Morocco, messages that say what to do.

``Form`` is a plain WTForms form; CSRF, the form key and the owner’s mark come from the ``csrf`` macro and are judged
for all forms at once. ``MyForm.opened()`` reads the POST, else what had been typed before the session ended, else the
given values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, Self

import wtforms
from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation

from app.errors import MaslakError
from app.web import drafts
from app.web.errors import told
from app.web.reading import Unreadable, clean_text, read_day, read_number


class Form(wtforms.Form):
    """A form of this house."""

    class Meta:
        locales = False  # our own messages only

    @classmethod
    def opened(cls, obj: Any = None, **values: Any) -> Self:
        """The form of this request: what is sent, else what was kept for this account, else the given values."""
        if request.method == "POST":
            return cls(CombinedMultiDict([request.files, request.form]), obj=obj, data=values or None)
        kept = drafts.values()
        if kept is not None:
            g.draft_shown = True
        return cls(kept, obj=obj, data=values or None)

    @property
    def sent(self) -> bool:
        """Whether this is a POST (then ``validate()`` decides)."""
        return request.method == "POST"

    @property
    def restored(self) -> bool:
        """Whether what is shown had been typed before the session ended, and is not stored yet."""
        return bool(g.get("draft_shown"))

    def accepted(self) -> bool:
        """Sent and right."""
        return self.sent and self.validate()

    def wrong(self, field: str, message: str) -> None:
        """Put a message from a use case at a field, or over the form when there is no such field."""
        if field in self:
            self[field].errors = [*self[field].errors, message]
        else:
            self.form_errors.append(message)

    def refused(self, error: MaslakError, **fields: str) -> None:
        """Say why a use case refused, each thing at its field; ``fields``: name in the error → field, where they
        differ.
        """
        for issue in error.issues:
            named = issue.expression or ""
            self.wrong(fields.get(named, named), told(issue))


class _Question:
    """What the ``field`` macro shows beside any field: ``unit``, ``last`` (value, date), ``when``, ``width``."""

    unit: str | None = None
    last: tuple[str, Any] | None = None
    when: dict[str, Any] | None = None
    width: str | None = None
    as_select: bool = False
    data: Any
    render_kw: dict[str, Any] | None

    def __init__(self, *args: Any, unit: str | None = None, last: Any = None, when: Any = None, **kwargs: Any):
        self.width = kwargs.pop("width", None)
        self.as_select = kwargs.pop("as_select", False)
        super().__init__(*args, **kwargs)
        self.unit, self.last, self.when = unit, last, when


class TextField(_Question, wtforms.StringField):
    """A line of text: trimmed, NFC, no invisible direction marks."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean_text(valuelist[0]) if valuelist else self.data


class LongTextField(_Question, wtforms.TextAreaField):
    """Several lines."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = clean_text(valuelist[0]) if valuelist else self.data


class PasswordField(_Question, wtforms.PasswordField):
    """A password, never trimmed, never shown again."""


class HiddenField(_Question, wtforms.HiddenField):
    pass


class FileField(_Question, wtforms.FileField):
    pass


class BooleanField(_Question, wtforms.BooleanField):
    pass


class _Typed(_Question, wtforms.StringField):
    """Keeps what was typed and reads a value from it."""

    read: Callable[[str], Any]
    complaint: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.shown(self.data) if self.data is not None else ""

    def shown(self, value: Any) -> str:
        return str(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = clean_text(valuelist[0]) if valuelist else ""
        self.data = None
        if text:
            try:
                self.data = type(self).read(text)
            except Unreadable as error:
                raise ValueError(str(self.complaint).format(value=text)) from error


class NumberField(_Typed):
    """A number to a Decimal: comma or dot, Western or Arabic-Indic digits. ``low``/``high`` are judged here and at once
    in the page; out of them the message names the range and what was typed."""

    read = staticmethod(read_number)
    complaint = _l("Enter a number: you entered {value}")

    def __init__(
        self, label: Any = None, validators: Sequence[Any] = (), *, low: Any = None, high: Any = None, **kw: Any
    ):
        super().__init__(label, [*validators], **kw)
        self.low, self.high = low, high
        attributes = {"inputmode": "decimal", "autocomplete": "off", "dir": "ltr"}
        attributes |= {f"data-{name}": str(limit) for name, limit in (("min", low), ("max", high)) if limit is not None}
        self.render_kw = {**attributes, **(self.render_kw or {})}

    def shown(self, value: Any) -> str:
        return str(value).replace(".", ",")

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.data is None:
            return
        from app.i18n import num

        if (self.low is not None and self.data < self.low) or (self.high is not None and self.data > self.high):
            raise StopValidation(range_text(num(self.low), num(self.high), self.unit or "", self.raw_data[0]))


def range_text(low: str, high: str, unit: str, entered: str) -> str:
    """``must be between 50 and 300 mmHg: you entered 1400``; one-sided where a limit is open."""
    last = f"{high or low} {unit}".strip()
    if low and high:
        return _("must be between %(low)s and %(high)s: you entered %(value)s", low=low, high=last, value=entered)
    if low:
        return _("must be at least %(low)s: you entered %(value)s", low=last, value=entered)
    return _("must be at most %(high)s: you entered %(value)s", high=last, value=entered)


class DayField(_Typed):
    """A day to a date; forms send ISO, people may type 21/11/2026. ``latest``: a date not to be passed."""

    read = staticmethod(read_day)
    complaint = _l("Enter a date such as 21/11/2026: you entered {value}")
    widget = wtforms.widgets.DateInput()

    def __init__(self, label: Any = None, validators: Sequence[Any] = (), *, latest: date | None = None, **kw: Any):
        super().__init__(label, [*validators], **kw)
        self.latest = latest
        if latest:
            self.render_kw = {"max": latest.isoformat(), **(self.render_kw or {})}

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.data is not None and self.latest and self.data > self.latest:
            from app.i18n import day_text

            raise StopValidation(_("The date is in the future: you entered %(value)s", value=day_text(self.data)))


class _Choosing(_Question):
    """Answers are given as (value, label) pairs: at once, or later by ``offer``."""

    choices: Any

    def __init__(self, *args: Any, choices: Sequence[tuple[str, Any]] = (), **kwargs: Any):
        super().__init__(*args, choices=[SelectChoice(value, label) for value, label in choices], **kwargs)

    def offer(self, choices: Sequence[tuple[str, Any]]) -> None:
        """The answers there are for this request."""
        self.choices = [SelectChoice(value, label) for value, label in choices]

    @property
    def offered(self) -> set[str]:
        return {str(choice.value) for choice in self.choices or ()}


class ChoiceField(_Choosing, wtforms.RadioField):
    """One of a few (radio buttons), or of many with ``as_select=True``."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.as_select:
            self.widget = wtforms.widgets.Select()

    def pre_validate(self, form: wtforms.Form) -> None:
        if self.data in (None, "", "None"):
            self.data = None
            return
        if str(self.data) not in self.offered:
            raise StopValidation(_("Choose one of the answers"))


class YesNoField(ChoiceField):
    """Yes or no to True, False, or None while unanswered."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, choices=[("yes", _l("Yes")), ("no", _l("No"))], **kwargs)

    def process_data(self, value: Any) -> None:
        self.data = {True: "yes", False: "no"}.get(value, value)

    @property
    def answer(self) -> bool | None:
        return {"yes": True, "no": False}.get(str(self.data))


class ChoicesField(_Choosing, wtforms.SelectMultipleField):
    """Any of several (tick boxes)."""

    widget = wtforms.widgets.ListWidget(prefix_label=False)
    option_widget = wtforms.widgets.CheckboxInput()

    def pre_validate(self, form: wtforms.Form) -> None:
        if any(str(value) not in self.offered for value in self.data or ()):
            raise StopValidation(_("Choose one of the answers"))


class Required:
    """Must be answered. ``message`` says what to do: "Enter the systolic pressure"."""

    field_flags: ClassVar = {"required": True}

    def __init__(self, message: Any = None):
        self.message = message

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        if field.data is None or field.data == "" or field.data == [] or field.data is False:
            raise StopValidation(self.message or _("An answer is needed"))
        filename = getattr(field.data, "filename", None)
        if filename == "":
            raise StopValidation(self.message or _("Choose a file"))


class AtMost:
    """No longer than ``length`` characters."""

    def __init__(self, length: int):
        self.length = length
        self.field_flags = {"maxlength": length}

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        if len(field.data or "") > self.length:
            raise StopValidation(_("At most %(length)s characters", length=self.length))


def as_form(values: dict[str, Any]) -> MultiDict[str, Any]:
    """Values as a browser would send them (tests and replays)."""
    return MultiDict(values)
