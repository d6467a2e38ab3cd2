"""Where somebody can go: the places of the features and our own, by role; and the home of each role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access.authentication import authenticated
from app.access.grants import ROLES
from app.access.table import opens
from app.feature import Feature, Place
from app.i18n import language
from app.web import facility_tree

OWN = (
    Place("web.accounts", _l("Accounts"), "account:manage", 80),
    Place("web.facilities", _l("Establishments"), "facility:manage", 81),
    Place("web.clients", _l("Systems"), "account:manage", 82),
)
ROLE_NAMES = {
    "ministry-editor": _l("Ministry, editor"),
    "ministry-approver": _l("Ministry, approver"),
    "physician": _l("Physician"),
    "nurse": _l("Nurse"),
    "hospital-physician": _l("Hospital physician"),
    "facility-manager": _l("Facility manager"),
    "regional-delegate": _l("Regional delegate"),
    "administrator": _l("Administrator"),
}
SEARCH = "pathways.find_patient"


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the navigation as the layout shows it."""

    url: str
    label: Any
    here: bool
    badge: int


def init_app(flask: Flask, features: Sequence[Feature]) -> None:
    places = [*OWN, *(place for feature in features for place in feature.places())]
    flask.extensions["maslak.places"] = sorted(places, key=lambda place: place.order)
    flask.extensions["maslak.home"] = {role: end for feature in features for role, end in feature.home.items()}
    flask.before_request(look_around)
    flask.context_processor(shell)


def look_around() -> None:
    """Have the facility tree at hand before a view opens its unit of work."""
    page = request.endpoint and request.endpoint != "web.asset" and "Authorization" not in request.headers
    if page and authenticated():
        facility_tree.refreshed()


def shell() -> dict[str, Any]:
    """What the layout needs, as functions, so that fragments that show no header pay nothing."""
    return {"places": places, "whoami": whoami, "search_url": search_url}


def places() -> list[Entry]:
    """The navigation of whoever asks."""
    actor = authenticated()
    if actor is None:
        return []
    found = []
    for place in current_app.extensions["maslak.places"]:
        if actor.may(place.grant) and opens(place.endpoint):
            url = url_for(place.endpoint)
            here = request.endpoint == place.endpoint or (url != "/" and request.path.startswith(url.rstrip("/") + "/"))
            found.append(Entry(url, place.label, here, place.badge(actor) if place.badge else 0))
    return found


def whoami() -> dict[str, Any]:
    """Name, role names and establishment of whoever is signed in, for the header."""
    actor = authenticated()
    if actor is None:
        return {}
    roles = [ROLE_NAMES[role] for role in ROLES if role in actor.roles]
    return {"name": actor.named(language()), "roles": roles, "establishment": facility_tree.name_of(actor.organization)}


def search_url() -> str | None:
    """Where the patient search goes, for those who may see patients."""
    return url_for(SEARCH) if SEARCH in current_app.view_functions and opens(SEARCH) else None


def home() -> Response:
    """Lead a role to its place: what a feature names for it, else the first entry of its navigation."""
    actor = authenticated()
    homes = current_app.extensions["maslak.home"]
    for role in ROLES:
        if actor and role in actor.roles and role in homes and opens(homes[role]):
            return redirect(url_for(homes[role]))
    entries = places()
    return redirect(entries[0].url if entries else url_for("web.account"))
