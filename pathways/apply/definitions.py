"""Step: definitions. Finds what an action points at: contained (``#id``), by canonical, with or without version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.errors import Invalid, Issue, MaslakError, NotFound
from app.fhir.resource import canonical, choice
from pathways.apply.request import ApplyRequest

Resource = dict[str, Any]
Find = Callable[[str, Mapping[str, Any]], Resource]
PATIENT = frozenset({"Patient"})


class Definitions:
    """The definitions that one application uses; each is asked for once."""

    __slots__ = ("_asked", "_found")

    def __init__(self, asked: ApplyRequest):
        self._asked = asked
        self._found: dict[str, Resource] = {}

    def find(self, reference: str, within: Mapping[str, Any]) -> Resource:
        """The definition of a canonical or ``#id``, as seen from the definition that names it. Raises NotFound."""
        if reference.startswith("#"):
            for one in within.get("contained", ()):
                if one.get("id") == reference[1:]:
                    return _with_container(one, within)
            raise NotFound("there is no contained definition {reference}", reference=reference)
        found = self._found.get(reference)
        if found is None:
            found = self._found[reference] = self._asked.definitions(reference)
        return found


def _with_container(contained: Mapping[str, Any], within: Mapping[str, Any]) -> Resource:
    """A contained definition with its siblings, so that ``#id`` inside it resolves (R4 has no nested containment)."""
    url = {} if "url" in contained or "url" not in within else {"url": f"{within['url']}#{contained['id']}"}
    return {**url, **contained, "contained": within.get("contained", [])}


def name_of(definition: Mapping[str, Any]) -> str:
    """By what a definition is told apart in a chain: ``url|version``, or its id."""
    return (
        canonical(definition) if definition.get("url") else f"{definition['resourceType']}/{definition.get('id', '')}"
    )


def refuse_cycle(name: str, chain: tuple[str, ...]) -> None:
    """Raises Invalid when a plan stands, by its name, in the chain of those that are being applied."""
    if name in chain:
        names = " → ".join([*chain[chain.index(name) :], name])
        raise Invalid("the definitions go in a circle: {names}", names=names)


def subjects_of(definition: Mapping[str, Any]) -> frozenset[str] | None:
    """For what types of subject a definition is: None where it does not say, empty where for any."""
    found = choice(definition, "subject")
    if found is None:
        return None
    if found[0] == "Canonical":
        return frozenset()
    if found[0] == "Reference":
        return frozenset({str(found[1].get("reference", "")).partition("/")[0]} - {"", "Group"})
    return frozenset(str(coding.get("code")) for coding in found[1].get("coding", ()))


def refuse_subject(
    definition: Mapping[str, Any],
    subjects: frozenset[str] | None,
    subject: str,
    otherwise: frozenset[str] = PATIENT,
) -> None:
    """Raises Invalid when a definition is for ``subjects`` and not for this type of subject. ``otherwise``: whom it is
    for where it does not say; a definition inside a plan is for the plan's subject."""
    wanted = otherwise if subjects is None else subjects
    if wanted and subject not in wanted:
        name = definition.get("title") or name_of(definition)
        raise Invalid(
            "'{name}' is for {wanted}, but the subject is a {subject}",
            name=name,
            wanted=" / ".join(sorted(wanted)),
            subject=subject,
        )


def broken(
    definition: Resource, find: Find, chain: tuple[str, ...] = (), path: str = "", seen: set[str] | None = None
) -> Iterator[Issue]:
    """The definitions that the actions of a plan name and that are not there, or go in a circle, each with the action.

    For an author whom another fault stopped before any action was looked at. ``path``: where the plan itself stands;
    ``seen``: the plans that were looked at already.
    """
    seen = set() if seen is None else seen
    chain = (*chain, name_of(definition))
    waiting = [(f"{path}PlanDefinition.action[{at}]", one) for at, one in enumerate(definition.get("action", ()))]
    while waiting:
        place, action = waiting.pop(0)
        waiting += [(f"{place}.action[{at}]", one) for at, one in enumerate(action.get("action", ()))]
        reference = action.get("definitionCanonical")
        if not reference or "/Questionnaire/" in reference:
            continue  # a form that is not here is handed over by its address
        try:
            named = find(reference, definition)
            refuse_cycle(name_of(named), chain)
        except MaslakError as error:
            yield replace(error.issues[0], expression=place, diagnostics=reference)
        else:
            if named.get("resourceType") == "PlanDefinition" and name_of(named) not in seen:
                seen.add(name_of(named))
                yield from broken(named, find, chain, f"{place}/", seen)


def tail(reference: str) -> str:
    """The last part of a canonical's url, its id by convention."""
    return reference.partition("|")[0].rstrip("/#").rpartition("/")[2].lstrip("#")
