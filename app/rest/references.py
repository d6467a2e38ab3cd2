"""References of a transaction (https://hl7.org/fhir/R4/http.html#trules): full urls and conditions become
``Type/id``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.errors import Forbidden, Invalid, PreconditionFailed
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference, referenced, references, rewrite_references
from app.rest.asked import decoded
from app.rest.conditions import match
from app.rest.permission import reaching, within_limits

_WHOLE = ("http:", "https:", "urn:", "#")
"""Addresses, not conditions, whatever they hold."""


class Resolver:
    """Knows what every full url of the Bundle will be (``known``), and asks the store about conditional references."""

    def __init__(self, repo: Repository) -> None:
        self.known: dict[str, str] = {}
        self._repo = repo
        self._standing: dict[str, Resource] = {}

    def stands(self, reference: str, resource: Resource | None) -> None:
        """A resource that the Bundle brings: a conditional reference may mean it."""
        if resource is not None:
            self._standing[reference] = resource

    def resolved(self, resource: Resource) -> Resource:
        """The resource with all its references replaced; itself where there is nothing to replace.

        Raises Invalid (422) on a ``urn:`` that no entry has, PreconditionFailed (412) on a condition that none or
        several meet.
        """
        needed = False
        for path, element in references(resource):
            text = element["reference"]
            if text in self.known:
                needed = True
            elif text.startswith("urn:"):
                raise Invalid(f"No entry of the Bundle has the fullUrl {text}.", expression=f"{path}.reference")
            elif "?" in text and not text.startswith(("http:", "https:")):
                self.known[text] = self._found(text, path)
                needed = True
        return rewrite_references(resource, self.known) if needed or self._named(resource) else resource

    def _named(self, resource: Resource) -> bool:
        """Whether a full url stands where no Reference is: in a link of the narrative, a uri, an attachment's url."""
        return any(text in self.known or (text.startswith("<") and "urn:" in text) for text in _texts(resource))

    def patched(self, patch: Any) -> Any:
        """A patch of a Bundle with the references that it brings replaced; a JSON Patch comes as its operations."""
        if isinstance(patch, list):
            return [self._operation(one) for one in patch]
        return self.resolved(patch) if isinstance(patch, dict) else patch

    def _operation(self, operation: Any) -> Any:
        """The value of an operation stands as the element that its path names."""
        if not isinstance(operation, dict) or "value" not in operation:
            return operation
        name = str(operation.get("path", "")).rpartition("/")[2]
        return operation | {"value": self.resolved({name: operation["value"]})[name]}

    def met(self, resource: Resource) -> Resource:
        """The resource with its conditional references replaced, where it comes by itself.

        Raises PreconditionFailed (412) on a condition that none or several meet.
        """
        asked = {text for text in referenced(resource) if "?" in text and not text.startswith(_WHOLE)}
        if not asked or resource["resourceType"] in ("Bundle", "Parameters"):
            return resource
        conditional = {
            element["reference"]: path for path, element in references(resource) if element["reference"] in asked
        }
        return rewrite_references(resource, {text: self._found(text, path) for text, path in conditional.items()})

    def _found(self, text: str, path: str) -> str:
        target = parse_reference(text)
        if target is None or target.type is None or target.query is None:
            raise Invalid(f"'{text}' is no reference.", expression=f"{path}.reference")
        if not reaching(self._repo.actor, target.type):
            raise Forbidden(f"The token's scopes let it find no {target.type}.", expression=f"{path}.reference")
        found = match(self._repo, target.type, target.query, f"{path}.reference")
        if found and found not in within_limits(self._repo, [found]):
            found = None
        found = found or self._among_standing(target.type, target.query)
        if found is None:
            raise PreconditionFailed(f"The reference {text} finds nothing.", expression=f"{path}.reference")
        return found

    def _among_standing(self, type: str, query: str) -> str | None:
        """A resource of this Bundle with the identifier asked for; the order of the entries must not matter."""
        pairs = decoded(query)
        if len(pairs) != 1 or pairs[0][0] != "identifier":
            return None
        system, bar, value = pairs[0][1].rpartition("|")
        found = [
            reference
            for reference, resource in self._standing.items()
            if resource.get("resourceType") == type and _identified(resource, system if bar else None, value)
        ]
        if len(found) > 1:
            raise PreconditionFailed(f"{type}?{query} meets several entries of the Bundle.")
        return found[0] if found else None


def _identified(resource: Resource, system: str | None, value: str) -> bool:
    given: Any = resource.get("identifier") or []
    return any(
        one.get("value") == value and (system is None or one.get("system", "") == system)
        for one in (given if isinstance(given, list) else [given])
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
