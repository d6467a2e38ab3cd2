"""From the Parameters of the operation to what the engine is asked: subjects, facts, definitions, people, language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from app.errors import Invalid, Malformed, NotFound
from app.fhir.fhirpath import Terminology
from app.fhir.resource import parse_canonical, parse_reference
from pathways.apply.request import ApplyRequest
from pathways.apply.values import value_of
from pathways.calendar import OVERRIDES, Calendar, calendar_from
from pathways.facts import Facts

if TYPE_CHECKING:
    from app.fhir.repository import Repository

Resource = dict[str, Any]
DEFINITIONS = ("ActivityDefinition", "PlanDefinition", "Questionnaire")
LANGUAGES = ("fr", "ar")


class Terms(Protocol):
    """The terminology of the house, handed in by the entrance: what queries (``:in``) and FHIRPath ask of it."""

    def codes_in(self, value_set: str) -> Iterable[tuple[str, str]]:
        """Every (system, code) of a value set. Raises NotFound, Invalid."""

    def port(self) -> Terminology:
        """The same for FHIRPath."""


def requests_of(repo: Repository, asked: Any, definition: Resource, terms: Terms | None = None) -> list[ApplyRequest]:
    """One ApplyRequest a subject. ``asked`` is an OperationRequest of the REST room.

    Raises Malformed without a subject, NotFound on an unknown one, Forbidden on a patient outside the actor's scope.
    """
    given = _data(asked)
    named = asked.values("subject")
    subjects = [one for value in named for one in _members(repo, _reference(value), given, ())]
    if named and not subjects:
        raise Invalid("the group has no members to apply to", expression="Parameters.parameter('subject')")
    if not subjects:
        raise Malformed("$apply needs a subject, such as Patient/123", expression="Parameters.parameter('subject')")
    calendar = calendar_of(repo)
    find = finder(repo, [definition, *given, *_definitions_in(asked)])
    made = []
    for reference in dict.fromkeys(subjects):
        facts = _facts(repo, asked, reference, given, terms)
        subject = facts.get(reference)
        if subject is None:
            raise NotFound("there is no {reference}", reference=reference, expression="Parameters.parameter('subject')")
        made.append(_request(repo, asked, facts, subject, find, calendar, terms))
    return made


def _request(
    repo: Repository,
    asked: Any,
    facts: Facts,
    subject: Resource,
    find: Callable[[str], Resource],
    calendar: Calendar,
    terms: Terms | None,
) -> ApplyRequest:
    return ApplyRequest(
        subject,
        facts,
        find,
        repo.now,
        language_of(asked),
        encounter=_person(repo, asked, facts, "encounter"),
        practitioner=_person(repo, asked, facts, "practitioner"),
        organization=_person(repo, asked, facts, "organization"),
        user_type=asked.value("userType"),
        user_language=asked.value("userLanguage"),
        user_task_context=asked.value("userTaskContext"),
        setting=asked.value("setting"),
        setting_context=asked.value("settingContext"),
        parameters=_parameters(asked),
        calendar=calendar,
        terminology=None if terms is None else terms.port(),
    )


def calendar_of(repo: Repository) -> Calendar:
    """The working calendar with the administration's own days."""
    return calendar_from(repo.first(f"CodeSystem?url={OVERRIDES}&status=active"))


def language_of(asked: Any) -> str:
    """The language of ``userLanguage``, else of the request; French where neither is spoken here."""
    value = asked.value("userLanguage")
    code = value if isinstance(value, str) else next((c.get("code") for c in (value or {}).get("coding", ())), None)
    short = (code or asked.language or "fr").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else "fr"


def finder(repo: Repository, given: Iterable[Resource]) -> Callable[[str], Resource]:
    """Finds definitions by canonical: those of the request first, then the version in force, else one not yet in
    force."""
    own: dict[str, Resource] = {}
    for one in given:
        if one.get("url"):
            own.setdefault(one["url"], one)
            own.setdefault(f"{one['url']}|{one.get('version')}", one)

    def find(canonical: str) -> Resource:
        if canonical in own:
            return own[canonical]
        try:
            found = repo.canonical(canonical)
        except NotFound:
            draft = _not_in_force(repo, canonical)
            if draft is None:
                raise NotFound("there is no definition {canonical}", canonical=canonical) from None
            found = draft
        own[canonical] = found
        return found

    return find


