"""The interactions served, by method and shape of address (https://hl7.org/fhir/R4/http.html#summary): one table.

Flask's routes, the entries of a Bundle, the access table and the CapabilityStatement are all made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, Rule

from app.errors import NotFound, NotSupported
from app.fhir.definitions import resource_types
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked
from app.rest.create import create
from app.rest.delete import delete, delete_conditional
from app.rest.history import history
from app.rest.patch import patch, patch_conditional
from app.rest.read import read
from app.rest.search import search, search_all_types, search_compartment
from app.rest.update import update, update_conditional
from app.rest.vread import vread


@dataclass(frozen=True, slots=True)
class Interaction:
    """One row: ``name`` is the endpoint, ``action`` the letter of ``cruds`` it needs, ``code`` how FHIR calls it."""

    name: str
    method: str
    shape: str
    run: Callable[[Repository, Asked], Answer]
    action: str
    code: str = ""

    @property
    def writes(self) -> bool:
        """Whether it changes what is stored."""
        return self.action in "cud"

    def stands_on(self, type: str | None) -> bool:
        """Whether a type takes it: the log is read and searched only."""
        return type != "AuditEvent" or self.name in ("read", "search_type", "search_type_post", "search_compartment")


ROWS: tuple[Interaction, ...] = (
    Interaction("search_system", "GET", "", search_all_types, "s", "search-system"),
    Interaction("search_system_post", "POST", "/_search", search_all_types, "s"),
    Interaction("history_system", "GET", "/_history", history, "r", "history-system"),
    Interaction("search_type", "GET", "/<type>", search, "s", "search-type"),
    Interaction("search_type_post", "POST", "/<type>/_search", search, "s"),
    Interaction("create", "POST", "/<type>", create, "c", "create"),
    Interaction("update_conditional", "PUT", "/<type>", update_conditional, "u"),
    Interaction("patch_conditional", "PATCH", "/<type>", patch_conditional, "u"),
    Interaction("delete_conditional", "DELETE", "/<type>", delete_conditional, "d"),
    Interaction("history_type", "GET", "/<type>/_history", history, "r", "history-type"),
    Interaction("read", "GET", "/<type>/<id>", read, "r", "read"),
    Interaction("update", "PUT", "/<type>/<id>", update, "u", "update"),
    Interaction("patch", "PATCH", "/<type>/<id>", patch, "u", "patch"),
    Interaction("delete", "DELETE", "/<type>/<id>", delete, "d", "delete"),
    Interaction("history_instance", "GET", "/<type>/<id>/_history", history, "r", "history-instance"),
    Interaction("vread", "GET", "/<type>/<id>/_history/<version>", vread, "r", "vread"),
    Interaction("search_compartment", "GET", "/<within>/<id>/<type>", search_compartment, "s"),
    Interaction("search_compartment_post", "POST", "/<within>/<id>/<type>/_search", search_compartment, "s"),
)
OPERATION_SHAPES = ("/$<operation>", "/<type>/$<operation>", "/<type>/<id>/$<operation>")
BY_NAME = {row.name: row for row in ROWS}

_ONLY = {"_history": "GET, HEAD", "_search": "POST"}
"""Words that stand in the place of an id and are none, and the methods that each takes."""

_RULES = [Rule(row.shape or "/", endpoint=row.name, methods=[row.method]) for row in ROWS]
_RULES += [Rule(shape, endpoint="operation", methods=["GET", "POST"]) for shape in OPERATION_SHAPES]
_RULES += [Rule("/", endpoint="bundle", methods=["POST"]), Rule("/metadata", endpoint="metadata", methods=["GET"])]
_MAP = Map(_RULES, strict_slashes=False, merge_slashes=False, redirect_defaults=False)
_ADAPTER = _MAP.bind("fhir", "/")


def located(method: str, path: str) -> tuple[str, Mapping[str, Any]]:
    """(endpoint, parts of the address) of a path below the base, as a Bundle entry names it.

    Raises NotFound (404) on an address of no shape, NotSupported (405) with the methods that it takes.
    """
    try:
        if "//" in path:
            raise NoRoute
        endpoint, parts = _ADAPTER.match("/" + path.strip("/"), method)
    except MethodNotAllowed as error:
        allowed = _ONLY.get(path.rstrip("/").rpartition("/")[2]) or ", ".join(sorted(error.valid_methods or ()))
        allowed = "GET" if path.strip("/") == "metadata" else allowed
        raise NotSupported(
            "{method} is not served on {path}: it takes {allow}.", method=method, path=path or "/", allow=allowed
        ) from None
    except NoRoute:
        raise NotFound(
            "There is nothing at {path}: addresses are [type], [type]/[id], [type]/[id]/_history …", path=path
        ) from None
    check_types(parts)
    return endpoint, parts


def check_types(parts: Mapping[str, Any]) -> None:
    """Raises NotFound (404) when a part of the address is no resource type of R4."""
    if "\x00" in parts.get("id", ""):
        raise NotFound("No id holds the character U+0000.")
    if (id := parts.get("id")) in _ONLY and "type" in parts:
        raise NotSupported("{id} is no id: call {type}/{id} by {allow}.", id=id, type=parts["type"], allow=_ONLY[id])
    for name in ("type", "within"):
        type = parts.get(name)
        if type == "metadata":
            raise NotSupported("/metadata is read only: call it by GET.", allow="GET")
        if type == "*" and name == "type" and "within" in parts:
            continue
        if type is not None and type not in resource_types():
            raise NotFound("'{type}' is no resource type of FHIR R4; capitals count, as in Patient.", type=type)
    if "within" in parts and parts["within"] not in COMPARTMENTS:
        known = ", ".join(COMPARTMENTS)
        raise NotFound("{type} is no compartment: {known} are.", type=parts["within"], known=known)


COMPARTMENTS = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")
