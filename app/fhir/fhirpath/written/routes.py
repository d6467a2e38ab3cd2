"""Paths taken apart: ``%found.entry.resource.where(…).first().value`` is a root and the links after it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ..errors import FhirPathError
from ..model import Field, Type, known
from ..syntax import Binary, Call, Expression, Member, Special, Variable, anywhere, type_name
from ..syntax import Literal as Constant
from ..ways import mentions_index, narrowed


class Link(NamedTuple):
    """One step of a path. ``name``: of the element, ``wanted``: the type that is kept of it; ``tree``: the criterion of
    ``where``, or of ``unless`` (of what it does not hold for); what ``each`` (the end of a ``select``) makes of an
    item."""

    kind: Literal["member", "where", "unless", "first", "day", "each"]
    name: str = ""
    wanted: str | None = None
    tree: Expression = Constant(None, 0)


class Route(NamedTuple):
    """``root``: what a path starts from, ``None`` for ``$this``."""

    root: Expression | None
    links: tuple[Link, ...]


FIRST: Final = Link("first")
_PLAINLY: Final = frozenset({"+", "-", "*", "/", "<", ">", "<=", ">=", "=", "and", "or"})


def route(tree: Expression) -> Route:
    """A path as far as it can be taken apart from its end."""
    links: list[Link] = []
    current: Expression | None = tree
    while current is not None:
        found = _last(current, links)
        if found is None:
            break
        current, more = found
        links[:0] = more
    return Route(None if isinstance(current, Special) and current.name == "this" else current, tuple(links))


def _last(tree: Expression, after: list[Link]) -> tuple[Expression | None, tuple[Link, ...]] | None:
    """What stands before the last link of a path, and that link."""
    match tree:
        case Member(left=left, name=name) if left is not None or not name[:1].isupper():
            return left, (Link("member", name),)
        case Call(left=Member(left=left, name=name), name="ofType", arguments=(argument,)):
            wanted = _type_of(argument)
            if wanted is None or (left is None and name[:1].isupper()):
                return None
            return left, (Link("member", name, wanted),)
        case Call(left=left, name="where", arguments=(criterion,)):
            return None if mentions_index(criterion) else (left, (Link("where", tree=criterion),))
        case Call(left=left, name="first", arguments=()):
            return left, (FIRST,)
        case Call(left=left, name="select", arguments=(each,)) if not mentions_index(each):
            links = _projected(each)
            if links is None and after in ([], [FIRST]):
                links = (Link("each", tree=each),)
            return None if links is None else (left, links)
    return None


def _type_of(tree: Expression) -> str | None:
    named = type_name(tree)
    try:
        return None if named is None or known(named).namespace == "System" else named.name
    except FhirPathError:
        return None


def _projected(tree: Expression) -> tuple[Link, ...] | None:
    """The links of a plain path inside ``select``; with ``toDate()`` at its end of elements that do not repeat."""
    day = isinstance(tree, Call) and tree.name == "toDate" and not tree.arguments
    path = tree.left if day and isinstance(tree, Call) else tree
    if path is None:
        return None
    root, links = route(path)
    if root is not None or not links or any(link.kind != "member" for link in links):
        return None
    return (*links, Link("day")) if day else links


def ends(links: tuple[Link, ...], type_: Type) -> Type | None:
    """The type of what the links lead to from a type; ``None`` where they are not all known."""
    for place, link in enumerate(links):
        if link.kind == "member":
            field = field_of(link, type_)
            if field is None or (field.many and links[place + 1 :] and links[-1].kind == "day"):
                return None
            type_ = field.options[0][1]
        elif link.kind == "day" and type_.name not in ("date", "dateTime", "instant"):
            return None
    return type_


def repeats(links: tuple[Link, ...], type_: Type | None) -> bool:
    """Whether the links may lead to more than one item."""
    for link in links:
        if link.kind == "member":
            field = None if type_ is None else field_of(link, type_)
            if field is None or field.many:
                return True
            type_ = field.options[0][1]
        elif link.kind in ("day", "each"):
            return True
    return False


def field_of(link: Link, owner: Type) -> Field | None:
    """The element of a link, where it is of one type."""
    field = None if owner.primitive else owner.fields.get(link.name)
    if field is not None and link.wanted is not None:
        field = narrowed(owner, link.name, link.wanted)
    return None if field is None or field.resource or len(field.options) != 1 else field


def looks_around(tree: Expression) -> bool:
    """Whether a variable stands anywhere in an expression."""
    return anywhere(tree, lambda part: isinstance(part, Variable))


def stops_early(links: tuple[Link, ...], nearest: bool) -> bool:
    """Whether nothing needs to be looked at once the path has found something: as elsewhere, the criterion next to the
    end is asked no further; others only where no variable would be missed."""
    wheres = [at for at, link in enumerate(links) if link.kind in ("where", "unless")]
    return not any(looks_around(links[at].tree) for at in wheres if not (nearest and at == len(links) - 1))


def totals_plainly(tree: Expression) -> bool:
    """Whether ``$total`` stands in a tree only where it is an operand, a branch of ``iif``, or asked to be there: not
    inside a criterion, which may be asked elsewhere."""
    match tree:
        case Special(name="total"):
            return True
        case Binary(operator=operator, left=left, right=right) if operator in _PLAINLY:
            return totals_plainly(left) and totals_plainly(right)
        case Call(name="iif", left=None, arguments=arguments):
            return all(map(totals_plainly, arguments))
        case Call(name="empty" | "exists", left=left, arguments=()) if left is not None:
            return totals_plainly(left)
    return not anywhere(tree, lambda part: isinstance(part, Special) and part.name == "total")
