"""The facility tree: region, GST, province, establishment; looked at, made and changed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access import facilities as tree_of
from app.errors import Invalid, PreconditionFailed
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.form import AtMost, BooleanField, ChoiceField, Form, HiddenField, Required, TextField
from app.web.place_field import PlaceField
from app.web.storing import store

LEVEL_NAMES = {
    "ministry": _l("Ministry"),
    "region": _l("Region"),
    "gst": _l("Territorial health group (GST)"),
    "province": _l("Province or prefecture"),
    "DR": _l("Rural dispensary"),
    "CSR-1": _l("Rural health centre, level 1"),
    "CSR-2": _l("Rural health centre, level 2"),
    "CSU-1": _l("Urban health centre, level 1"),
    "CSU-2": _l("Urban health centre, level 2"),
    "HP": _l("Local hospital"),
    "CHP": _l("Provincial hospital"),
    "CHR": _l("Regional hospital"),
    "CHU": _l("University hospital"),
}
MOST_SHOWN, MOST_FOUND = 150, 50
FOLDED = frozenset({"province"})
"""Levels whose branches are opened one by one in a large tree, for the weight of the page."""


class FacilityForm(Form):
    level = ChoiceField(_l("Level"), [Required(_l("Choose a level"))], as_select=True)
    number = TextField(
        _l("Number"), [Required(_l("Enter its number")), AtMost(40)], width="short", render_kw={"dir": "ltr"}
    )
    name_fr = TextField(_l("Name in French"), [Required(_l("Enter the name in French")), AtMost(160)])
    name_ar = TextField(_l("Name in Arabic"), [Required(_l("Enter the name in Arabic")), AtMost(160)])
    parent = PlaceField(_l("Stands under"), description=_l("Number or name"))
    phone = TextField(_l("Telephone"), [AtMost(30)], width="short", render_kw={"inputmode": "tel", "dir": "ltr"})
    active = BooleanField(_l("In service"))
    version = HiddenField()


def add_to(pages: Blueprint) -> None:
    both = ["GET", "POST"]
    pages.add_url_rule("/facilities", "facilities", shown)
    pages.add_url_rule("/facilities/new", "facility_new", new, methods=both)
    pages.add_url_rule("/facilities/<organization_id>", "facility_edit", edit, methods=both)


def shown() -> str:
    """The tree down to the provinces, one opened branch, or the establishments that match what is looked for."""
    tree = facility_tree.tree()
    words = request.args.get("words", "").strip()
    opened = tree.nodes.get(f"Organization/{request.args.get('under', '')}")
    found = tree.matching(words) if words else []
    return render(
        "web/facilities.html",
        tree=tree,
        words=words,
        opened=opened,
        found=found[:MOST_FOUND],
        more=len(found) > MOST_FOUND,
        level_names=LEVEL_NAMES,
        folded=FOLDED if len(tree.nodes) > MOST_SHOWN else frozenset(),
    )


def new() -> Response | str | tuple[str, int]:
    """Make an establishment, perhaps under a given one."""
    form = _form(FacilityForm.opened(parent=request.args.get("under", ""), active=True))
    if form.accepted():
        try:
            return _saved(store(lambda repo: tree_of.save(repo, _values(form))))
        except Invalid as error:
            form.refused(error)
    return render("web/facility_form.html", form=form, node=None), (422 if form.sent else 200)


def edit(organization_id: str) -> Response | str | tuple[str, int]:
    """Change an establishment; a page left open over somebody else's change is not stored over it."""
    with work(current_actor(), reading=True) as repo:
        held = repo.read(f"Organization/{organization_id}")
    form = _form(FacilityForm.opened(**_shown(held)))
    if form.accepted():
        try:
            opened = int(form.version.data or 0)
            return _saved(store(lambda repo: tree_of.save(repo, _values(form), organization_id, if_match=opened)))
        except Invalid as error:
            form.refused(error)
        except PreconditionFailed:
            form.form_errors.append(
                _("Somebody else has changed this establishment since you opened it. Open it again.")
            )
    node = facility_tree.tree().nodes.get(f"Organization/{organization_id}")
    return render("web/facility_form.html", form=form, node=node), (422 if form.sent else 200)


def _saved(made: dict[str, Any]) -> Response:
    facility_tree.forget()
    flash(_("%(name)s is saved", name=made["name"]), "success")
    return redirect(url_for("web.facilities", _anchor=made["id"]), 303)


def _form(form: FacilityForm) -> FacilityForm:
    form.level.offer([("", _("choose")), *LEVEL_NAMES.items()])
    return form


def _values(form: FacilityForm) -> dict[str, Any]:
    return {name: form[name].data for name in (*tree_of.COLUMNS, "phone", "active")}


def _shown(organization: dict[str, Any]) -> dict[str, Any]:
    names = tree_of.names_of(organization)
    return {
        "level": tree_of.level_of(organization),
        "number": tree_of.number_of(organization),
        "name_fr": names["fr"],
        "name_ar": names["ar"],
        "parent": (organization.get("partOf") or {}).get("reference", ""),
        "phone": tree_of.phone_of(organization),
        "active": organization.get("active", True),
        "version": organization.get("meta", {}).get("versionId", ""),
    }
