"""What every written function may name: the classes, values and functions of the engine that its text calls.

They are told once for all functions, as the ``builtins`` of each: what is in use at once stays small, which counts
where hundreds of expressions are asked for one patient after the other.
"""

from __future__ import annotations

import builtins
from decimal import Decimal
from typing import Any, Final

from app.fhir.regex import anew

from ..environment import Run
from ..equality import equal
from ..functions.conversion import to_date
from ..functions.utility import today
from ..model import fhir_type
from ..nodes import Node, system
from ..operators import EMPTY, FALSE, TRUE
from ..ways import FAILURES, LongWay
from .operate import ARITHMETIC, COMPARED, day_parts, number, only, this_day, truth_told, united

UNSET: Final = object()
"""What stands for a value that has not been needed yet."""
BUNDLE: Final = fhir_type("Bundle")

VOCABULARY: Final[dict[str, Any]] = {
    **{name: getattr(builtins, name) for name in ("bool", "dict", "int", "len", "list", "str")},
    **{f"operate{at}": one for at, one in enumerate(ARITHMETIC.values())},
    **{one.__name__: one for one in COMPARED.values()},
    "BUNDLE": BUNDLE,
    "Decimal": Decimal,
    "EMPTY": EMPTY,
    "FAILURES": FAILURES,
    "FALSE": FALSE,
    "LongWay": LongWay,
    "Node": Node,
    "Run": Run,
    "TRUE": TRUE,
    "UNSET": UNSET,
    "anew": anew,
    "day_parts": day_parts,
    "equal": equal,
    "number": number,
    "only": only,
    "system": system,
    "this_day": this_day,
    "to_date": to_date,
    "today": today,
    "truth_told": truth_told,
    "united": united,
}
NAMES: Final = {id(one): name for name, one in VOCABULARY.items()}
"""Identity → name."""
