"""The answers of a long list that a few typed letters find: what the page's script asks while one types."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.config import LANGUAGES
from app.i18n import language
from app.store import work
from app.terminology import Terminology
from app.web import current_actor
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.forms.choosing import OFFERED, matching
from pathways.questionnaire.listing import lists_of
from pathways.questionnaire.options import options
from pathways.questionnaire.sdc import ITEM_CONTROL
from pathways.together.forms import listed_together

AUTOCOMPLETE = {"url": ITEM_CONTROL, "valueCodeableConcept": {"coding": [{"code": "autocomplete"}]}}


def add_to(pages: Blueprint) -> None:
    """One address, for the script."""
    pages.add_url_rule("/forms/options", "form_options", form_options)


def form_options() -> ResponseReturnValue:
    """``{"options": [[key, label], …], "more": whether there are others}`` of the value set ``list`` for ``q``."""
    address, typed = request.args.get("list", ""), request.args.get("q", "")[:100]
    with work(current_actor(), reading=True) as repo:
        terminology = Terminology(repo, language())
        context = FormContext(
            repo.now,
            language(),
            value_sets=listed_together(lists_of(terminology, language())),
            other_value_sets=listed_together(lists_of(terminology, other_language())),
        )
        item = {"linkId": "q", "type": "choice", "answerValueSet": address, "extension": [AUTOCOMPLETE]}
        found = matching(options({}, item, context), typed) if address and typed else []
    listed = [[one.key, one.label] for one in found[:OFFERED]]
    return jsonify(options=listed, more=len(found) > OFFERED)


def other_language() -> str:
    """The language that the page is not in."""
    return next(one for one in LANGUAGES if one != language())
