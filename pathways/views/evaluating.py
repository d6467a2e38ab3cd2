"""Where a patient stands, as every page asks it: with the terminology of the house and the working calendar.

The use cases know neither; a page that called them itself would let every ``:in`` and ``memberOf`` of a pathway fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.terminology import Terminology
from pathways import progression
from pathways.apply.asking import calendar_of
from pathways.enrolment import Enrolment
from pathways.together import standings


def evaluate(repo: Repository, enrolment: Enrolment, *, record: list[Resource] | None = None) -> progression.Standing:
    """The standing in one pathway, in the reader's language."""
    terms, calendar = Terminology(repo), calendar_of(repo)
    return progression.evaluate(repo, enrolment, language=language(), record=record, calendar=calendar, terms=terms)


def evaluate_all(
    repo: Repository,
    enrolments: Sequence[Enrolment],
    *,
    encounter: str | None = None,
    on: date | None = None,
    record: list[Resource] | None = None,
) -> standings.Standings:
    """The standing in all pathways, in the reader's language. ``encounter`` and ``on``: of the visit it is about."""
    return standings.evaluate_all(
        repo,
        enrolments,
        language=language(),
        encounter=encounter,
        on=on,
        calendar=calendar_of(repo),
        record=record,
        terms=Terminology(repo),
    )
