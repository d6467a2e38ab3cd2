"""Edit one part of an artefact: its texts in French and Arabic side by side, its intervals and doses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Invalid, NotFound, PreconditionFailed
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, reference
from app.fhir.translation import text
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import BooleanField, Form, HiddenField, LongTextField, NumberField, Required, TextField
from app.web.storing import store
from protocols import collection, drafting, lifecycle
from protocols.presenters import placeholders
from protocols.presenters.changes import amount_word, place_word
from protocols.presenters.rereading import ToReread, to_reread
from protocols.presenters.versions import present
from protocols.rereading import Path, Stale
from protocols.translating import before_of, left_behind
from protocols.wording import Amount, Mark, Part, Text, part_of, parts, places, rewritten

Place = Text | Amount | Mark


class _AsWritten:
    """Text as its author wrote it: its direction marks hold numbers in their place in Arabic, and stay."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = placeholders.stored(normalize("NFC", valuelist[0]).replace("\r\n", "\n").strip())

    def _value(self) -> str:
        return placeholders.isolated(self.data or "")


class ShortText(_AsWritten, TextField):
    """A line of content."""


class LongText(_AsWritten, LongTextField):
    """Several lines of content."""


@dataclass(frozen=True, slots=True)
class Line:
    """One place as the page shows it; ``theirs`` is what somebody else saved meanwhile, by language; ``reread`` says
    that one of its languages was left behind."""

    place: Place
    label: str
    within: str
    theirs: dict[str, str]
    reread: ToReread | None = None

    @property
    def kind(self) -> str:
        return type(self.place).__name__.lower()


def add_to(pages: Blueprint) -> None:
    """One page."""
    rule = "/releases/<library_id>/artefacts/<resource_type>/<artefact_id>"
    pages.add_url_rule(rule, "edit", edit, methods=["GET", "POST"])


def edit(library_id: str, resource_type: str, artefact_id: str) -> ResponseReturnValue:
    """Show and take one part of an artefact. What was typed stays when somebody else saved meanwhile."""
    here = {"library_id": library_id, "resource_type": resource_type, "artefact_id": artefact_id}
    with work(current_actor(), reading=True) as repo:
        library, artefact = artefact_of(repo, library_id, resource_type, artefact_id)
        behind = {one.text.path: one for one in left_behind(repo, artefact, before_of(repo, library, artefact))}
    refuse_reading(library)
    cut = parts(artefact)
    part = next((one for one in cut if one.key == request.args.get("part", "")), cut[0])
    found = sorted(places(artefact, part), key=lambda place: "extension" in place.path[len(part.path) :][:1])
    form = _form(found, behind).opened(seen=artefact["meta"]["versionId"], **_values(found))
    unmarked(form)
    theirs: dict[str, dict[str, str]] = {}
    left: list[Stale] = []
    stored = artefact
    if form.accepted():
        typed = _typed(form, found)
        changed = rewritten(artefact, typed)
        holds = [behind[place.path].name for place in found if place.path in behind and form[_holds(place)].data]
        try:
            if changed != artefact or holds:

                def save(repo: Repository) -> tuple[Resource, list[Stale]]:
                    _refuse_overwriting(repo, artefact, part, seen_of(form))
                    held = int(artefact["meta"]["versionId"])
                    made = drafting.edit(repo, f"Library/{library_id}", changed, holds=holds, seen=held)
                    return made, left_behind(repo, made, before_of(repo, library, made))

                stored, left = store(save)
        except PreconditionFailed:
            theirs = _others(found, typed)
            form["seen"].data = artefact["meta"]["versionId"]
            form.form_errors.append(
                _(
                    "Somebody else has saved this since you opened it. What you typed is still here, with theirs "
                    "below it where it differs. Save again to keep yours."
                )
            )
        except (Invalid, Conflict) as error:
            form.form_errors += [told(issue) for issue in error.issues]
        else:
            flash(_("Saved"), "success")
            if any(part_of(stored, one.text.path) == part.key for one in left):
                flash(_("A text has changed in one language alone: read the other again."), "warning")
            return redirect(_address(here, part), 303)
    shown: dict[str, Any] = {
        "form": form,
        "version": present(library, language()),
        "artefact": artefact,
        "title": text(artefact, "title", language()) or artefact["url"],
        "parts": [(one.key, _part_title(one), one.key == part.key) for one in cut],
        "part": _part_title(part),
        "lines": _lines(found, theirs, behind),
    }
    return render("protocols/edit.html", **shown, **here), (422 if form.sent else 200)


def _address(here: dict[str, str], part: Part) -> str:
    values: dict[str, Any] = here | ({"part": part.key} if part.key else {})
    return url_for("protocols.edit", **values)


def artefact_of(repo: Repository, library_id: str, resource_type: str, artefact_id: str) -> tuple[Resource, Resource]:
    """A set and one of its artefacts (or the set itself). Raises NotFound when it is not of the set."""
    library = repo.read(f"Library/{library_id}")
    if (resource_type, artefact_id) == ("Library", library_id):
        return library, library
    artefact = repo.read(f"{resource_type}/{artefact_id}")
    if canonical(artefact) not in collection.pins(library):
        raise NotFound("{artefact} is not of this version", artefact=canonical(artefact))
    return library, artefact


