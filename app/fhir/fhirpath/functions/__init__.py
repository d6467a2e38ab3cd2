"""The functions of FHIRPath; importing this enters them all in the table."""

from . import boundaries, conversion, existence, filtering, mathematics, resources, strings, subsetting, utility

__all__ = [
    "boundaries",
    "conversion",
    "existence",
    "filtering",
    "mathematics",
    "resources",
    "strings",
    "subsetting",
    "utility",
]
