"""What a search asks of other types than its own: chains, ``_has`` and filters tell about those too."""

from __future__ import annotations

from collections.abc import Iterable

from app.access.actor import Actor
from app.errors import Forbidden, Malformed
from app.rest.asked import Asked, Parameters
from app.rest.permission import limits, require, unlimited
from app.store.parameters import parameters_of
from app.store.search.filter import names


def reached(asked: Asked) -> None:
    """Raises Forbidden (403) where a criterion looks at resources that the token's scopes do not let it search.

    A chain without a type (``subject.name``) reaches every type that the reference allows: name one.
    """
    if any(name == "_any" for name, _ in asked.parameters):  # it is how scopes are asked for, not criteria
        raise Malformed("'_any' is no search parameter here.", expression="http._any")
    if unlimited(asked.actor):
        return
    if asked.first("_contained") in ("true", "both"):  # the containers may be of any type
        require(asked.actor, "s", None)
        if limits(asked.actor, "s", None) or limits(asked.actor, "s", asked.type):
            raise Forbidden("_contained asks about all resources, of which the token's scopes reach only some.")
    criteria_reached(asked.actor, asked.type, asked.parameters)


def criteria_reached(actor: Actor, type: str | None, parameters: Parameters) -> None:
    """The same for criteria wherever they stand, as in a condition. Raises Forbidden (403)."""
    if unlimited(actor):
        return
    for name, value in parameters:
        for path in names(value) if name == "_filter" else (name,):
            for other in _types(type, path):
                require(actor, "s", other)
                if limits(actor, "s", other):
                    raise Forbidden(
                        f"{path} asks about {other} resources, of which the token's scopes reach only some."
                    )


def _types(type: str | None, path: str) -> Iterable[str]:
    """The types that a parameter looks at beside its own."""
    if path.partition(":")[0] == "_list":
        yield "List"
        return
    if path.startswith("_has:"):
        _, source, _, rest = [*path.split(":", 3), "", "", ""][:4]
        yield source
        yield from _types(source, rest)
        return
    first, dot, rest = path.partition(".")
    if not dot or type is None:
        return
    code, _, target = first.partition(":")
    parameter = parameters_of(type).get(code)
    for one in [target] if target else (parameter.targets if parameter else ()):
        yield one
        yield from _types(one, rest)
