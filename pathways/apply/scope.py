"""Step: variables. Lazy, inherited by nested plans, watched, so that every action can tell what it saw.

``variable`` extensions (http://hl7.org/fhir/StructureDefinition/variable) of a plan; a nested plan sees those of the
plan that contains it, its own ones win. A variable is evaluated at its first use, once for a subject.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1
from typing import Any, NamedTuple, NoReturn

from app.config import CANONICAL_BASE
from app.errors import MaslakError
from app.fhir.fhirpath import Program, node
from app.fhir.fhirpath.environment import PORTS, Ports
from app.fhir.fhirpath.model import fhir_type
from app.fhir.fhirpath.nodes import Node, collection
from app.fhir.fhirpath.syntax import Literal
from app.fhir.resource import extension
from pathways.apply.expression import ExpressionFailed, Path, Search, expression
from pathways.apply.request import ApplyRequest
from pathways.apply.values import duration
from pathways.facts import Facts

VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
NEEDED = f"{CANONICAL_BASE}/StructureDefinition/needed"
ASK_WITH = f"{CANONICAL_BASE}/StructureDefinition/ask-with"
PARAMETER = f"{CANONICAL_BASE}/StructureDefinition/parameter"
_BUNDLE = fhir_type("Bundle")
_new = tuple.__new__
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
    ask_with: str | None = None
    parameter: bool = False
    constant: Answer | None = None
    """Its answer, where that is the same for every subject."""
    key: str | None = None
    words: str | None = None
    program: Program | None = None
    """What works it out for a subject, where that can neither be unreadable nor go round in a circle."""
    titles: dict[str, str] = field(default_factory=dict, compare=False)
    """Language → what it is called, as far as it has been asked for."""


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
            found[name] = replace(one, key=_short(answer), words=_short(words), program=program)
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
        constant=_constant(read),
    )


def _constant(read: Path | Search | None) -> Answer | None:
    """The answer of an expression that is one literal."""
    if isinstance(read, Path) and read.program is not None and isinstance(read.program.tree, Literal):
        return Answer(read.program.items(None))
    return None


def _preset(asked: ApplyRequest, variables: Mapping[str, Variable]) -> dict[str, Answer]:
    """The answers that the request gives itself: overrides, and values for a plan's named parameters."""
    found: dict[str, Answer] = {}
    for name, given in asked.parameters.items():
        if name in variables and variables[name].parameter:
            chosen = given if isinstance(given, list) else [given]
            found[name] = Answer(collection([duration(one) for one in chosen]))
    for name, given in asked.overrides.items():
        if name in variables:
            found[name] = Answer(collection(given))
    return found


