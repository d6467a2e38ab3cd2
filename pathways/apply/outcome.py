"""What an application answers: the outcome of each action, the resources proposed, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app.errors import Issue
from app.fhir import translation
from pathways.apply.action import PlannedAction
from pathways.apply.conditions import Taken, Verdict, looked_at
from pathways.apply.explanation import Source, reason_of, sources_of
from pathways.apply.plan import URGENT
from pathways.apply.seen import Seen, Value
from pathways.apply.timing import OPEN, Due, Timing

if TYPE_CHECKING:
    from pathways.apply.frame import Frame

Resource = dict[str, Any]


class ActionOutcome:
    """The outcome of one action. Texts and values are worked out when first asked for, in the request's language."""

    instead_of: ActionOutcome | None = None
    """The sibling that was chosen, or that must be decided first, where that is why this one is not taken."""
    due: Due = OPEN
    nested: Frame | None = None
    """The frame of the plan that the action applies, where it applies one."""
    asked_by: ActionOutcome | None = None
    """The action that lacks what this one asks for."""
    timed_by: Timing | None = None
    """The timing of the ActivityDefinition, which counts where the action has none."""
    failure: str | None = None
    """What went wrong, where it failed."""
    children: Sequence[ActionOutcome] = ()
    resources: Sequence[str] = ()
    """References of what it proposes."""

    lacking: tuple[str, ...] = ()
    """The variables because of which a prescription could not be worked out."""
    _reasons: dict[str, str] | None = None
    _values: list[Value] | None = None

    def __init__(self, action: PlannedAction, frame: Frame, verdict: Verdict):
        self.action = action
        self.frame = frame
        self._verdict = verdict
        self.taken: Taken = verdict.taken

    id = property(lambda self: self.action.id)
    kind = property(lambda self: self.action.kind)
    prefix = property(lambda self: self.action.source.get("prefix"))
    to_be_confirmed = property(lambda self: self.action.to_be_confirmed)

    @property
    def verdict(self) -> Verdict:
        """Whether it applies by its own conditions, and what these looked at."""
        found = self._verdict
        if found.used is None:
            used = looked_at(self.action, self.frame.scope, self.frame.plan.node)
            found = self._verdict = found._replace(used=used)
        return found

    def lacks(self, missing: tuple[str, ...]) -> None:
        """Note the variables that it needs and that are empty."""
        self._verdict = self.verdict._replace(missing=missing)

    @property
    def path(self) -> str:
        """Where the action stands, nested plans included: ``PlanDefinition.action[1]/PlanDefinition.action[0]``."""
        return self.frame.path + self.action.path

    @property
    def title(self) -> str:
        """The action's title in the request's language; its id without one."""
        return self.text("title") or self.action.title

    @property
    def description(self) -> str | None:
        """The action's description in the request's language."""
        return self.text("description")

    @property
    def priority(self) -> str:
        """routine, urgent, asap or stat."""
        own = self.action.source.get("priority")
        return str(own or self.frame.priority_of(self) or "routine")

    @property
    def urgent(self) -> bool:
        """Whether its due date stands on closed days too."""
        return self.priority in URGENT

    @property
    def condition(self) -> str | None:
        """The FHIRPath of its conditions, joined by ``and``."""
        texts = [one.text for one in self.action.conditions]
        return " and ".join(f"({text})" for text in texts) if len(texts) > 1 else next(iter(texts), None)

    @property
    def values(self) -> list[Value]:
        """The values that its conditions looked at."""
        found = self._values
        if found is None:
            language, scope, verdict = self.frame.asked.language, self.frame.scope, self.verdict
            seen = scope.told.get(language)
            if seen is None:
                seen = scope.told[language] = Seen(scope, language)
            found = self._values = seen.by(verdict) if verdict.used or verdict.missing else []
        return found

    @property
    def reason(self) -> str:
        """Why it is taken or not, in the request's language; empty where there is nothing to say."""
        return self.reason_in(self.frame.asked.language)

    def reason_in(self, language: str) -> str:
        """Why it is taken or not, in a language."""
        reasons = self._reasons
        if reasons is None:
            reasons = self._reasons = {}
        found = reasons.get(language)
        if found is None:
            found = reasons[language] = reason_of(self, language)
        return found

    @property
    def sources(self) -> list[Source]:
        """The documents it comes from."""
        return sources_of(self)

    def text(self, field: str, language: str | None = None) -> str | None:
        """A text of the action in a language (the request's)."""
        key = (field, language or self.frame.asked.language)
        try:
            return self.action.texts[key]
        except KeyError:
            primary = self.frame.plan.source.get("language")
            found = self.action.texts[key] = translation.text(self.action.source, *key, primary=primary)
            return found

    def walk(self) -> Iterator[ActionOutcome]:
        """This outcome and all below it."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            if one.children:
                waiting += one.children[::-1]

    def __repr__(self) -> str:
        return f"<{self.taken} {self.id}: {self.title}>"


class Applied:
    """The answer to one application.

    ``actions``: outcomes of the plan's top actions, children below them. ``issues``: what could not be evaluated or
    found. ``bundle``: RequestGroup first (nested plans each their own), then CarePlan, Goals and requests; nothing is
    stored.
    """

    def __init__(self, frame: Frame, actions: list[ActionOutcome]):
        self.frame = frame
        self.actions = actions

    @property
    def issues(self) -> list[Issue]:
        """What went wrong, or could not be decided."""
        return self.frame.run.issues

    @property
    def resources(self) -> dict[str, Resource]:
        """Reference → proposed request resource."""
        return self.frame.run.resources

    @cached_property
    def bundle(self) -> Resource:
        """The R4 answer: a Bundle of type collection, bilingual as the definitions are."""
        from pathways.apply.bundle import bundle_of

        return bundle_of(self)

    def walk(self) -> Iterator[ActionOutcome]:
        """All outcomes at any depth."""
        for outcome in self.actions:
            yield from outcome.walk()

    def find(self, id: str) -> ActionOutcome | None:
        """The first outcome of an action id."""
        return next((one for one in self.walk() if one.id == id), None)

    def resource(self, reference: str) -> Resource | None:
        """A proposed resource by its reference."""
        return self.frame.run.resources.get(reference)
