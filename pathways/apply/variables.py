"""Step: read the plan's variables: the ``variable`` extensions (http://hl7.org/fhir/StructureDefinition/variable), each
compiled once, with a key by which all plans know what means the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1
from typing import Any, NamedTuple

from app.config import CANONICAL_BASE
from app.fhir import translation
from app.fhir.fhirpath import Program
from app.fhir.fhirpath.syntax import Literal
from app.fhir.resource import extension
from pathways.apply.expression import ExpressionFailed, Path, Search, expression

VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
NEEDED = f"{CANONICAL_BASE}/StructureDefinition/needed"
ASK_WITH = f"{CANONICAL_BASE}/StructureDefinition/ask-with"
PARAMETER = f"{CANONICAL_BASE}/StructureDefinition/parameter"
UNIT = f"{CANONICAL_BASE}/StructureDefinition/unit"
_USED = re.compile(r"%`?([A-Za-z_][A-Za-z0-9_]*)")
SHARED = frozenset({
    "patient", "subject", "encounter", "practitioner", "organization", "ramadan", "nextRamadan", "ucum", "sct", "loinc",
})  # fmt: skip
"""Variables of the request, the same in every plan."""


class Answer(NamedTuple):
    """What a variable is for this subject: its items, and the variables that it used itself, in order."""

    items: list[Any]
    used: Collection[str] = ()
    bundle: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a plan. ``about`` is its Expression element; ``failure`` why it cannot be evaluated at all.

    Two variables with the same ``key`` have the same answer for one subject; with the same ``words`` they and those
    they use have the same names, descriptions and units too. Both are None for one that does not depend on its plan's
    variables and the request alone.
    """

    name: str
    about: Mapping[str, Any]
    expression: Path | Search | None
    failure: ExpressionFailed | None = None
    needed: bool = False
    needs: bool = True
    """Whether it, or any that it may use, is needed."""
    ask_with: str | None = None
    parameter: bool = False
    constant: Answer | None = None
    """Its answer, where that is the same for every subject."""
    key: str | None = None
    words: str | None = None
    program: Program | None = None
    """What works it out for a subject, where that can neither be unreadable nor go round in a circle."""
    described: bool = False
    """Whether it says what it is called."""
    tells: bool = True
    """Whether it, or any that it may use, is described."""
    unit: str | None = None
    """The unit that it declares (extension ``unit`` of its Expression), for numbers that carry none."""
    titles: dict[str, str] = field(default_factory=dict, compare=False)
    """Language → what it is called, as far as it has been asked for."""

    def title(self, language: str) -> str:
        """What it is called: the description of its expression, else its name."""
        found = self.titles.get(language)
        if found is None:
            found = self.titles[language] = translation.text(self.about, "description", language) or self.name
        return found


def _with_keys(variables: dict[str, Variable]) -> dict[str, Variable]:
    """The variables, with keys for those that depend on nothing but each other and the request.

    A pathway whose plans share their variables evaluates and explains each once, whichever plan declares it. Those in a
    circle, and those that an outer plan completes, are left without.
    """
    uses = {name: _USED.findall(str(one.about.get("expression"))) for name, one in variables.items()}
    found: dict[str, Variable] = {}
    waiting = list(variables)
    while waiting:
        ready = [name for name in waiting if all(other in found or other in SHARED for other in uses[name])]
        if not ready:
            break
        for name in ready:
            one = variables[name]
            below = [found[other] for other in uses[name] if other in found]
            own = f"{one.about.get('language')}:{one.about.get('expression')}:{name if one.parameter else ''}"
            answer = f"{own}|" + "".join(f"%{other.name}={other.key};" for other in below)
            words = f"{name}:{one.about}|" + "".join(f"%{other.name}={other.words};" for other in below)
            path = one.expression if isinstance(one.expression, Path) and one.constant is None else None
            program = path.program if path is not None else None
            found[name] = replace(
                one,
                key=_short(answer),
                words=_short(words),
                program=program,
                needs=one.needed or any(other.needs for other in below),
                tells=one.described or any(other.tells for other in below),
            )
        waiting = [name for name in waiting if name not in found]
    return {name: found.get(name, one) for name, one in variables.items()}


def _short(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def variables_of(definition: Mapping[str, Any]) -> dict[str, Variable]:
    """The variables that a definition declares, in order; names without ``%``."""
    found = {}
    for entry in definition.get("extension", ()):
        if entry.get("url") == VARIABLE and (about := entry.get("valueExpression")):
            found[about.get("name", "")] = _variable(about)
    return _with_keys(found)


def _variable(about: Mapping[str, Any]) -> Variable:
    read, failure = None, None
    try:
        read = expression(about)
    except ExpressionFailed as error:
        failure = error
    return Variable(
        name=about.get("name", ""),
        about=about,
        expression=read,
        failure=failure,
        needed=extension(about, NEEDED) is True,
        ask_with=extension(about, ASK_WITH),
        parameter=extension(about, PARAMETER) is not None,
        described="description" in about,
        unit=None if (unit := extension(about, UNIT)) is None else str(unit),
        constant=_constant(read),
    )


def _constant(read: Path | Search | None) -> Answer | None:
    """The answer of an expression that is one literal."""
    if isinstance(read, Path) and read.program is not None and isinstance(read.program.tree, Literal):
        return Answer(read.program.items(None))
    return None


def mentioned(element: Any) -> frozenset[str]:
    """The names of variables that stand anywhere in the texts of an element; ``defineVariable`` where it stands
    there."""
    texts = list(_texts(element))
    own = {"defineVariable"} if any("defineVariable" in text for text in texts) else set()
    return frozenset({name for text in texts for name in _USED.findall(text)} | own)


def _texts(element: Any) -> Iterator[str]:
    if isinstance(element, str):
        yield element
    elif isinstance(element, Mapping):
        for one in element.values():
            yield from _texts(one)
    elif isinstance(element, (list, tuple)):
        for one in element:
            yield from _texts(one)
