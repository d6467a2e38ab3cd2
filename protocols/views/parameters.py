"""The named values of a draft: what the sources say, and which of it the version follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Invalid, PreconditionFailed
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import direction, language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import AtMost, ChoiceField, Form, Required, TextField
from app.web.storing import store
from protocols import collection, drafting
from protocols.parameters import Option, Parameter, parameters, with_values
from protocols.presenters.values import medicines, said
from protocols.presenters.versions import present
from protocols.right_answers import following
from protocols.views.edit import refuse_reading

OTHER = "other"
SOURCES = {"ltr": "\u2066", "rtl": "\u2067"}
"""How a source is kept apart: in the direction of the page, in whose language it is, though it may begin in Latin."""


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/releases/<library_id>/values", "parameters", values, methods=["GET", "POST"])


def values(library_id: str) -> ResponseReturnValue:
    """Show and take the named values; each is written into every plan that uses it, and the quiz follows."""
    with work(current_actor(), reading=True) as repo:
        library = repo.read(f"Library/{library_id}")
        artefacts = collection.parts(repo, library)
    refuse_reading(library)
    held = parameters(artefacts, language())
    names = medicines(artefacts, language())
    form = _form(held).opened(**_opened(held))
    for one in held:
        options = [(option.value, _offered(option, one, names)) for option in one.options]
        form[one.name].offer([*options, (OTHER, _("Another value"))])
    if form.accepted():
        chosen = {one.name: _chosen(form, one) for one in held}
        try:
            changed = list(zip(artefacts, following([with_values(one, chosen) for one in artefacts]), strict=True))
            store(lambda repo: _edit(repo, f"Library/{library_id}", changed))
        except (Conflict, PreconditionFailed) as error:
            form.form_errors.append(told(error))
        except Invalid as error:
            for issue in error.issues:
                form.wrong(f"{issue.expression}.{OTHER}", told(issue))
        else:
            flash(_("Saved"), "success")
            return redirect(url_for("protocols.workspace", library_id=library_id), 303)
    shown = {"form": form, "held": held, "version": present(library, language())}
    return render("protocols/values.html", **shown), (422 if form.sent else 200)


def _edit(repo: Repository, library: str, changed: Sequence[tuple[Resource, Resource]]) -> None:
    """Store those artefacts that are not as they were, each (before, after)."""
    for before, after in changed:
        if after != before:
            drafting.edit(repo, library, after, seen=int(before["meta"]["versionId"]))


def _form(held: list[Parameter]) -> type[Form]:
    fields: dict[str, Any] = {}
    for one in held:
        fields[one.name] = ChoiceField(one.title, [Required(_l("Choose a value"))])
        fields[f"{one.name}.{OTHER}"] = TextField(
            _l("Which value?"),
            [AtMost(60)],
            when={"field": one.name, "is": [OTHER]},
            render_kw={"dir": "ltr"},
            width="short",
        )
    return type("ValuesForm", (Form,), fields)


def _offered(option: Option, one: Parameter, names: Mapping[str, str]) -> str:
    """A value and its source, each with its own direction: ``90 mmHg – OMS 2021`` would be read as one in Arabic."""
    value = said(option.value, one, names)
    source = f"{SOURCES[direction()]}{option.source}\u2069"
    return source if value == option.source else f"\u2068{value}\u2069 – {source}"


def _opened(held: list[Parameter]) -> dict[str, Any]:
    opened: dict[str, Any] = {}
    for one in held:
        opened[one.name] = one.value if one.in_force else OTHER
        opened[f"{one.name}.{OTHER}"] = "" if one.in_force else one.value
    return opened


def _chosen(form: Form, one: Parameter) -> str:
    """The FHIRPath constant that was chosen or typed; a bare word is put in quotes where the value was a string."""
    if form[one.name].data != OTHER:
        return str(form[one.name].data)
    typed = str(form[f"{one.name}.{OTHER}"].data or "").replace(",", ".")
    return f"'{typed}'" if one.value.startswith("'") and not typed.startswith("'") else typed