def _form(found: Sequence[Place], behind: Mapping[Path, Stale]) -> type[Form]:
    fields: dict[str, Any] = {"seen": HiddenField()}
    for place in found:
        if isinstance(place, Text):
            kind = LongText if place.long else ShortText
            for tongue, message in (("fr", _l("Write the French text")), ("ar", _l("Write the Arabic text"))):
                required = [] if tongue == "ar" else [Required(message)]
                attributes = {"lang": tongue, "dir": "rtl" if tongue == "ar" else "ltr"}
                label = _l("French") if tongue == "fr" else _l("Arabic")
                fields[f"{place.key}.{tongue}"] = kind(label, required, render_kw=attributes)
            if place.path in behind:
                fields[_holds(place)] = BooleanField(to_reread([behind[place.path]], language())[0].confirming)
        elif isinstance(place, Amount):
            fields[place.key] = NumberField(
                amount_word(place.path), [Required(_l("Enter a number"))], low=0, high=100000, unit=place.unit
            )
        else:
            fields[place.key] = BooleanField(_l("To be confirmed by the Ministry"))
    return type("EditForm", (Form,), fields)


def refuse_reading(library: Resource) -> None:
    """No form opens on a version that is no draft; what had been typed into one still comes back with the reason."""
    if request.method == "GET" and (state := lifecycle.state(library)) != lifecycle.DRAFT:
        raise Conflict("a version that is {state} does not change: draft a new version", state=state)


def unmarked(form: Form) -> None:
    """Do not say "(optional)" beside what may stay empty."""
    for field in form:
        field.flags.silent = True


def seen_of(form: Form) -> int:
    """The version on which somebody decided; 0, which no version has, where the page did not say."""
    value = str(form["seen"].data or "")
    return int(value) if value.isdigit() else 0


def _values(found: Sequence[Place]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for place in found:
        if isinstance(place, Text):
            values |= {f"{place.key}.fr": place.fr, f"{place.key}.ar": place.ar}
        else:
            values[place.key] = place.value
    return values


def _typed(form: Form, found: Sequence[Place]) -> dict[str, Any]:
    return {
        place.key: {tongue: form[f"{place.key}.{tongue}"].data or "" for tongue in ("fr", "ar")}
        if isinstance(place, Text)
        else form[place.key].data
        for place in found
    }


def _holds(place: Place) -> str:
    """The name of the field that confirms a translation."""
    return f"{place.key}.holds"


def _refuse_overwriting(repo: Repository, artefact: Resource, part: Part, seen: int) -> None:
    """Raise PreconditionFailed where this very part has been changed since it was opened; other parts may have been."""
    if seen == int(artefact["meta"]["versionId"]):
        return
    opened = repo.find(f"{reference(artefact)}/_history/{seen}") if seen else None
    before = next((one for one in parts(opened or {}) if one.key == part.key), None)
    if opened is None or before is None or _said(places(opened, before)) != _said(places(artefact, part)):
        raise PreconditionFailed("somebody else has acted on this version since you opened the page: look again")


def _said(found: Sequence[Place]) -> list[tuple[Any, ...]]:
    return [(one.path, one.fr, one.ar) if isinstance(one, Text) else (one.path, one.value) for one in found]


def _others(found: Sequence[Place], typed: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What is stored now, where it differs from what was typed."""
    differs: dict[str, dict[str, str]] = {}
    for place in found:
        mine = typed[place.key]
        if isinstance(place, Text):
            held = {"fr": place.fr, "ar": place.ar}
            other = {tongue: placeholders.isolated(held[tongue]) for tongue in held if held[tongue] != mine[tongue]}
        elif isinstance(place, Amount):
            other = {"": str(place.value).replace(".", ",")} if place.value != mine else {}
        else:
            other = {"": _("yes") if place.value else _("no")} if place.value != mine else {}
        if other:
            differs[place.key] = other
    return differs


def _lines(found: Sequence[Place], theirs: dict[str, dict[str, str]], behind: Mapping[Path, Stale]) -> list[Line]:
    return [
        Line(
            place,
            _label(place),
            " › ".join(dict.fromkeys(filter(None, (_name(one) for one in place.within[1:])))),
            theirs.get(place.key, {}),
            to_reread([behind[place.path]], language())[0] if place.path in behind else None,
        )
        for place in found
    ]


def _label(place: Place) -> str:
    if isinstance(place, Mark):
        return ""
    return place_word(str(place.path[-1]), place.within[-1])


def _part_title(part: Part) -> str:
    if part.key == "":
        return str(_("Title and description"))
    if part.key == "variables":
        return str(_("Names of the values used"))
    return _name(part.element) or part.key


def _name(element: Resource) -> str:
    for field in ("title", "text"):
        if isinstance(element.get(field), str):
            return text(element, field, language()) or ""
    return str(element.get("name", ""))
