"""Terminology operations (https://hl7.org/fhir/R4/terminology-service.html): parameters in, ``app.terminology``,
parameters out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.clock import instant_text
from app.errors import Invalid, Malformed
from app.feature import Operation
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.ids import new_id
from app.rest.operations import OperationRequest
from app.rest.parameters import answer, parameter
from app.rest.terminology_parameters import canonical_in, coded_in, service_for, system_of, value_set_of
from app.terminology import Concept
from app.terminology.displays import Token, asked_for, display_in, language_for, shown, token_of
from app.terminology.service import Expansion, Validation
from app.terminology.translate import translated

UNCLOSED = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"
"""Of an expansion: other codes may belong to the value set too, since only a part of their system is kept here."""
_UNSERVED = ("date", "context", "contextDirection")


def expand(repo: Repository, request: OperationRequest) -> Resource:
    """``ValueSet/$expand`` (https://hl7.org/fhir/R4/valueset-operation-expand.html): the value set with its
    expansion.
    """
    if odd := [name for name in _UNSERVED if request.value(name) is not None]:
        raise Invalid(
            "$expand: the parameter {name} is not served, and would change the answer.",
            name=odd[0],
            expression=parameter(odd[0]),
        )
    service = service_for(repo, request)
    value_set = value_set_of(repo, request, service)
    tokens = [token_of(str(one)) for one in request.values("designation")]
    designations = request.flag("includeDesignations", bool(tokens))
    expansion = service.expand(
        value_set,
        filter=request.value("filter"),
        offset=request.whole("offset", 0) or 0,
        count=request.whole("count"),
        active_only=request.flag("activeOnly"),
        display_language=request.value("displayLanguage"),
        without={str(one).partition("|")[0] for one in request.values("exclude-system")},
    )
    kept = value_set if request.flag("includeDefinition") else {k: v for k, v in value_set.items() if k != "compose"}
    return {key: item for key, item in kept.items() if key != "expansion"} | {
        "expansion": {
            "identifier": f"urn:uuid:{new_id()}",
            "timestamp": instant_text(repo.now),
            "total": expansion.total,
            "offset": expansion.offset,
            **({"extension": [{"url": UNCLOSED, "valueBoolean": True}]} if expansion.unclosed else {}),
            "parameter": _used(request, expansion),
            "contains": [_contained(one, text, tokens if designations else None) for one, text in expansion.concepts],
        }
    }


def _used(request: OperationRequest, expansion: Expansion) -> list[Resource]:
    """The parameters that shaped the expansion, as it must state them."""
    used: list[Resource] = [
        {"name": name, "valueString": str(request.value(name))} for name in ("filter",) if request.value(name)
    ]
    used += [{"name": "activeOnly", "valueBoolean": True}] if request.flag("activeOnly") else []
    if request.value("includeDesignations") is not None:
        used += [{"name": "includeDesignations", "valueBoolean": request.flag("includeDesignations")}]
    used += [{"name": "designation", "valueString": str(value)} for value in request.values("designation")]
    used += [{"name": "displayLanguage", "valueCode": expansion.language}] if expansion.language else []
    for name in ("exclude-system", "system-version", "check-system-version", "force-system-version"):
        used += [{"name": name, "valueUri": str(value)} for value in request.values(name)]
    versions = sorted({f"{one.system}|{one.version}" for one, _ in expansion.concepts if one.version})
    return used + [{"name": "version", "valueUri": version} for version in versions]


def _contained(concept: Concept, text: str | None, tokens: Collection[Token] | None) -> Resource:
    """An entry of the expansion; ``tokens`` say which designations stand in it (empty: all), None: none."""
    made: Resource = {"system": concept.system}
    made |= {"inactive": True} if concept.inactive else {}
    made |= {"abstract": True} if concept.abstract else {}
    made |= {"code": concept.code} | ({"display": text} if text else {})
    if tokens is not None and (listed := shown(asked_for(_all_texts(concept), tokens))):
        made["designation"] = listed
    return made


def _all_texts(concept: Concept) -> list[Resource]:
    own = [{"language": concept.language, "value": concept.display}] if concept.language and concept.display else []
    return [*own, *concept.designations]


def validate_code(repo: Repository, request: OperationRequest) -> Resource:
    """``ValueSet/$validate-code`` and ``CodeSystem/$validate-code``: result, message, display, code, system."""
    service = service_for(repo, request)
    in_system = request.type == "CodeSystem"
    value_set = None if in_system else value_set_of(repo, request, service)
    tried: list[Validation] = []
    for system, code, display, version in coded_in(request, in_system, repo):
        language = request.value("displayLanguage")
        if value_set is not None:
            tried.append(service.validate_in_value_set(value_set, system, code, display, language, version))
        else:
            if not system:
                raise Malformed(
                    "CodeSystem/$validate-code needs the system: the parameter url, or a Coding with a system.",
                    expression=parameter("url"),
                )
            tried.append(service.validate_in_system(system, code, display, version, language))
    best = next((one for one in tried if one.result), tried[0])
    if (
        best.result
        and best.concept
        and best.concept.abstract
        and value_set is not None
        and not request.flag("abstract", True)
    ):
        best = Validation(
            False, best.concept, best.display, f"{best.concept.code} is abstract: it only groups other codes."
        )
    concept = best.concept
    return answer(
        ("result", "Boolean", best.result),
        ("message", "String", best.message),
        ("display", "String", best.display),
        ("code", "Code", concept.code if concept else None),
        ("system", "Uri", concept.system if concept else None),
    )


def lookup(repo: Repository, request: OperationRequest) -> Resource:
    """``CodeSystem/$lookup`` (https://hl7.org/fhir/R4/codesystem-operation-lookup.html): texts and properties of a
    code.
    """
    service = service_for(repo, request)
    coding = request.value("coding") or {}
    system, code = request.value("system") or coding.get("system"), request.value("code") or coding.get("code")
    if not system or not code:
        raise Malformed("$lookup needs system and code, or a coding.", expression=parameter("code"))
    version = request.value("version") or coding.get("version")
    known = service.concepts(system, version)
    concept = service.concept(system, code, version)
    language = language_for(request.value("displayLanguage"), None, service.language)
    wanted = set(request.values("property"))
    properties = [(name, suffix, value) for name, suffix, value in concept.properties]
    properties += [("parent", "Code", parent) for parent in known.parents.get(concept.code, ())]
    properties += [("child", "Code", child) for child in known.children.get(concept.code, ())]
    return answer(
        ("name", "String", known.name or known.url),
        ("version", "String", known.version),
        ("display", "String", display_in(concept, language) or concept.code),
        ("definition", "String", concept.definition),
        *[("designation", None, _designation(one)) for one in shown(_all_texts(concept))],
        *[
            ("property", None, [("code", "Code", name), ("value", suffix, value)])
            for name, suffix, value in dict.fromkeys((n, s, _frozen(v)) for n, s, v in properties)
            if not wanted or name in wanted
        ],
    )


def _frozen(value: Any) -> Any:
    return value if not isinstance(value, dict) else str(value.get("code"))


def _designation(one: Resource) -> list[tuple[str, str, Any]]:
    return [
        ("language", "Code", one.get("language")),
        ("use", "Coding", one.get("use")),
        ("value", "String", one["value"]),
    ]


def subsumes(repo: Repository, request: OperationRequest) -> Resource:
    """``CodeSystem/$subsumes`` (https://hl7.org/fhir/R4/codesystem-operation-subsumes.html): outcome."""
    service = service_for(repo, request)
    first, second = request.value("codingA"), request.value("codingB")
    if first or second:
        first, second = request.required("codingA"), request.required("codingB")
        if first.get("system") != second.get("system"):
            raise Malformed("codingA and codingB are of different systems.", expression=parameter("codingB"))
        system, one, other = first.get("system"), first.get("code"), second.get("code")
    else:
        system = request.value("system") or system_of(repo, request)
        one, other = request.required("codeA"), request.required("codeB")
    if not system:
        raise Malformed("$subsumes needs the system.", expression=parameter("system"))
    return answer(("outcome", "Code", service.subsumes(system, one, other, request.value("version"))))


def translate(repo: Repository, request: OperationRequest) -> Resource:
    """``ConceptMap/$translate`` (https://hl7.org/fhir/R4/conceptmap-operation-translate.html): result and matches."""
    service = service_for(repo, request)
    coded = coded_in(request, False, repo)
    inline = request.resource_of("conceptMap")
    if request.id:
        maps = [repo.read(str(request.reference))]
    elif inline or request.value("url"):
        maps = [inline or service.sources.concept_map(canonical_in(request, "url", "conceptMapVersion"))]
    else:
        systems = {system for system, *_ in coded if system}
        maps = [one for system in systems for one in service.sources.concept_maps(system)]
    matches = [
        match
        for system, code, *_ in coded
        for match in translated(
            service.sources,
            maps,
            system,
            code,
            target_system=request.value("targetsystem"),
            target=request.value("target"),
            reverse=request.flag("reverse"),
        )
    ]
    good = any(match.good for match in matches)
    return answer(
        ("result", "Boolean", good),
        ("message", "String", None if good else "No translation was found."),
        *[
            (
                "match",
                None,
                [
                    ("equivalence", "Code", match.equivalence),
                    ("concept", "Coding", match.concept or None),
                    *[
                        ("product", None, [("element", "Uri", name), ("concept", "Coding", one)])
                        for name, one in match.products
                    ],
                    ("source", "Uri", match.source),
                ],
            )
            for match in matches
        ],
    )


def _operation(code: str, run: Any, type: str) -> Operation:
    return Operation(code, run, grant="fhir:read", types=(type,))


OPERATIONS = (
    _operation("expand", expand, "ValueSet"),
    _operation("validate-code", validate_code, "ValueSet"),
    _operation("validate-code", validate_code, "CodeSystem"),
    Operation("lookup", lookup, grant="fhir:read", types=("CodeSystem",), instance=False),
    _operation("subsumes", subsumes, "CodeSystem"),
    _operation("translate", translate, "ConceptMap"),
)
