"""The lists of referrals: received (the hospital's day) and sent, the most pressing first."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.i18n import language
from app.store import work
from app.web import current_actor, render
from pathways.presenters import referral
from pathways.presenters.person import present
from pathways.referral.receiving import waiting_for
from pathways.views.my_day import establishments


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/referrals", "referrals", referrals)


def referrals() -> ResponseReturnValue:
    """Received and sent referrals that are on their way; ``?ended=1`` those that were answered."""
    actor = current_actor()
    ended = "ended" in request.args
    with work(actor, reading=True) as repo:
        received, more_in = waiting_for(repo, establishments(actor), ended=ended, after=request.args.get("in"))
        sent, more_out = waiting_for(repo, establishments(actor), sent=True, ended=ended, after=request.args.get("out"))
        patients = repo.read_many({task["for"]["reference"] for task in (*received, *sent)})
        people = {reference.split("/")[1]: present(one, language(), repo.today) for reference, one in patients.items()}
        lists = [
            ("in", [referral.present(task, repo.now, language()) for task in received], more_in),
            ("out", [referral.present(task, repo.now, language()) for task in sent], more_out),
        ]
    hospital = "referral:receive" in actor.grants
    return render("pathways/referrals.html", lists=lists if hospital else lists[::-1], people=people, ended=ended)
