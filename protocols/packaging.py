"""What an artefact needs to run elsewhere: itself, its components, and the definitions that its rules call.

``$package`` and ``$data-requirements`` of CRMI: http://hl7.org/fhir/uv/crmi/packaging.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.config import CANONICAL_BASE
from app.errors import NotFound
from app.fhir.json import dumps
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, parse_canonical
from protocols.differences import Change
from protocols.differences import artifact_diff as changes
from protocols.vocabulary import VARIABLE

NAMING = frozenset(
    {"definitionCanonical", "answerValueSet", "valueCanonical", "resource", "valueSet", "library", "derivedFrom"}
)
"""Elements that name another artefact by its canonical."""
QUERY = "application/x-fhir-query"
CODE = re.compile(r"[?&]code=([^&]+)")
TYPE = re.compile(r"[A-Z][A-Za-z]+")


def package(repo: Repository, artefact: Resource) -> list[Resource]:
    """The artefact first, then everything that it names, directly or not, each once; what is not here is left out."""
    found: dict[str, Resource] = {canonical(artefact): artefact}
    waiting = [artefact]
    pins = {parse_canonical(pin).url: pin for pin in _canonicals(artefact) if "|" in pin}
    while waiting:
        for name in _canonicals(waiting.pop(0)):
            url = parse_canonical(name).url
            try:
                other = repo.canonical(pins.get(url, name))
            except NotFound:
                continue
            if canonical(other) not in found:
                found[canonical(other)] = other
                waiting.append(other)
    return list(found.values())


def data_requirements(artefact: Resource, packaged: list[Resource]) -> Resource:
    """A module-definition Library: a DataRequirement for each query of the variables, by type and code, each once."""
    required: dict[bytes, Resource] = {}
    for resource in packaged:
        for query in _queries(resource):
            requirement = _requirement(query)
            required.setdefault(dumps(requirement), requirement)
    return {
        "resourceType": "Library",
        "status": artefact["status"],
        "type": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "module-definition"}]
        },
        "relatedArtifact": [
            {"type": "depends-on", "resource": canonical(one)} for one in packaged if one is not artefact
        ],
        "dataRequirement": list(required.values()),
    }


def difference(source: Resource, target: Resource) -> Resource:
    """Parameters in the way of FHIR's ``$diff``: one ``operation`` for each change, with path, kind and both values."""
    parameters = [{"name": "operation", "part": list(_parts(change))} for change in changes(source, target)]
    return {"resourceType": "Parameters"} | ({"parameter": parameters} if parameters else {})


def _parts(change: Change) -> Iterator[Resource]:
    kind = {"added": "insert", "removed": "delete", "changed": "replace"}[change.kind]
    yield {"name": "type", "valueCode": kind}
    yield {"name": "path", "valueString": change.path}
    if change.language:
        yield {"name": "language", "valueCode": change.language}
    for name, value in (("previousValue", change.before), ("value", change.after)):
        if value is not None:
            yield {"name": name, "valueString": value if isinstance(value, str) else dumps(value).decode()}


def _canonicals(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in NAMING and isinstance(item, (str, list)):
                yield from (one for one in ([item] if isinstance(item, str) else item) if _ours(one))
            if isinstance(item, (dict, list)):
                yield from _canonicals(item)
    elif isinstance(value, list):
        for item in value:
            yield from _canonicals(item)


def _ours(name: Any) -> bool:
    return isinstance(name, str) and name.startswith(f"{CANONICAL_BASE}/") and "/StructureDefinition/" not in name


def _queries(resource: Resource) -> Iterator[str]:
    for one in resource.get("extension", ()):
        expression = one.get("valueExpression", {})
        if one.get("url") == VARIABLE and expression.get("language") == QUERY:
            yield expression.get("expression", "")


def _requirement(query: str) -> Resource:
    kind = match[0] if (match := TYPE.match(query)) else "Resource"
    made: Resource = {"type": kind}
    if codes := CODE.search(query):
        listed = []
        for token in codes[1].split(","):
            system, _, code = token.rpartition("|")
            listed.append(({"system": system} if system else {}) | {"code": code})
        made["codeFilter"] = [{"path": "code", "code": listed}]
    return made
