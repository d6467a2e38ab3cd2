"""``:below`` and ``:above`` of references: what stands under a place or an organization, or over it.

https://hl7.org/fhir/R4/search.html#recursive: the hierarchy is that of the target's own ``partOf``, the target itself
counted. ``Patient?organization:below=Organization/region`` finds the patients of all its establishments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.errors import Malformed
from app.store.driver import Driver
from app.store.parameters import parameters_of
from app.store.search.conditions import on_paths

MOST = 5000
"""Members of a hierarchy that are searched for."""
_PART_OF = ("partof", "part-of")


def has_hierarchy(type: str) -> bool:
    """Whether resources of a type can be parts of others of it."""
    return _paths(type) is not None


def spread(driver: Driver, keys: Mapping[str, int], modifier: str) -> dict[str, int]:
    """The head keys with all that stand below (or above) them, each under the ``Type/id`` from which it was reached.

    Raises Malformed where there are more than MOST, or a type has no hierarchy.
    """
    reached: dict[str, int] = {}
    for reference, key in keys.items():
        type = reference.partition("/")[0]
        paths = _paths(type)
        if paths is None:
            raise Malformed(f":{modifier} needs a hierarchy, and a {type} is part of no other {type}.")
        reached |= {f"{reference}#{one}": one for one in _walked(driver, key, paths, modifier)}
        if len(reached) > MOST:
            raise Malformed(f":{modifier}={reference} stands for more than {MOST} resources: ask for a part of them.")
    return reached


def _walked(driver: Driver, key: int, paths: tuple[int, ...], modifier: str) -> Iterable[int]:
    found, fresh = {key}, [key]
    near, far = ("i.target", "i.key") if modifier == "below" else ("i.key", "i.target")
    while fresh and len(found) <= MOST:
        sql = f"select distinct {far} from index_reference i where {driver.among(near)} and {on_paths(paths)}"
        fresh = [row[0] for row in driver.rows(sql, (driver.listed(fresh),)) if row[0] not in found]
        found.update(fresh)
    return sorted(found)


def _paths(type: str) -> tuple[int, ...] | None:
    table = parameters_of(type)
    found = next((table[code] for code in _PART_OF if code in table and type in table[code].targets), None)
    return found.codes() if found else None
