"""OperationOutcomes (https://hl7.org/fhir/R4/operationoutcome.html): what went wrong, in a form a client can act on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.errors import Issue, MaslakError

_RANK = {"fatal": 0, "error": 1, "warning": 2, "information": 3}


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome of these issues, the worst first; with none, it says that all is well."""
    ranked = sorted(issues, key=lambda issue: _RANK[issue.severity])
    if not ranked:
        return informed("All OK")
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in ranked]}


def of_error(error: MaslakError) -> dict[str, Any]:
    """The OperationOutcome of an error that the domain raised."""
    return outcome(error.issues)


def informed(text: str) -> dict[str, Any]:
    """An OperationOutcome that only informs."""
    return outcome([Issue(text, "informational", severity="information")])


def has_errors(issues: Iterable[Issue]) -> bool:
    """Whether any issue forbids the change; warnings and information do not."""
    return any(issue.severity in ("error", "fatal") for issue in issues)


def _issue(issue: Issue) -> dict[str, Any]:
    entry: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "details": {"text": issue.text}}
    if issue.diagnostics:
        entry["diagnostics"] = issue.diagnostics
    if issue.expression:
        entry["expression"] = [issue.expression]
    return entry
