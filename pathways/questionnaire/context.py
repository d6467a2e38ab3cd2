"""What a form is filled in with: who, when, in which language. Passed to every function of the room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.clock import day_of
from app.fhir.resource import Resource
from pathways.questionnaire.words import Say, words

ValueSets = Callable[[str], Sequence[tuple[str, str, str]]]
"""Value set address → its codes as (system, code, display in the page's language)."""


def no_value_sets(url: str) -> Sequence[tuple[str, str, str]]:
    """A lookup that knows none: answers are then not checked against their value set."""
    return ()


@dataclass(frozen=True, slots=True)
class FormContext:
    """The surroundings of one form.

    ``now`` is an aware instant; ``patient``, ``encounter``, ``user`` are the resources of the launch context
    (http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-launchContext), ``launch`` further ones by name;
    ``other_value_sets`` gives displays in the other language, for lists that are filtered by either;
    ``query`` answers a FHIR search such as ``Observation?patient=…`` with a searchset Bundle (None: nothing is known).
    """

    now: datetime
    language: str = "fr"
    patient: Resource | None = None
    encounter: Resource | None = None
    user: Resource | None = None
    launch: Mapping[str, Any] = field(default_factory=dict)
    value_sets: ValueSets = no_value_sets
    other_value_sets: ValueSets = no_value_sets
    query: Callable[[str], Resource] | None = None

    @property
    def say(self) -> Say:
        """The speaker of the context's language."""
        return words(self.language)

    @property
    def today(self) -> date:
        """The Moroccan day of ``now``."""
        return day_of(self.now)
