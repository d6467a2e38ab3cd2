"""Translations left behind, as pages of a version show them, and as an approver confirms them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.web.form import BooleanField, Form
from protocols import translating
from protocols.presenters import rereading as words
from protocols.presenters.rereading import Held, ToReread


@dataclass(frozen=True, slots=True)
class Rereading:
    """What is to be re-read in a version, and what was confirmed."""

    lines: Sequence[ToReread]
    confirmed: Sequence[Held]

    def asked(self, form: type[Form]) -> type[Form]:
        """A form that also asks for each translation."""
        fields = {f"holds.{index}": BooleanField(line.confirming) for index, line in enumerate(self.lines)}
        return type("RereadingForm", (form,), fields)

    def answered(self, form: Form) -> bool:
        """Whether each is confirmed; those that are not are marked."""
        for index, _line in enumerate(self.lines):
            if not form[f"holds.{index}"].data:
                form.wrong(f"holds.{index}", _("Read it again and confirm it, or send the version back"))
        return not form.errors

    def named(self, form: Form) -> list[str]:
        """Those that were ticked, by name."""
        return [line.name for index, line in enumerate(self.lines) if form[f"holds.{index}"].data]


def of(repo: Repository, library: Resource) -> Rereading:
    """Of a version, in the page's language."""
    lang = language()
    lines = words.to_reread(translating.to_reread(repo, library), lang)
    return Rereading(lines, words.confirmed(translating.confirmed_in(repo, library), lang))
