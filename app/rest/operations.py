"""Operations (https://hl7.org/fhir/R4/operations.html): those of the platform and those that the features bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app

from app.errors import Forbidden, Malformed, MaslakError, NotFound, NotSupported
from app.feature import Feature, Operation
from app.fhir.repository import Repository
from app.fhir.resource import Resource, choice
from app.rest.asked import Answer, Asked
from app.rest.bodies import checked
from app.rest.negotiation import LANGUAGES
from app.rest.parameter_types import typed
from app.rest.parameters import parameter, well_formed
from app.rest.permission import require, require_within, seen_in

EXTENSION = "maslak.operations"
_PRESENTATION = frozenset({"_format", "_pretty", "_summary", "_elements"})


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """What an operation is called with: the ``Parameters`` of the body, or those of a GET as strings.

    ``resource`` is the body where it is no Parameters (an operation may take its one resource bare). ``language`` is
    ``en``, ``fr`` or ``ar``, by ``userLanguage``, else by Accept-Language. Parameters are named without regard to where
    they came from.
    """

    type: str | None = None
    id: str | None = None
    parameters: tuple[Resource, ...] = ()
    resource: Resource | None = None
    language: str = "en"
    headers: Any = field(default_factory=dict)
    base: str = ""

    @property
    def reference(self) -> str | None:
        """``Type/id`` of an instance call."""
        return f"{self.type}/{self.id}" if self.type and self.id else None

    def named(self, name: str) -> list[Resource]:
        """The parameters of a name, whole (with ``part`` and extensions)."""
        return [parameter for parameter in self.parameters if parameter.get("name") == name]

    def values(self, name: str) -> list[Any]:
        """Every ``value[x]`` of a name, whatever its type."""
        found = [choice(parameter, "value") for parameter in self.named(name)]
        return [one[1] for one in found if one is not None]

    def value(self, name: str, default: Any = None) -> Any:
        """The first value of a name, or ``default``."""
        return next(iter(self.values(name)), default)

    def required(self, name: str) -> Any:
        """The first value of a name. Raises Malformed (400) where there is none."""
        found = self.value(name)
        if found is None:
            raise Malformed(f"The operation needs the parameter '{name}'.", expression=parameter(name))
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean, also as the text of a GET. Raises Malformed (400) on another value."""
        found = self.value(name, default)
        if found in ("true", "false"):
            return bool(found == "true")
        if not isinstance(found, bool):
            raise Malformed(f"The parameter '{name}' is true or false, not {found!r}.", expression=parameter(name))
        return found

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number from 0, also as the text of a GET. Raises Malformed (400) on another value."""
        found = self.value(name, default)
        if found is None or (isinstance(found, int) and not isinstance(found, bool) and found >= 0):
            return found
        if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 10:
            return int(found)
        raise Malformed(f"The parameter '{name}' is a whole number from 0, not {found!r}.", expression=parameter(name))

    def resources_of(self, name: str) -> list[Resource]:
        """Every ``resource`` of a name."""
        return [parameter["resource"] for parameter in self.named(name) if isinstance(parameter.get("resource"), dict)]

    def resource_of(self, name: str) -> Resource | None:
        """The first ``resource`` of a name."""
        return next(iter(self.resources_of(name)), None)


Registry = Mapping[str, Sequence[Operation]]


def registry(features: Iterable[Feature]) -> dict[str, list[Operation]]:
    """Code → operations: the platform's own, then each feature's; the first that fits the address runs."""
    from app.rest.own_operations import OPERATIONS
    from app.rest.terminology_operations import OPERATIONS as TERMINOLOGY

    made: dict[str, list[Operation]] = {}
    brought = [operation for feature in features for operation in feature.operations()]
    own = [typed(operation, strict=True) for operation in (*OPERATIONS, *TERMINOLOGY)]
    for operation in (*own, *(typed(operation, strict=False) for operation in brought)):
        made.setdefault(operation.code, []).append(operation)
    return made


def registered() -> Registry:
    """The operations of the running application."""
    found: Registry = current_app.extensions[EXTENSION]
    return found


def run_operation(repo: Repository, asked: Asked) -> Answer:
    """Find and run the operation of the address.

    Raises NotFound (404) where it does not stand, NotSupported (405) on a GET that would change something, Forbidden
    (403).
    """
    operation = _standing(asked)
    if operation.affects_state and asked.method == "GET":
        raise NotSupported(f"${operation.code} changes what is stored: call it by POST.", allow="POST")
    if not asked.actor.may(operation.grant):
        raise Forbidden(f"${operation.code} needs the grant {operation.grant}, which you do not have.")
    require(asked.actor, "u" if operation.affects_state else "r", asked.type)
    if asked.id and asked.type:
        require_within(repo, asked.reference, "u" if operation.affects_state else "r")
    called = request_of(asked)
    try:
        result = dict(operation.run(repo, called))
    except MaslakError as error:
        error.language = called.language
        raise
    return Answer(200, seen_in(repo, result) if result.get("resourceType") == "Bundle" else result)


def writes(asked: Asked) -> bool:
    """Whether the operation of the address may change what is stored."""
    return any(operation.affects_state for operation in registered().get(str(asked.operation), ()))


def _standing(asked: Asked) -> Operation:
    for operation in registered().get(str(asked.operation), ()):
        if asked.type is None:
            if operation.system_level:
                return operation
        elif (not operation.types or asked.type in operation.types) and (
            operation.instance if asked.id else operation.type_level
        ):
            return operation
    place = "/".join(part for part in (asked.type, asked.id) if part) or "the base address"
    raise NotFound(f"There is no operation ${asked.operation} on {place}; /metadata lists those there are.")


def request_of(asked: Asked) -> OperationRequest:
    """The call in the terms of an operation; its resources are valid, but for those that ``$validate`` is asked about.

    Raises Malformed (400) on a body that is no resource, Invalid (422) with every error of one that is.
    """
    given = tuple({"name": name, "valueString": value} for name, value in asked.parameters if name not in _PRESENTATION)
    body, resource = asked.resource, None
    if isinstance(body, dict) and body.get("resourceType") == "Parameters":
        well_formed(body, resources=asked.operation != "validate")
        given = (*body.get("parameter", ()), *given)
    elif body is not None:
        if not isinstance(body, dict) or "resourceType" not in body:
            raise Malformed("The body of an operation is a Parameters resource.")
        if asked.operation != "validate":
            checked(body)
        resource = body
    called = OperationRequest(asked.type, asked.id, given, resource, asked.language, asked.headers, asked.base)
    return replace(called, language=_reader(called.value("userLanguage")) or asked.language)


def _reader(user_language: Any) -> str | None:
    """The language of a ``userLanguage`` (a code or a CodeableConcept), where we speak it."""
    coded = user_language.get("coding", ()) if isinstance(user_language, dict) else [{"code": user_language}]
    tags = (str(one.get("code") or "").replace("_", "-") for one in coded)
    return next((short for tag in tags if (short := tag.split("-")[0].lower()) in LANGUAGES), None)
