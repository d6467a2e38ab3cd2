"""Step: variables. Lazy, inherited by nested plans, watched, so that every action can tell what it saw.

A nested plan sees its own variables and those of the plan that contains it; its own ones win. A variable is evaluated
at its first use, once for a subject. Plans that name nothing but their own variables, and mean the same by the names
that they share (``Plan.joined``), are looked up in one scope.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from app.errors import MaslakError
from app.fhir.fhirpath import Program, node
from app.fhir.fhirpath.environment import PORTS, Ports
from app.fhir.fhirpath.model import fhir_type
from app.fhir.fhirpath.nodes import Node, collection
from pathways.apply.expression import ExpressionFailed, Path, Search
from pathways.apply.request import ApplyRequest
from pathways.apply.values import duration
from pathways.apply.variables import Answer, Variable
from pathways.facts import Facts
from pathways.facts.record import NOTHING

if TYPE_CHECKING:
    from pathways.apply.plan import Plan

_BUNDLE = fhir_type("Bundle")
_NOTHING_FOUND = Answer([Node(NOTHING, _BUNDLE)], (), NOTHING)
"""The answer of every query that finds nothing, and used no variable of a plan."""
_new = tuple.__new__


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
        "_asked", "_busy", "_closure", "_given", "_own", "_parent", "_places", "_shared", "_used", "_variables",
        "focus", "joins", "kind", "told", "watched",
    )  # fmt: skip

    def __init__(
        self,
        asked: ApplyRequest,
        variables: Mapping[str, Variable],
        parent: Scope | None = None,
        *,
        joins: bool = False,
        beside: Scope | None = None,
        watched: bool = True,
    ):
        """``joins``: whether other plans may be looked up here too; ``beside``: a scope of the same application;
        ``watched``: whether what variables use is noted at once, or found out when it is asked for."""
        self._asked = asked
        self._variables: Mapping[str, Variable] = {}
        self._parent = parent
        self.joins = joins
        self._own: dict[str, Answer] = {}
        """Answers that hold for this plan alone: those that the request gives itself, those of variables without a
        key."""
        self._busy: set[str] = set()
        self._used: dict[str, dict[str, None]] = {}
        """What each variable has used that was worked out here, of plans that are looked up together."""
        self._closure: dict[str, tuple[str, ...]] = {}
        self.told: dict[Any, Any] = {}
        """What explanations have worked out already, for the next action that needs it."""
        self._given: dict[str, Any] = asked.variables() if parent is None else {}
        beside = beside or parent
        if beside is None:
            self.watched = watched
            self._shared: dict[str | None, Answer] = {}
            """Key -> answer, of all plans."""
            self._places: dict[tuple[str, ...], list[str]] = {}
            self.focus: Any = node(asked.subject)
            """The subject, on which variables are read."""
            self.kind: str = self.focus.type.name
            """Its type: conditions that begin with it are read on the subject too."""
            self[PORTS] = Ports(asked.facts.get, asked.terminology, asked.now)
        else:
            self.watched, self._shared, self._places = beside.watched, beside._shared, beside._places
            self.focus, self.kind = beside.focus, beside.kind
            self[PORTS] = beside[PORTS]
        self._declare(variables)

    def _declare(self, variables: Mapping[str, Variable]) -> None:
        """Know these variables from now on; the answers that the request gives itself are known at once."""
        self._variables = variables
        if self._asked.parameters or self._asked.overrides:
            self._own |= _preset(self._asked, variables)
            self |= {name: answer.items for name, answer in self._own.items()}

    def joined(self, plan: Plan) -> bool:
        """Let a plan inside the present one be looked up here too, where neither can tell."""
        both = plan.joined(self._variables) if self.joins else None
        if both is None:
            return False
        if both is not self._variables:
            self._declare(both)
        return True

    def __missing__(self, name: str) -> Any:
        variable = self._variables.get(name)
        if variable is None:
            parent = self._parent
            items = self[name] = collection(self._given[name]) if parent is None else parent[name]
            return items
        program = variable.program
        if program is None or not self.joins:
            answer = variable.constant or self._otherwise(name, variable)
            items = self[name] = answer[0]
            return items
        try:
            if not self.watched:
                items = self[name] = program.unwatched(self.focus, self, None)
                return items
            used: dict[str, None] = {}
            items = self[name] = program.planned(self.focus, self, used)
        except (MaslakError, ExpressionFailed) as error:
            _fail(name, variable, error)
        self._used[name] = used
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

    def answer(self, name: str) -> Answer:
        """The answer of a declared variable. Raises ExpressionFailed, also on a variable that needs itself."""
        variable = self._variables.get(name)
        if variable is None:
            return self._parent.answer(name) if self._parent is not None else Answer([])
        items = self[name]
        used = self._used.get(name)
        if used is None and not self.watched and self.joins and name not in self._own and variable.program is not None:
            used = self._watch(name, variable.program)
        if used is not None:
            return Answer(items, used)
        return self._own.get(name) or variable.constant or self._shared[variable.key]

    def used(self, name: str) -> Collection[str]:
        """The variables that a declared one used, in order. Raises as ``answer``."""
        found = self._used.get(name)
        return self.answer(name).used if found is None else found

    def _watch(self, name: str, program: Program) -> dict[str, None]:
        """What a variable uses that nobody watched when it was worked out: it is worked out again."""
        used = self._used[name] = {}
        program.planned(self.focus, self, used)
        return used

    def _otherwise(self, name: str, variable: Variable) -> Answer:
        """The answer of what is a query, may go round in a circle, or was worked out for another plan."""
        if variable.key is None:
            found = self._own[name] = self._watched(name, variable)
            return found
        known = self._shared.get(variable.key)
        if known is None:
            known = self._shared[variable.key] = self._evaluate(name, variable)
        return known

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
            if read.__class__ is Path:
                return Answer(read.asked.planned(self.focus, self, used), used)
            if read.__class__ is Search:
                bundle = read.run(self._asked.facts, self.focus, self, self._places, used)
                if bundle is NOTHING and not used:
                    return _NOTHING_FOUND
                return _new(Answer, ([Node(bundle, _BUNDLE)], used, bundle))
        except (MaslakError, ExpressionFailed) as error:
            _fail(name, variable, error)
        raise variable.failure or ExpressionFailed(name, "the variable has no expression")

    def all_needed(self, names: Iterable[str]) -> list[str]:
        """The needed variables among these, and among all that they used in turn, each once, the outermost first."""
        names = list(names)
        found = {name: None for name in names if (one := self.declared(name)) is not None and one.needed}
        seen: set[str] = set()
        waiting = names[::-1]
        while waiting:
            name = waiting.pop()
            variable = self.declared(name) if name not in seen else None
            seen.add(name)
            if variable is None or not variable.needs:
                continue
            if variable.needed:
                found[name] = None
            waiting += list(self.used(name))[::-1]
        return list(found)

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
            below = [one for other in self.used(name) for one in self._all_used(other)]
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
