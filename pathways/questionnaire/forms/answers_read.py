"""Which answers a path reads: ``%resource.descendants().where(linkId = 'weight').answer.value`` reads *weight*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.fhir.fhirpath.syntax import Binary, Call, Expression, Literal, Member, Variable
from pathways.questionnaire import items

_KINDS = {
    "decimal": "n", "integer": "n", "quantity": "q", "boolean": "b", "choice": "c", "string": "s", "text": "s",
}  # fmt: skip
"""Question type → how the script reads its field: number, quantity, boolean, coding, text."""


class Outside(Exception):
    """The script has no words for this; the server computes it."""


class AnswersRead:
    """The questions of a form whose answers the script can read: those that stand once on the page."""

    def __init__(self, questionnaire: Mapping[str, Any], tree_of: Callable[[str], Expression | None]):
        self._tree_of = tree_of
        self._kinds: dict[str, str] = {}
        self._gather(questionnaire, once=True)

    def kind(self, link_id: str) -> str:
        """How its field is read. Raises Outside where it has none, or several."""
        if link_id not in self._kinds:
            raise Outside
        return self._kinds[link_id]

    def link_id(self, tree: Expression | None) -> str | None:
        """The question whose answers (``….answer``, ``….answer.value``) a tree reads; None where it is no such path."""
        match tree:
            case Call(left=left, name="ofType"):
                return self.link_id(left)
            case Member(left=Member(left=left, name="answer"), name="value"):
                return self._located(left)
            case Member(left=left, name="answer"):
                return self._located(left)
        return None

    def _located(self, tree: Expression | None) -> str | None:
        """``base.where(linkId = 'x')`` → x."""
        match tree:
            case Variable(name=name):
                declared = self._tree_of(name)
                return self._located(declared) if declared is not None else None
            case Call(
                left=left,
                name="where",
                arguments=(
                    Binary(operator="=", left=Member(left=None, name="linkId"), right=Literal(value=str(value))),
                ),
            ):
                return value if self._is_base(left) else None
        return None

    def _is_base(self, tree: Expression | None) -> bool:
        """Whether a path from the response reaches items: ``item``, ``descendants()``, ``repeat(item)``, groups."""
        match tree:
            case Variable(name="resource"):
                return True
            case Variable(name=name):
                declared = self._tree_of(name)
                return declared is not None and self._is_base(declared)
            case Member(left=left, name="item"):
                return self._is_base(left)
            case Call(left=left, name="descendants" | "repeat"):
                return self._is_base(left)
            case Call(left=left, name="where", arguments=(Call(name="exists"),)):
                return self._is_base(left)
        return self._located(tree) is not None

    def _gather(self, owner: Mapping[str, Any], once: bool) -> None:
        for item in items.children(owner):
            several = items.repeats(item)
            kind = _KINDS.get(item["type"])
            if kind == "c" and any("valueCoding" not in one for one in item.get("answerOption", ())):
                kind = "s"
            typed = kind in ("n", "q", "s") and not items.is_choice(item)
            if kind and once and not items.hidden(item) and not (several and typed):
                self._kinds[item["linkId"]] = kind
            self._gather(item, once and not (several and items.is_group(item)))
