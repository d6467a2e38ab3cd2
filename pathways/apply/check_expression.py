"""Checks of expressions, before any patient: they can be read, and name variables, elements and parameters that
exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.errors import Issue, MaslakError
from app.fhir.fhirpath import check as check_path
from pathways.apply.expression import QUERY, ExpressionFailed, Path, Search, expression
from pathways.facts.query import read

_SUBJECT = re.compile(r"%(?:patient|subject)\b")
_BOOLEAN = frozenset({"System.Boolean", "boolean"})


def issues_of_condition(about: Mapping[str, Any], path: str, subject: str, known: frozenset[str]) -> list[Issue]:
    """Issues of a condition; besides those of any expression, it must be able to answer a Boolean."""
    if about.get("language") == QUERY:
        return [_issue("a query is no condition: write a FHIRPath expression over it", path, about.get("expression"))]
    found = issues_of_expression(about, path, "PlanDefinition", known, subject)
    if found:
        return found
    types = check_path(about["expression"], None, known)
    if types and not types & _BOOLEAN:
        return [_issue(f"the condition answers {', '.join(sorted(types))}, no Boolean", path, about["expression"])]
    return []


def issues_of_expression(
    about: Mapping[str, Any], path: str, focus: str, known: frozenset[str], subject: str = "Patient"
) -> list[Issue]:
    """Issues of an Expression element. ``focus``: the type it is read on; ``known``: variable names without ``%``."""
    text = about.get("expression")
    try:
        found = expression(about)
    except ExpressionFailed as error:
        return [_issue(error.reason, path, text)]
    if isinstance(found, Search):
        return _issues_of_query(found, path, known, subject)
    on = subject if isinstance(found, Path) and found.begins_with == subject else focus
    return issues_of_text(str(text), path, on, known, subject)


def issues_of_text(text: str, path: str, focus: str, known: frozenset[str], subject: str = "Patient") -> list[Issue]:
    """Issues of one FHIRPath text."""
    try:
        check_path(text, focus, known)
        if _SUBJECT.search(text):
            # ``%context`` is the one variable whose type the checker takes from us: the patient's elements are checked
            check_path(_SUBJECT.sub("%context", text), subject, known)
    except MaslakError as error:
        return [_issue(error.message, path, text)]
    return []


def _issues_of_query(search: Search, path: str, known: frozenset[str], subject: str) -> list[Issue]:
    found = []
    for one in search.places:
        found += issues_of_text(one.text, path, subject, known, subject)
    try:
        read(search.template)
    except MaslakError as error:
        found.append(_issue(error.message, path, search.text))
    return found


def _issue(text: str, path: str, diagnostics: Any) -> Issue:
    return Issue(text, "invalid", path, diagnostics=str(diagnostics) if diagnostics else None)
