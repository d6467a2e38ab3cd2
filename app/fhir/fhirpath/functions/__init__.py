"""The functions of FHIRPath; importing this enters them all in the table."""

from . import (
    aggregates,
    boundaries,
    components,
    conversion,
    existence,
    filtering,
    mathematics,
    resources,
    strings,
    subsetting,
    utility,
)

__all__ = [
    "aggregates",
    "boundaries",
    "components",
    "conversion",
    "existence",
    "filtering",
    "mathematics",
    "resources",
    "strings",
    "subsetting",
    "utility",
]
