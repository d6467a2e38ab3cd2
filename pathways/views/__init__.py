"""The pages of following: one file a place. A view parses, calls one verb, presents."""

from __future__ import annotations

from flask import Blueprint


def blueprint() -> Blueprint:
    """All pages of following."""
    from pathways.views import (
        death,
        enrol,
        letter,
        my_day,
        options,
        patient,
        people,
        referral,
        referrals,
        skip,
        step,
        visit,
    )

    pages = Blueprint("pathways", __name__, template_folder="../templates")
    for module in (my_day, people, patient, enrol, death, visit, options, step, skip, referrals, referral, letter):
        module.add_to(pages)
    return pages
