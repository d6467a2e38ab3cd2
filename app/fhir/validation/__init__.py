"""The one door of validation: R4 (4.0.1) is the law, every error comes back at once, each with its element's path.

Three judges, in this order: our own structural walk with bindings, references and the official invariants; then, when
that finds nothing, ``fhir.resources.R4B``; then a profile, when one is given. docs/adr/0002-validation.md has costs.
"""

from __future__ import annotations

from typing import Any

from app.errors import Invalid, Issue
from app.fhir.outcome import has_errors
from app.fhir.validation.judge import judged
from app.fhir.validation.problem import issues
from app.fhir.validation.profile import profiled
from app.fhir.validation.structure import walk_resource


def validate(resource: Any, *, profile: dict[str, Any] | None = None, judge: bool = True) -> list[Issue]:
    """Everything that is wrong with a resource, as issues with FHIRPath expressions; without errors, it is valid.

    ``profile``: a StructureDefinition to hold it against as well. ``judge=False`` leaves the library out, for bulk
    loads of what this program made itself.
    """
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    root = name if isinstance(name, str) else "Resource"
    found = issues(root, walk_resource(resource) or ())
    if judge and not has_errors(found):
        found += issues(root, judged(resource))
    if profile is not None and not has_errors(found):
        found += issues(root, profiled(resource, profile))
    return found


def check(resource: Any, *, profile: dict[str, Any] | None = None, judge: bool = True) -> None:
    """Raise ``Invalid`` with every issue unless the resource is valid."""
    found = [issue for issue in validate(resource, profile=profile, judge=judge) if has_errors([issue])]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Invalid(f"{found[0].expression}: {found[0].text}{more}", issues=found)
