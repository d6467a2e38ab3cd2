"""The one door of validation: R4 (4.0.1) is the law, every error comes back at once, each with its element's path."""

from __future__ import annotations

from typing import Any

from app.errors import Invalid, Issue
from app.fhir.validation.problem import issues
from app.fhir.validation.structure import walk_resource


def validate(resource: Any, *, profile: dict[str, Any] | None = None) -> list[Issue]:
    """Everything that is wrong with a resource, as issues with FHIRPath expressions; empty when it is valid."""
    found = walk_resource(resource)
    if not found:
        return []
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    return issues(name if isinstance(name, str) else "Resource", found)


def check(resource: Any) -> None:
    """Raise ``Invalid`` with every issue unless the resource is valid."""
    found = [issue for issue in validate(resource) if issue.severity in ("error", "fatal")]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Invalid(f"{found[0].expression}: {found[0].text}{more}", issues=found)
