"""Which answers a path reads: ``%resource.descendants().where(linkId = 'weight').answer.value`` reads *weight*.

A path stays in its row as FHIRPath does: ``item.where(linkId = 'systolic')`` in a variable of a repeating group reads
the row's own answer, ``%resource.item.where(linkId = 'readings').item.where(…)`` those of all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir.fhirpath.syntax import Binary, Call, Expression, Literal, Member, Variable
from pathways.questionnaire import items
from pathways.questionnaire.walking import Path, paths

_KINDS = {
    "decimal": "n", "integer": "n", "quantity": "q", "boolean": "b", "choice": "c", "string": "s", "text": "s",
}  # fmt: skip
"""Question type → how the script reads its field: number, quantity, boolean, coding, text."""


class Outside(Exception):
    """The script has no words for this; the server computes it."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Where a bare path begins.

    ``path``: the item whose occurrence it is; None inside of what goes over values. ``seen``: the place of the
    expression, whose variables are known. ``own``: whether the current row is still that of the expression.
    """

    path: Path | None = ()
    seen: Path = ()
    own: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Items that a path reaches: all of ``links`` (one, once it is named), in the current row of ``level`` groups.

    ``via``: the script's words for the rows in which they are looked for, where these are chosen by the path.
    """

    links: tuple[str | None, ...]
    level: int
    named: bool = False
    via: Any = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the repeating group ``link``: the script's ``words`` for them; ``focus``: where a path begins in one."""

    words: Any
    link: str
    focus: Focus


def rows_of(path: Sequence[Mapping[str, Any]]) -> list[str]:
    """The linkIds of the repeating groups along a path."""
    return [one["linkId"] for one in path if items.is_group(one) and items.repeats(one)]


class AnswersRead:
    """The questions of a form, the paths to them, and how the script reads their fields."""

    def __init__(
        self,
        questionnaire: Mapping[str, Any],
        declared: Callable[[str, Path], tuple[Expression | None, Path] | None],
        chosen: Callable[[Expression, Focus], Rows | None],
    ):
        self._declared = declared
        self._chosen = chosen
        self.paths: dict[str, Path] = {path[-1]["linkId"]: path for path in paths(questionnaire)}
        """linkId → the items around it, and itself."""
        self._below: dict[str | None, list[str]] = {None: [], **{link_id: [] for link_id in self.paths}}
        for link_id, path in self.paths.items():
            self._below[path[-2]["linkId"] if len(path) > 1 else None].append(link_id)

    def kind(self, link_id: str) -> str:
        """How its field is read. Raises Outside where it has none, or several."""
        item = self.paths[link_id][-1]
        kind = _KINDS.get(item["type"])
        if kind == "c" and any("valueCoding" not in one for one in item.get("answerOption", ())):
            kind = "s"
        typed = kind in ("n", "q", "s") and not items.is_choice(item)
        if kind is None or items.hidden(item) or (items.repeats(item) and typed):
            raise Outside
        return kind

    def rows(self, link_id: str) -> list[str]:
        """The repeating groups around an item, itself included where it is one."""
        return rows_of(self.paths[link_id])

    def pattern(self, link_id: str) -> str:
        """Its name among the fields of the page, ``*`` for the number of each row: ``readings-*-systolic``."""
        around = rows_of(self.paths[link_id][:-1])
        return "".join(f"{group}-*-" for group in around) + link_id

    def question(self, tree: Expression | None, focus: Focus) -> Found | None:
        """The question whose answers (``….answer``, ``….answer.value``) a tree reads; None where it is no such path."""
        match tree:
            case Call(left=left, name="ofType"):
                return self.question(left, focus)
            case Member(left=Member(left=left, name="answer"), name="value"):
                return self.named(left, focus)
            case Member(left=left, name="answer"):
                return self.named(left, focus)
        return None

    def named(self, tree: Expression | None, focus: Focus) -> Found | None:
        """The one item, by its linkId, that a path reaches; None where it reaches several or is no such path."""
        found = self._found(tree, focus)
        return found if found is not None and found.named else None

    def _found(self, tree: Expression | None, focus: Focus) -> Found | None:
        match tree:
            case Variable(name="resource" | "rootResource"):
                return Found((None,), 0, True)
            case Variable(name="context"):
                return self._at(self._elsewhere(focus.seen, focus))
            case Variable(name=name):
                declared = self._declared(name, focus.seen)
                return self._found(declared[0], self._elsewhere(declared[1], focus)) if declared else None
            case Member(left=None, name="item"):
                return self._children(self._at(focus), nested=False)
            case Member(left=Member(left=left, name="answer"), name="item"):
                return self._children(self.named(left, focus), nested=True)
            case Member(left=left, name="item") if left is not None:
                return self._children(self._found(left, focus), nested=False)
            case Call(left=left, name="descendants"):
                return self._descendants(self._at(focus) if left is None else self._found(left, focus))
            case Call(left=left, name="repeat", arguments=(Member(left=None, name="item"),)):
                return self._descendants(self._found(left, focus), nested=False)
            case Call(left=left, name="where", arguments=(Binary() as test,)) if (link := linked(test)) is not None:
                return self._where(self._found(left, focus), link)
            case Call(left=left, name="where", arguments=(Call(Member(None, "linkId"), "exists", ()),)):
                return self._found(left, focus)
            case Call(left=left, name="where" | "first" | "last") if left is not None:
                return self._rows(tree, focus)
        return None

    @staticmethod
    def _elsewhere(path: Path, focus: Focus) -> Focus:
        """The focus of the expression itself, or of a variable: from another row it would be of the wrong one."""
        if rows_of(path) and not focus.own:
            raise Outside
        return Focus(path, path)

    def _at(self, focus: Focus) -> Found:
        if focus.path is None:
            raise Outside
        if not focus.path:
            return Found((None,), 0, True)
        return Found((focus.path[-1]["linkId"],), len(rows_of(focus.path)), True)

    def _rows(self, tree: Call, focus: Focus) -> Found | None:
        """Rows that are chosen: ``….where(item.where(linkId = 'arm').answer.value.code = 'left')``, ``first()``."""
        found = self._chosen(tree, focus)
        if found is not None:
            return Found((found.link,), len(self.rows(found.link)), True, found.words)
        within = self.named(tree.left, focus) if tree.name != "where" else None
        single = within is not None and within.links[0] is not None and len(self.rows(within.links[0])) <= within.level
        return within if single else None

    def _children(self, found: Found | None, nested: bool) -> Found | None:
        if found is None:
            return None
        owners = [link for link in found.links if link is None or items.is_group(self.paths[link][-1]) is not nested]
        below = tuple(one for link in owners for one in self._below[link])
        return Found(below, found.level, False, found.via)

    def _descendants(self, found: Found | None, nested: bool = True) -> Found | None:
        level = self._children(found, nested=False)
        below: list[str | None] = []
        while found is not None and level is not None and level.links:
            below += level.links
            inner = [link for link in level.links if link and (nested or items.is_group(self.paths[link][-1]))]
            level = Found(tuple(one for link in inner for one in self._below[link]), found.level)
        return found and Found(tuple(below), found.level, False, found.via)

    @staticmethod
    def _where(found: Found | None, link_id: str) -> Found | None:
        if found is None or found.named:
            return None
        return Found((link_id,) if link_id in found.links else (), found.level, True, found.via)


def linked(test: Expression) -> str | None:
    """``linkId = 'x'`` → x."""
    match test:
        case Binary(operator="=", left=Member(left=None, name="linkId"), right=Literal(value=str(value))):
            return value
    return None
