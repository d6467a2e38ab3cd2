"""capabilities: https://hl7.org/fhir/R4/http.html#capabilities

The CapabilityStatement is made from the table of interactions, the search parameters that the store indexes and the
operations that are registered: what is not served is not claimed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Request, current_app

from app.clock import instant_text, now
from app.errors import Malformed
from app.feature import Operation
from app.fhir.definitions import load, resource_types
from app.fhir.json import dumps
from app.fhir.resource import Resource
from app.rest import negotiation
from app.rest.asked import Answer
from app.rest.door import base_url, root_url
from app.rest.operations import registered
from app.rest.routes import BY_NAME
from app.store.parameters import Parameter, parameters_of

SERVED_SINCE = "maslak.capabilities"
_SPECIAL = ("_text", "_content", "_filter")
_COMMON = frozenset({"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", *_SPECIAL})
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SMART = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
SYSTEM_CODES = {
    "bundle": ("transaction", "batch"),
    "search_system": ("search-system",),
    "history_system": ("history-system",),
}
_TYPE_ROWS = ("read", "vread", "update", "patch", "delete", "history_instance", "history_type", "create", "search_type")


def answer(request: Request) -> Answer:
    """``GET /metadata``: the CapabilityStatement; ``mode=terminology`` gives the TerminologyCapabilities."""
    negotiation.check_format(request.args.get("_format"), request.headers.get("Accept"))
    mode = request.args.get("mode", "full")
    if mode == "terminology":
        return Answer(200, terminology(base_url()))
    if mode not in ("full", "normative"):
        raise Malformed("mode={mode}: write full, normative or terminology.", expression="http.mode", mode=mode)
    kept: dict[str, Any] = current_app.extensions.setdefault(SERVED_SINCE, {})
    base = base_url()
    if base not in kept:
        if len(kept) > 16:  # each Host header would make one more
            kept.clear()
        kept[base] = dumps(statement(base))
    return Answer(200, kept[base])


def statement(base: str) -> Resource:
    """The CapabilityStatement of this server at ``base``."""
    operations = registered()
    return {
        "resourceType": "CapabilityStatement",
        "id": "maslak",
        "status": "active",
        "date": instant_text(now()),
        "kind": "instance",
        "software": {"name": "Maslak", "version": current_app.config.get("VERSION", "0.1.0")},
        "implementation": {"description": "Maslak, chronic-disease protocols and care pathways", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", negotiation.FHIR_JSON],
        "patchFormat": [negotiation.JSON_PATCH, negotiation.FHIR_JSON],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "extension": [
                        {"url": OAUTH_URIS, "extension": [{"url": "token", "valueUri": f"{root_url()}/oauth/token"}]}
                    ],
                    "service": [{"coding": [SMART], "text": "SMART Backend Services 2.2"}],
                    "description": "Every request but /metadata carries a bearer token with SMART v2 scopes.",
                },
                "resource": [_resource(type, operations) for type in sorted(resource_types())],
                "interaction": [{"code": code} for codes in SYSTEM_CODES.values() for code in codes],
                "searchParam": [
                    {"name": name, "type": parameter.kind, "definition": parameter.url}
                    for name, parameter in parameters_of("Patient").items()
                    if name in _COMMON and answered(parameter)
                ],
                **_operations([o for listed in operations.values() for o in listed if o.system_level]),
            }
        ],
    }


def _resource(type: str, operations: Any) -> Resource:
    written = BY_NAME["update"].stands_on(type)
    standing = [
        operation
        for listed in operations.values()
        for operation in listed
        if (operation.instance or operation.type_level) and (not operation.types or type in operation.types)
    ]
    return {
        "type": type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{type}",
        "interaction": [{"code": BY_NAME[name].code} for name in _TYPE_ROWS if BY_NAME[name].stands_on(type)],
        "versioning": "versioned-update" if written else "no-version",
        "readHistory": written,
        "updateCreate": written,
        "conditionalCreate": written,
        "conditionalRead": "full-support",
        "conditionalUpdate": written,
        "conditionalDelete": "single" if written else "not-supported",
        "referencePolicy": ["literal", "logical", "local"],
        **_searches(type),
        **_operations(standing),
    }


def answered(parameter: Parameter) -> bool:
    """Whether the store can answer a parameter: it is indexed, composed of such, or stands in the head."""
    by_itself = ("_id", "_lastUpdated", *_SPECIAL)
    indexed = parameter.paths and parameter.kind != "special"  # Location.near, for which no distances are kept
    return bool(indexed or parameter.components or parameter.code in by_itself)


@cache
def _searches(type: str) -> dict[str, list[Any]]:
    parameters = {code: p for code, p in parameters_of(type).items() if answered(p)}
    own = [
        {"name": p.code, "type": p.kind, "definition": p.url}
        | ({"documentation": p.description} if p.description else {})
        for p in sorted(parameters.values(), key=lambda p: p.code)
        if p.code not in _COMMON
    ]
    includes = [f"{type}:{p.code}" for p in parameters.values() if p.kind == "reference"]
    made: dict[str, list[Any]] = {"searchInclude": ["*", *sorted(includes)]} if includes else {}
    if referring := _referring().get(type):
        made["searchRevInclude"] = ["*", *referring]
    return made | ({"searchParam": own} if own else {})


@cache
def _referring() -> dict[str, list[str]]:
    """Type → the reference parameters of all types that may name it, as ``_revinclude`` takes them."""
    found: dict[str, list[str]] = {}
    for source in sorted(resource_types()):
        for code, parameter in sorted(parameters_of(source).items()):
            if parameter.kind == "reference" and answered(parameter):
                for target in parameter.targets:
                    found.setdefault(target, []).append(f"{source}:{code}")
    return found


def _operations(operations: list[Operation]) -> dict[str, list[Any]]:
    official = {(one["code"], type): one["url"] for one in load("operations") for type in one.get("resource", ())}
    listed = [
        {"name": operation.code, "definition": definition}
        for operation in operations
        if (definition := operation.definition or _official(operation, official))
    ]
    return {"operation": listed} if listed else {}


def _official(operation: Operation, official: dict[tuple[str, str], str]) -> str | None:
    return next(
        (
            official[operation.code, type]
            for type in (*operation.types, "Resource")
            if (operation.code, type) in official
        ),
        None,
    )


def terminology(base: str) -> Resource:
    """The TerminologyCapabilities (https://hl7.org/fhir/R4/terminologycapabilities.html)."""
    return {
        "resourceType": "TerminologyCapabilities",
        "id": "maslak",
        "status": "active",
        "date": instant_text(now()),
        "kind": "instance",
        "implementation": {"description": "Maslak", "url": base},
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "parameter": [
                {"name": name}
                for name in ("filter", "offset", "count", "activeOnly", "displayLanguage", "includeDesignations")
            ],
            "textFilter": "Case, accents, tashkeel and hamza do not matter; each word begins a word of a designation.",
        },
        "codeSearch": "all",
        "validateCode": {"translations": True},
        "translation": {"needsMap": False},
    }
