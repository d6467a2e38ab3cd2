"""FHIRPath for FHIR R4 (http://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/fhirpath.html).

    evaluate(patient, "name.where(use = 'official').given.first()")   → ["Amina"]
    compile("%sbp.last() >= 140")(None, {"sbp": [Decimal("142")]})    → [True]

``environment`` maps variable names without ``%`` to values, lists, or functions of no arguments that are called at the
first use; ``environment()`` adds the ports: resolver, terminology, now, trace. Who runs many programs on one resource
makes its ``node`` once and passes that instead.
"""

from .check import check, evaluate
from .environment import PORTS, Ports, Terminology, environment
from .errors import FhirPathError
from .nodes import of_json as node
from .program import Program, compile
from .quantity import Quantity
from .temporal import FPDate, FPDateTime, FPTime

__all__ = [
    "PORTS",
    "FPDate",
    "FPDateTime",
    "FPTime",
    "FhirPathError",
    "Ports",
    "Program",
    "Quantity",
    "Terminology",
    "check",
    "compile",
    "environment",
    "evaluate",
    "node",
]
