"""Resources within resources (https://hl7.org/fhir/R4/references.html#contained), so that searches find them.

Each has a head of its own in the state CONTAINED, under an id that no resource can have (``#Type/id#local``), whose
``seq`` is the version of its container, and index rows under paths of their own: no other search meets them. They are
made and removed with each version of the container; whoever contains nothing costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.fhir.json import dumps, loads
from app.fhir.resource import Resource
from app.store.codes import type_codes
from app.store.driver import Driver, Row
from app.store.tables import CONTAINED

MARK = "#"
BETWEEN = ("#", "$")
"""All ids of contained resources, and no other, sort from the one to the other."""
_HOLDS = b'"contained":['


@dataclass(frozen=True, slots=True)
class Inside:
    """A resource in a container: ``id`` is that of its head."""

    type: str
    id: str
    resource: Resource


def inside(container: Resource) -> list[Inside]:
    """What a resource contains, each under its local id; what has none, or an unknown type, cannot be found."""
    reference = f"{container['resourceType']}/{container['id']}"
    held = container.get("contained", ())
    return list(
        {
            one["id"]: Inside(one["resourceType"], f"{MARK}{reference}{MARK}{one['id']}", one)
            for one in held
            if one.get("id") and one.get("resourceType") in type_codes()
        }.values()
    )


def heads_within(body: bytes | None) -> list[tuple[str, str]]:
    """(type, id) of the heads that a version has left; without a look at the JSON where it contains nothing."""
    if not body or _HOLDS not in body:
        return []
    return [(one.type, one.id) for one in inside(loads(bytes(body)))]


def keys_of(driver: Driver, heads: Iterable[tuple[str, str]]) -> list[int]:
    """Their head keys."""
    wanted = list(heads)
    if not wanted:
        return []
    types = ", ".join(str(code) for code in sorted({type_codes()[type] for type, _ in wanted}))
    rows = driver.rows(
        f"select key from head where type in ({types}) and {driver.among('id', 'text')} and state = {CONTAINED}",
        (driver.listed(sorted({id for _, id in wanted})),),
    )
    return [row[0] for row in rows]


def forget(driver: Driver, keys: Sequence[int]) -> None:
    """Take away the heads; their index rows are the indexer's."""
    if keys:
        driver.run(f"delete from head where {driver.among('key')}", (driver.listed(keys),))


def head_row(key: int, one: Inside, container: Row) -> Row:
    """The head of a contained resource; ``container`` is (version, seq, updated, at, patient)."""
    return (key, type_codes()[one.type], one.id, CONTAINED, *container)


def taken_out(body: bytes, id: str) -> bytes:
    """The contained resource of a head's id, out of its container's JSON."""
    local = id.rpartition(MARK)[2]
    return dumps(next(one for one in loads(body)["contained"] if one.get("id") == local))
