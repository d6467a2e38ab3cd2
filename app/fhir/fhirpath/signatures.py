"""What functions take and answer, for the check of expressions."""

from __future__ import annotations

from typing import Final

SAME: Final = frozenset(
    {"where", "first", "last", "tail", "skip", "take", "single", "distinct", "exclude", "intersect", "sort", "trace"}
) | {"defineVariable", "checkModifiers", "abs"}
"""Functions whose answer has the types of their input."""

ORDERED: Final = frozenset({"first", "last", "tail", "skip", "take"})
"""Functions for which the order of the input matters."""

ON_STRINGS: Final = frozenset(
    {"startsWith", "endsWith", "contains", "indexOf", "lastIndexOf", "substring", "upper", "lower", "trim", "split"}
) | {
    "length",
    "toChars",
    "matches",
    "matchesFull",
    "replace",
    "replaceMatches",
    "encode",
    "decode",
    "escape",
    "unescape",
}
"""Functions whose input is a string."""

_BOOLEAN: Final = (
    "empty exists all allTrue anyTrue allFalse anyFalse subsetOf supersetOf isDistinct not hasValue startsWith endsWith "
    "contains matches matchesFull toBoolean convertsToBoolean convertsToInteger convertsToLong convertsToDecimal "
    "convertsToString convertsToDate convertsToDateTime convertsToTime convertsToQuantity comparable conformsTo memberOf "
    "subsumes subsumedBy htmlChecks"
)
_STRING: Final = (
    "toString substring upper lower trim join replace replaceMatches encode decode escape unescape toChars split"
)
RESULTS: Final[dict[str, str]] = (
    dict.fromkeys(_BOOLEAN.split(), "Boolean")
    | dict.fromkeys(_STRING.split(), "String")
    | dict.fromkeys(
        [
            "count",
            "indexOf",
            "lastIndexOf",
            "length",
            "toInteger",
            "toLong",
            "ceiling",
            "floor",
            "truncate",
            "precision",
        ],
        "Integer",
    )
    | dict.fromkeys(["toDecimal", "round", "sqrt", "exp", "ln", "log"], "Decimal")
    | {"toDate": "Date", "today": "Date", "toDateTime": "DateTime", "now": "DateTime", "toTime": "Time"}
    | {"timeOfDay": "Time", "toQuantity": "Quantity"}
)
"""The System type that a function always answers."""
