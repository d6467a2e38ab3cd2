"""Indexes over several elements at once, for the lists that people live on.

A worklist asks for what an establishment owns, of some kinds, still to be done. Each of the three is common by itself:
in a country every index over one of them is long, and what was done long ago stays in it. A compound row holds all
three as one number, with the date by which the list is ordered, so that a page of it costs as much after ten years.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from app.store.codes import hash64, path_code
from app.store.parameters import parameters_of
from app.store.values import Rows


@dataclass(frozen=True, slots=True)
class Compound:
    """Search parameters of a type that are indexed together: a reference, a token of type code, a coded token, and the
    date, of at most one value, that stands beside them.
    """

    type: str
    reference: str
    status: str
    code: str
    date: str

    @property
    def path(self) -> int:
        """The number under which its rows stand."""
        return path_code(f"{self.type}+{self.reference}+{self.status}+{self.code}+{self.date}")

    def paths(self, parameter: str) -> list[int]:
        """The paths of one of its parameters."""
        return list(parameters_of(self.type)[parameter].codes())


COMPOUNDS = (
    Compound("Task", "owner", "status", "code", "due"),
    Compound("Task", "requester", "status", "code", "due"),
)


def combined(compound: Compound, target: int, status: str, system: int, code: str) -> int:
    """One number for a head key, a code, and a code of a system."""
    return hash64(f"{compound.path} {target} {status} {system} {code}")


def compound_rows(type: str, rows: Rows, keys: dict[str, int]) -> Iterator[tuple[int, int, int | None, int | None]]:
    """(path, number, low, high) of a resource by what it leaves in the other indexes."""
    for compound in COMPOUNDS:
        if compound.type != type:
            continue
        referring, status, code, dated = (
            compound.paths(name) for name in (compound.reference, compound.status, compound.code, compound.date)
        )
        targets = {keys[target] for path, _, target in rows.reference if path in referring and target in keys}
        statuses = {held for path, _, _, held in rows.token if path in status}
        codes = {(system, held) for path, _, system, held in rows.token if path in code}
        low, high = next(((low, high) for path, _, low, high in rows.date if path in dated), (None, None))
        for target, (held, (system, named)) in product(targets, product(statuses, codes)):
            yield compound.path, combined(compound, target, held, system, named), low, high
