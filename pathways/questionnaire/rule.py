"""What one rule is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.fhir.resource import Resource
from pathways.questionnaire import items
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.numbers import number_text
from pathways.questionnaire.options import Option
from pathways.questionnaire.words import Say


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule is given: the question, what is known around it, its options and its limits."""

    item: Resource
    context: FormContext
    options: list[Option]
    limit: Callable[[str], Any]
    """``limit("min")``: a number, a date text, a Quantity, or None."""

    @property
    def field(self) -> str:
        """The name of the field in a message."""
        return items.name_in_message(self.item, self.context.language)

    @property
    def say(self) -> Say:
        """The speaker."""
        return self.context.say

    def number(self, value: Any) -> str:
        """A number as the user reads it."""
        return number_text(value, self.context.language)


Problem = tuple[str, str]
"""(issue code, sentence)."""
