"""The state of one application: what has been proposed so far (Run), and where in which plan the walk stands
(Frame)."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.config import LANGUAGES
from app.errors import Issue
from pathways.apply.definitions import Definitions, tail
from pathways.apply.plan import Plan
from pathways.apply.recipe import Recipe, recipe_of
from pathways.apply.request import ApplyRequest
from pathways.apply.scope import Scope
from pathways.apply.telling import Fault

if TYPE_CHECKING:
    from pathways.apply.outcome import ActionOutcome

Resource = dict[str, Any]
_NOT_AN_ID = re.compile(r"[^A-Za-z0-9\-.]+")


class Run:
    """What one application has proposed and met. Ids are made of the definitions' names, so that they repeat
    exactly."""

    def __init__(self, asked: ApplyRequest, before: Run | None = None):
        """``before``: another application of the same batch; its definitions are those of this one where both are
        found in the same place."""
        self.asked = asked
        if before is not None and before.asked.definitions is not asked.definitions:
            before = None
        self.definitions: Definitions = Definitions(asked) if before is None else before.definitions
        self._recipes: dict[str, Recipe] = {} if before is None else before._recipes
        self.issues: list[Issue] = []
        self.resources: dict[str, Resource] = {}
        self.asks: dict[str, ActionOutcome] = {}
        """What is asked for already, by its definition."""
        self.taken: list[ActionOutcome] = []
        """What has been taken so far, in the order of the plan."""
        self.parties: dict[str, Resource] = {}
        """Type of request -> its elements that name people, as far as one has been made."""
        self._ids: dict[str, int] = {}

    def recipe(self, reference: str, within: Resource) -> Recipe:
        """The recipe of what a canonical or ``#id`` names, as seen from the definition that names it. Raises
        NotFound."""
        found = self._recipes.get(reference)
        if found is None:
            found = recipe_of(self.definitions.find(reference, within))
            if not reference.startswith("#"):  # which may be another one in another definition
                self._recipes[reference] = found
        return found

    def ended(self) -> None:
        """Forget what only the walk needed, which would keep the outcomes in a circle with their frames."""
        self.asks, self.taken = {}, []

    def new_id(self, name: str) -> str:
        """An id for this answer alone, from a name: ``titration``, ``titration-2`` ..."""
        stem = _stem(name)
        count = self._ids[stem] = self._ids.get(stem, 0) + 1
        return stem if count == 1 else f"{stem}-{count}"

    def propose(self, resource: Resource, name: str) -> str:
        """Add a request to the answer under a new id; its reference."""
        id = self.new_id(name)
        reference = f"{resource['resourceType']}/{id}"
        self.resources[reference] = {"resourceType": resource["resourceType"], "id": id} | resource
        return reference


class Frame:
    """One plan being applied: its scope, the chain of definitions that led to it, the day its timings count from.

    It knows nothing of its outcomes, which know it: what is made for a patient ends with the patient.
    """

    __slots__ = ("_outer", "anchor", "asked", "chain", "goals", "group", "issues", "path", "plan", "run", "scope")

    def __init__(
        self,
        run: Run,
        plan: Plan,
        scope: Scope,
        chain: tuple[str, ...],
        anchor: date,
        path: str = "",
        outer: Frame | None = None,
    ):
        self._outer = outer
        self.run = run
        self.plan = plan
        self.scope = scope
        self.chain = chain
        self.anchor = anchor
        self.path = path
        self.asked = run.asked
        self.issues: list[Issue] = []
        self.goals: dict[str, str] = {}
        self.group: Resource = {}
        """What the action that applies this plan says of its RequestGroup (dynamic values)."""

    def within(self, plan: Plan) -> Scope:
        """The scope of a plan inside this one: this one's too where that makes no difference."""
        return self.scope if self.scope.joined(plan) else Scope(self.asked, plan.variables, self.alone())

    def alone(self) -> Scope:
        """A scope in which this plan's variables are seen, and those of the plans that contain it, and no others."""
        if not self.scope.joins:
            return self.scope
        outer = self._outer.alone() if self._outer is not None else None
        return Scope(self.asked, self.plan.variables, outer, beside=self.scope)

    def report(
        self, outcome: ActionOutcome, text: str, *, expression: str | None = None, code: str = "processing"
    ) -> None:
        """Report what went wrong with an action, naming the action and the expression."""
        place = f"{self.plan.source.get('url', tail(str(self.plan.source.get('id', ''))))}#{outcome.path}"
        about = f"action '{outcome.action.title}': {text}"
        titles = tuple((language, outcome.text("title", language) or outcome.action.title) for language in LANGUAGES)
        shown = f"{place} {expression or ''}".strip()
        issue = Fault(about, code, outcome.action.path, diagnostics=shown, titles=titles, reason=text)
        self.issues.append(issue)
        self.run.issues.append(issue)

    def priority_of(self, outcome: ActionOutcome) -> str | None:
        """The priority of what an action proposes, where the action itself has none."""
        found = (self.run.resources.get(reference, {}).get("priority") for reference in outcome.resources)
        return next((priority for priority in found if priority), None)


@lru_cache(4096)
def _stem(name: str) -> str:
    return _NOT_AN_ID.sub("-", name).strip("-")[:56] or "request"
