"""What functions take and answer, for the check of expressions."""

from __future__ import annotations

from typing import Final

_SAME: Final = (
    "where first last tail skip take single distinct exclude intersect sort trace defineVariable checkModifiers abs "
    "sum min max"
)
SAME: Final = frozenset(_SAME.split())
"""Functions whose answer has the types of their input."""

ORDERED: Final = frozenset({"first", "last", "tail", "skip", "take"})
"""Functions for which the order of the input matters."""

_ON_STRINGS: Final = (
    "startsWith endsWith contains indexOf lastIndexOf substring upper lower trim split length toChars matches "
    "matchesFull replace replaceMatches encode decode escape unescape"
)
ON_STRINGS: Final = frozenset(_ON_STRINGS.split())
"""Functions whose input is a string."""

_RESULTS: Final = {
    "Boolean": (
        "empty exists all allTrue anyTrue allFalse anyFalse subsetOf supersetOf isDistinct not hasValue startsWith "
        "endsWith contains matches matchesFull toBoolean convertsToBoolean convertsToInteger convertsToLong "
        "convertsToDecimal convertsToString convertsToDate convertsToDateTime convertsToTime convertsToQuantity "
        "comparable conformsTo memberOf subsumes subsumedBy htmlChecks"
    ),
    "String": "toString substring upper lower trim join replace replaceMatches encode decode escape unescape toChars "
    "split",
    "Integer": "count indexOf lastIndexOf length toInteger toLong precision yearOf monthOf dayOf hourOf minuteOf "
    "secondOf millisecondOf duration difference",
    "Decimal": "toDecimal sqrt exp ln log timezoneOffsetOf",
    "Date": "toDate today dateOf",
    "DateTime": "toDateTime now",
    "Time": "toTime timeOfDay timeOf",
    "Quantity": "toQuantity",
}
RESULTS: Final[dict[str, str]] = {name: type_ for type_, names in _RESULTS.items() for name in names.split()}
"""The System type that a function always answers."""
