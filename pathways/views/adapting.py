"""Adapting the next step: what is done instead, in which pathway, and why."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.fhir.repository import Repository
from app.fhir.translation import text
from app.i18n import language
from app.terminology import Terminology
from app.web.form import AtMost, ChoiceField, DayField, HiddenField, LongTextField, Required
from pathways.alternatives import Regimen, alternatives, as_orders
from pathways.decision import Adaptation
from pathways.presenters.decided_step import REASONS
from pathways.progression import Standing
from pathways.together.standings import Standings
from pathways.views.asking import Questions

DECISIONS = [
    ("keep", _l("Keep the present treatment")),
    ("other", _l("Another treatment")),
    ("proposed", _l("The treatment of the protocol, another day for the next visit")),
]


class AdaptForm(Questions):
    """What is done instead, and why."""

    seen = HiddenField()
    decision = ChoiceField(
        _l("Treatment"),
        [Required(_l("Choose what you do"))],
        choices=DECISIONS,
    )

    def validate_orders(self, field: ChoiceField) -> None:
        """Another treatment has to be named."""
        if self.decision.data == "other" and not field.data:
            raise ValidationError(_("Choose the treatment that you give instead"))

    orders = ChoiceField(_l("Which treatment?"), when={"field": "decision", "is": ["other"]}, as_select=True)
    next_visit = DayField(_l("Next visit"), width="short", description=_l("The day that the protocol proposes"))
    reason = ChoiceField(_l("Why?"), [Required(_l("Choose why the step is adapted"))])
    text = LongTextField(_l("In a few words"), [AtMost(500)], width="long")


def due(standings: Standings) -> date | None:
    """The day of the next visit that the protocols propose."""
    return standings.next_visit.end if standings.next_visit else None


Choices = dict[str, tuple[Standing, Regimen]]
"""Value of the choice -> the regimen, and the pathway whose protocol knows it."""


def prepare(repo: Repository, form: AdaptForm, standings: Standings) -> Choices:
    """Fill the choices: the regimens that the protocols know, and the reasons for adapting.

    With several pathways one of them can be adapted while the others go on as proposed.
    """
    several = len(standings.each) > 1
    known = [(standing, regimen) for standing in standings.each for regimen in alternatives(repo, standing)]
    choices = {str(number): one for number, one in enumerate(known)}
    labels = [
        (key, f"{_title(standing)} – {regimen.label(language())}" if several else regimen.label(language()))
        for key, (standing, regimen) in choices.items()
    ]
    form.orders.offer([("", _("Choose…")), *labels])
    form.decision.offer(DECISIONS)
    if len(standings.treatments) > 1:
        kept = [
            (f"keep {number}", _("Keep the present treatment of one: %(pathway)s", pathway=_title(standing)))
            for number, standing in enumerate(standings.each)
            if standing.treatment is not None
        ]
        form.decision.offer([DECISIONS[0], *kept, *DECISIONS[1:]])
    reasons = Terminology(repo, language()).expand(REASONS, display_language=language()).concepts
    form.reason.offer([(concept.code, display or concept.code) for concept, display in reasons])
    return choices


def _title(standing: Standing) -> str:
    return text(standing.enrolment.pathway, "title", language()) or standing.enrolment.pathway["url"]


def adaptation(form: AdaptForm, standings: Standings, choices: Choices) -> Adaptation:
    """What the form says is done instead."""
    what, _space, number = (form.decision.data or "").partition(" ")
    pathway, instead = "", None
    if what == "other":
        standing, regimen = choices[form.orders.data]
        pathway = standing.enrolment.pathway["url"]
        instead = as_orders(standing, list(regimen.definitions))
    elif number:
        pathway = standings.each[int(number)].enrolment.pathway["url"]
    return Adaptation(
        reason=form.reason.data or "",
        text=form.text.data or "",
        keep_treatment=what == "keep",
        orders=instead,
        next_visit=form.next_visit.data if form.next_visit.data != due(standings) else None,
        pathway=pathway,
    )
