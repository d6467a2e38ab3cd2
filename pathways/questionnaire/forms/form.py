"""The form of a Questionnaire: a WTForms class made from its items, in the page's language.

What is typed becomes a QuestionnaireResponse, which is judged by ``validate``, the same rules as for an EHR; each
finding goes back to its field. Field names are the linkIds; a repeating group is a list (``medicines-0-name``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import wtforms
from flask import g, request

from app.clock import now
from app.fhir.resource import Resource
from app.web import drafts
from app.web.form import Form
from pathways.questionnaire import items
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.expressions import Expressions
from pathways.questionnaire.forms.calculating import live_of, show_calculations
from pathways.questionnaire.forms.choosing import ChosenAsked, ManyChosenAsked
from pathways.questionnaire.forms.collecting import Rows, collect, fields_of, for_fields, rows_of
from pathways.questionnaire.forms.conditions import absent_here, named_in, together, when
from pathways.questionnaire.forms.field_of import OTHER
from pathways.questionnaire.forms.fields import DateAsked
from pathways.questionnaire.forms.layout import Part, parts
from pathways.questionnaire.forms.live import Live
from pathways.questionnaire.response import Answers, answers_of, respond
from pathways.questionnaire.validate import Finding, findings

Previous = Mapping[str, tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """What a form class was made from."""

    questionnaire: Resource
    language: str
    definitions: Mapping[str, Resource]


class QuestionnaireForm(Form):
    """A form of a Questionnaire. Made by ``form_class``; ``answers`` (of a stored response, or initial) fill it."""

    source: Source

    def __init__(
        self,
        formdata: Any = None,
        *,
        context: FormContext | None = None,
        answers: Answers | None = None,
        previous: Previous | None = None,
        **kwargs: Any,
    ):
        self.context = context or FormContext(now(), self.source.language)
        self.given: Answers = dict(answers or {})
        self.warnings: list[tuple[str, str]] = []
        self._confirmed = set(formdata.getlist("confirm")) if formdata is not None else set()
        super().__init__(formdata, data=for_fields(self.source.definitions, self.given), **kwargs)
        self._previous = dict(previous or {})
        self._expressions = Expressions(self.source.questionnaire, self.context)
        self._live = Live(self._expressions)
        self._for_script: Resource | None = None
        self.absent = absent_here(self.source.questionnaire, self.context)
        for link_id in self.absent:
            for name in (link_id, link_id + OTHER):
                if name in self:
                    del self[name]
        self._prepare(self, None, ())

    @classmethod
    def opened(  # type: ignore[override]
        cls, *, context: FormContext, answers: Answers | None = None, previous: Previous | None = None
    ) -> Self:
        """The form of this request: what is sent, else what was typed before the session ended, else ``answers``."""
        if request.method == "POST":
            return cls(request.form, context=context, answers=answers, previous=previous)
        kept = drafts.values()
        if kept is not None:
            g.draft_shown = True
        return cls(kept, context=context, answers=answers, previous=previous)

    def _prepare(self, form: Any, outer: Any, rows: Rows) -> None:
        """Give each field what depends on this form: its condition, in real field names, and the last value."""
        around = _conditions(self.source, self._live, rows)
        for field in form:
            link_id = getattr(field, "link_id", None)
            if link_id is not None:
                field.when = together(outer, around.get(link_id))
                field.last = self._previous.get(link_id)
                if isinstance(field, DateAsked):
                    field.until(self.context.today)
            elif isinstance(field, wtforms.FieldList):
                condition = together(outer, around.get(field.short_name))
                for index, entry in enumerate(field.entries):
                    self._prepare(entry.form, condition, (*rows, (field.short_name, index)))

    @property
    def parts(self) -> list[Part]:
        """The form in the order of the Questionnaire: groups, texts, fields, each calculated one with its value."""
        show_calculations(self, self.respond(), self._expressions)
        return parts(self, self.source.questionnaire, self.source.language, self.absent)

    @property
    def filtered(self) -> bool:
        """Whether there is a list with a filter."""
        return any(isinstance(field, (ChosenAsked, ManyChosenAsked)) for _rows, field in fields_of(self))

    @property
    def live(self) -> Resource | None:
        """What the page's script calculates with, see ``calculating.live_of``."""
        if self._for_script is None:
            self._for_script = live_of(self, self._live) or {}
        return self._for_script or None

    def collected(self) -> Answers:
        """The answers typed, and those of items that the user cannot change (hidden, read-only)."""
        fixed = {link_id: given for link_id, given in self.given.items() if _unasked(self.source, link_id)}
        return fixed | collect(self)

    def respond(self, *, form_key: str | None = None, **about: Any) -> Resource:
        """The QuestionnaireResponse of what was typed, calculated answers included."""
        return respond(self.source.questionnaire, self.collected(), self.context, form_key=form_key, **about)

    def validate(self, extra_validators: Any = None) -> bool:
        """Judge what was typed; messages stand at their fields, warnings (which forbid nothing) in ``warnings``.

        A warning of a constraint is shown once at its field, where it is confirmed or what was typed is corrected.
        """
        super().validate(extra_validators)
        for group in self:
            if isinstance(group, wtforms.FieldList):
                group.errors = [text for _rows, field in rows_of(group) for text in field.errors]
        unread = {(rows, field.link_id) for rows, field in fields_of(self) if field.errors}
        response = self.respond()
        for found in findings(self.source.questionnaire, response, self.context):
            self._place(found, unread)
        self._show_calculated(response)
        return not self.errors and not self.form_errors

    def _show_calculated(self, response: Resource) -> None:
        """Calculated fields show what the server computed, whatever the page sent."""
        computed = answers_of(self.source.questionnaire, response)
        for field in self:
            definition = self.source.definitions.get(getattr(field, "link_id", ""))
            if definition is not None and items.is_fixed(definition):
                field.raw_data, field.data = None, computed.get(field.link_id, [])

    def accepted(self) -> bool:
        """Sent and right. A press on *add another* (``add-row``) only makes room in a repeating group, one on *find*
        (``find-options``) only looks for answers of a long list.
        """
        if self.sent and request.form.get("find-options"):
            return False
        wanted = request.form.get("add-row") if self.sent else None
        if wanted in self and isinstance(self[wanted], wtforms.FieldList):
            rows = self[wanted]
            if rows.max_entries is None or len(rows) < rows.max_entries:
                rows.append_entry()
                self._prepare(self, None, ())
            return False
        return super().accepted()

    def _place(self, found: Finding, unread: set[tuple[Any, str]]) -> None:
        rows = self._typed_rows(found.rows)
        text = found.issue.text
        target = next((field for at, field in fields_of(self) if at == rows and field.link_id == found.link_id), None)
        if found.issue.severity not in ("error", "fatal"):
            if not found.confirm or target is None:
                self.warnings.append((found.link_id or "", text))
                return
            target.confirm.append((found.confirm, found.confirm in self._confirmed))
            if found.confirm in self._confirmed:
                return
        if (rows, found.link_id) in unread:
            return  # what could not be read is not missing
        if target is None:
            self.form_errors.append(text)
            return
        target.errors = [*target.errors, text]
        if rows:
            group = self[rows[0][0]]
            group.errors = [*group.errors, text]

    def _typed_rows(self, rows: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        """Rows of the response as rows of the form, where empty ones stand between."""
        form: Any = self
        found = []
        for link_id, row in rows:
            entries = form[link_id].entries if link_id in form else []
            filled = [index for index, entry in enumerate(entries) if collect(entry.form)]
            if row >= len(filled):
                return rows
            found.append((link_id, filled[row]))
            form = entries[filled[row]].form
        return tuple(found)


def _conditions(source: Source, live: Live, rows: Rows) -> dict[str, Any]:
    """linkId → ``when`` of each item in these rows, with that of the groups and questions around it."""
    found: dict[str, Any] = {}
    numbers = [number for _group, number in rows]

    def name_of(link_id: str) -> str:
        return named_in(live.read, link_id, rows)

    def visit(owner: Mapping[str, Any], outer: Any) -> None:
        for item in items.children(owner):
            own = together(outer, when(item, source.definitions, name_of, live, numbers))
            found[item["linkId"]] = own
            visit(item, None if items.is_group(item) and items.repeats(item) else own)

    visit(source.questionnaire, None)
    return found


def _unasked(source: Source, link_id: str) -> bool:
    definition = source.definitions.get(link_id)
    return definition is not None and (
        (items.hidden(definition) or bool(definition.get("readOnly"))) and not items.is_calculated(definition)
    )