class Scope(dict[str, Any]):
    """The variables that expressions see, as the environment of FHIRPath: name → items, each worked out when it is
    first looked up. One per applied plan; the parent is the outer plan's."""

    __slots__ = (
        "_asked", "_busy", "_closure", "_given", "_own", "_parent", "_places", "_shared", "_variables", "everywhere",
        "focus", "told",
    )  # fmt: skip

    def __init__(self, asked: ApplyRequest, variables: Mapping[str, Variable], parent: Scope | None = None):
        self._asked = asked
        self._variables = variables
        self._parent = parent
        self._own: dict[str, Answer] = {}
        """Answers that hold for this plan alone: those that the request gives itself, those of variables without a
        key."""
        self._busy: set[str] = set()
        self._closure: dict[str, tuple[str, ...]] = {}
        self.told: dict[Any, Any] = {}
        """What explanations have worked out already, for the next action that needs it."""
        if parent is None:
            self.everywhere: dict[Any, Any] = {}
            """The same for what is so in all plans: its keys hold a variable's ``words``."""
            self._shared: dict[str | None, Answer] = {}
            """Key -> answer, of all plans."""
            self._places: dict[tuple[str, ...], list[str]] = {}
            self._given: dict[str, Any] = asked.variables()
            self.focus: Any = node(asked.subject)
            """The subject, on which variables are read."""
            self[PORTS] = Ports(asked.facts.get, asked.terminology, asked.now)
        else:
            self.everywhere, self._shared, self._places = parent.everywhere, parent._shared, parent._places
            self._given, self.focus = {}, parent.focus
            self[PORTS] = parent[PORTS]
        if asked.parameters or asked.overrides:
            self._own |= _preset(asked, variables)
            self |= {name: answer.items for name, answer in self._own.items()}

    def __missing__(self, name: str) -> Any:
        variable = self._variables.get(name)
        if variable is None:
            parent = self._parent
            items = self[name] = collection(self._given[name]) if parent is None else parent[name]
            return items
        found = self._shared.get(variable.key)
        if found is None:
            program = variable.program
            if program is None:
                found = self._otherwise(name, variable)
            else:
                used: dict[str, None] = {}
                try:
                    items = program.planned(self.focus, self, used)
                except (MaslakError, ExpressionFailed) as error:
                    _fail(name, variable, error)
                found = self._shared[variable.key] = _new(Answer, (items, used, None))
        items = self[name] = found[0]
        return items

    def __contains__(self, name: object) -> bool:
        return name in self._variables or (name in self._parent if self._parent is not None else name in self._given)

    @property
    def facts(self) -> Facts:
        """The record that queries run on."""
        return self._asked.facts

    def declared(self, name: str) -> Variable | None:
        """The variable of a name, from this plan or an outer one; None for those of the request."""
        return self._variables.get(name) or (self._parent.declared(name) if self._parent is not None else None)

    def words(self, name: str) -> str | None:
        """What is the same in all plans that say the same of a variable and of those it uses; None: nothing is."""
        variable = self.declared(name)
        return None if variable is None else variable.words

    def answer(self, name: str) -> Answer:
        """The answer of a declared variable. Raises ExpressionFailed, also on a variable that needs itself."""
        variable = self._variables.get(name)
        if variable is None:
            return self._parent.answer(name) if self._parent is not None else Answer([])
        if name not in self.keys():
            self.__missing__(name)
        return self._own.get(name) or self._shared[variable.key]

    def _otherwise(self, name: str, variable: Variable) -> Answer:
        """The answer of what is no expression to be evaluated as a whole, or may go round in a circle."""
        if variable.key is None:
            found = self._own[name] = variable.constant or self._watched(name, variable)
        else:
            found = self._shared[variable.key] = variable.constant or self._evaluate(name, variable)
        return found

    def _watched(self, name: str, variable: Variable) -> Answer:
        """The answer of a variable that may stand in a circle."""
        if name in self._busy:
            raise ExpressionFailed(str(variable.about.get("expression")), f"the variable %{name} needs itself")
        self._busy.add(name)
        try:
            return self._evaluate(name, variable)
        finally:
            self._busy.discard(name)

    def _evaluate(self, name: str, variable: Variable) -> Answer:
        read = variable.expression
        used: dict[str, None] = {}
        try:
            if isinstance(read, Path):
                return Answer(read.asked.planned(self.focus, self, used), used)
            if isinstance(read, Search):
                bundle = read.run(self._asked.facts, self.focus, self, self._places, used)
                return Answer([Node(bundle, _BUNDLE)], used, bundle)
        except (MaslakError, ExpressionFailed) as error:
            _fail(name, variable, error)
        raise variable.failure or ExpressionFailed(name, "the variable has no expression")

    def all_used(self, names: Iterable[str]) -> list[str]:
        """These variables and all that they used in turn, each once, the outermost first."""
        names = list(names)
        if len(names) == 1:
            return list(self._all_used(names[0]))
        return list(dict.fromkeys([*names, *(one for name in names for one in self._all_used(name))]))

    def _all_used(self, name: str) -> tuple[str, ...]:
        found = self._closure.get(name)
        if found is None:
            if self.declared(name) is None:
                return ()
            below = [one for other in self.answer(name).used for one in self._all_used(other)]
            found = self._closure[name] = tuple(dict.fromkeys([name, *below]))
        return found

    def bundles(self, name: str) -> list[Mapping[str, Any]]:
        """The searchsets from which a variable's value comes."""
        answers = [self.answer(one) for one in self.all_used([name])]
        return [answer.bundle for answer in answers if answer.bundle is not None]


def _fail(name: str, variable: Variable, error: MaslakError | ExpressionFailed) -> NoReturn:
    """Raise what went wrong with a variable, by its name; that of one which it uses goes by that one's."""
    if isinstance(error, ExpressionFailed):
        if error.expression.startswith("%"):
            raise error
        raise ExpressionFailed(f"%{name} = {error.expression}", error.reason) from error
    text = str(variable.about.get("expression"))
    raise ExpressionFailed(text if text.startswith("%") else f"%{name} = {text}", error.message) from error