def _not_in_force(repo: Repository, canonical: str) -> Resource | None:
    """A draft of a definition: protocols are tried before they are released."""
    wanted = parse_canonical(canonical)
    version = f"&version={wanted.version}" if wanted.version else ""
    kinds = [kind for kind in DEFINITIONS if f"/{kind}/" in wanted.url] or DEFINITIONS
    for kind in kinds:
        found = repo.first(f"{kind}?url={wanted.url}{version}&status=draft,active,unknown&_sort=-_lastUpdated")
        if found is not None:
            return found
    return None


def definition_of(repo: Repository, asked: Any, kind: str) -> Resource:
    """The definition to apply: the instance called, the resource given, or by ``url|version``, ``version``, ``id``.

    Raises Malformed without any of them, NotFound.
    """
    name = kind[0].lower() + kind[1:]
    if asked.id:
        return repo.read(f"{kind}/{asked.id}")
    given = asked.resource_of(name) or (asked.resource if (asked.resource or {}).get("resourceType") == kind else None)
    if given is not None:
        return dict(given)
    canonical = next((value for value in map(asked.value, ("url", "canonical", name)) if value), None)
    if isinstance(canonical, dict):
        canonical = canonical.get("reference")
    if canonical and (found := parse_reference(canonical)) and found.type == kind and not found.base:
        return repo.read(found.key)
    if canonical:
        version = asked.value("version")
        pinned = canonical if "|" in canonical or not version else f"{canonical}|{version}"
        return finder(repo, ())(pinned)
    if asked.value("id"):
        return repo.read(f"{kind}/{asked.value('id')}")
    raise Malformed(f"$apply needs the definition: '{name}', 'url' or the address {kind}/[id]/$apply")


def _data(asked: Any) -> list[Resource]:
    """The resources of ``data`` and ``prefetchData``: seen over stored ones, never stored."""
    found = []
    for one in asked.resources_of("data"):
        found += _unpacked(one)
    for prefetch in asked.named("prefetchData"):
        for part in prefetch.get("part", ()):
            if part.get("name") == "data" and "resource" in part:
                found += _unpacked(part["resource"])
    return found


def _unpacked(resource: Resource) -> list[Resource]:
    if resource.get("resourceType") != "Bundle":
        return [resource]
    return [entry["resource"] for entry in resource.get("entry", ()) if "resource" in entry]


def _definitions_in(asked: Any) -> list[Resource]:
    return [one for name in ("planDefinition", "activityDefinition", "definition") for one in asked.resources_of(name)]


def _members(repo: Repository, reference: str, given: list[Resource], within: tuple[str, ...]) -> list[str]:
    """A subject, or the members of a Group one by one, also of groups in it (``within``: those it stands in)."""
    if not reference.startswith("Group/"):
        return [reference]
    if reference in within:
        raise Invalid("the groups go in a circle: {names}", names=" → ".join([*within, reference]))
    group = next((one for one in given if f"Group/{one.get('id')}" == reference), None) or repo.read(reference)
    members = [one for one in group.get("member", ()) if not one.get("inactive")]
    entities = [_reference(one["entity"]) for one in members if "reference" in one.get("entity", {})]
    return [one for entity in entities for one in _members(repo, entity, given, (*within, reference))]


def _facts(repo: Repository, asked: Any, reference: str, given: list[Resource], terms: Terms | None) -> Facts:
    stored: list[Resource] = []
    if asked.flag("useServerData", True):
        kind, _, id = reference.partition("/")
        try:
            stored = repo.record_of(id) if kind == "Patient" else [repo.read(reference)]
        except NotFound:
            stored = []
    return Facts([*stored, *given], repo.now, None if terms is None else terms.codes_in)


def _person(repo: Repository, asked: Any, facts: Facts, name: str) -> Resource | str | None:
    """The resource of a person, encounter or organization where it is known, else its reference."""
    value = asked.value(name)
    if value is None:
        return None
    reference = _reference(value)
    found = facts.get(reference)
    if found is None and asked.flag("useServerData", True):
        found = repo.find(reference)
    return found or reference


def _parameters(asked: Any) -> dict[str, Any]:
    """The ``parameters`` of the operation: each becomes a variable; a repeated name a list."""
    found: dict[str, list[Any]] = {}
    for one in asked.resources_of("parameters"):
        for parameter in one.get("parameter", ()):
            value = parameter.get("resource", value_of(parameter))
            if value is not None:
                found.setdefault(parameter["name"], []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _reference(value: str | Mapping[str, Any]) -> str:
    """``Type/id`` of a reference text or Reference element. Raises Invalid where it is none."""
    found = parse_reference(value)
    if found is None or not found.type or not found.id:
        raise Invalid("'{value}' is no reference such as Patient/123", value=value)
    return found.key
