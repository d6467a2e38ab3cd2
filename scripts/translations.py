"""Keep the message catalogues: ``translations/{fr,ar}/LC_MESSAGES/messages.po``.

``python scripts/translations.py``           compile what changed (fast; `make run` calls it)
``python scripts/translations.py --update``  extract the messages of the code, keep the translations, drop the obsolete
``python scripts/translations.py --check``   fail on a missing or fuzzy message, or on one that is not extracted yet
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
LANGUAGES = ("fr", "ar")
PLURALS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
"""The plural forms in the order of Unicode (zero, one, two, few, many, other). What Babel writes for Arabic has *many*
(76 يوما) and *other* (100 يوم) the other way round: https://www.gnu.org/software/gettext/manual/html_node/Plural-forms.html
"""
SOURCES = ("app/access", "app/web", "app/store", "app", "protocols", "pathways")
ERRORS = (
    "Invalid",
    "Conflict",
    "Duplicate",
    "Forbidden",
    "NotFound",
    "Gone",
    "PreconditionFailed",
    "TooLarge",
    "Issue",
)
SPOKEN = ("app/access", "app/web", "app/store", "protocols", "pathways")
"""Where the English of an error is shown to people; the FHIR rooms speak to developers."""
KEYWORDS = {
    "_": None,
    "msgid": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}


def extracted() -> Catalog:
    """All messages that the code marks, with the places where they stand (no line numbers: they would churn)."""
    catalog = Catalog(charset="utf-8", project="Maslak")
    for source in SOURCES:
        found = extract_from_dir(
            ROOT / source,
            method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**.html", "jinja2")],
            options_map={"**.html": {"encoding": "utf-8", "trimmed": "true", "silent": "false"}},
            keywords=KEYWORDS | (dict.fromkeys(ERRORS) if source in SPOKEN else {}),
            comment_tags=("Translators:",),
        )
        for filename, _line, message, comments, context in found:
            catalog.add(message, locations=[(f"{source}/{filename}", None)], auto_comments=comments, context=context)
    return catalog


def po_file(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    catalog.mime_headers = [("Plural-Forms", PLURALS[language])]
    return catalog


def rooms() -> dict[str, dict[str, object]]:
    """Translations handed in as small JSON files while a room is being written."""
    merged: dict[str, dict[str, object]] = {}
    for path in sorted((FOLDER / "rooms").glob("*.po.json")):
        merged |= json.loads(path.read_text("utf-8"))
    return merged


def update() -> None:
    """Bring both catalogues to the messages of the code."""
    handed_in = rooms()
    for language in LANGUAGES:
        catalog = read(language)
        # a template of its own: the catalogue takes over its messages, and the next language would find them translated
        catalog.update(extracted(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        for message in catalog:
            key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
            if key and not _complete(message, catalog) and key in handed_in and language in handed_in[key]:
                given = handed_in[key][language]
                message.string = tuple(given) if isinstance(given, list) else given
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = BytesIO()
        write_po(buffer, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
        stable = [
            line for line in buffer.getvalue().split(b"\n") if not line.startswith((b'"POT-Creation', b'"PO-Rev'))
        ]
        path.write_bytes(b"\n".join(stable))


def compile_changed() -> None:
    """Write the .mo beside each .po that is newer."""
    for language in LANGUAGES:
        source = po_file(language)
        target = source.with_suffix(".mo")
        if source.exists() and (not target.exists() or target.stat().st_mtime < source.stat().st_mtime):
            with target.open("wb") as file:
                write_mo(file, read(language))


def _complete(message: object, catalog: Catalog) -> bool:
    text = message.string  # type: ignore[attr-defined]
    if isinstance(text, (tuple, list)):
        return len(text) == catalog.num_plurals and all(text)
    return bool(text)


def problems() -> list[str]:
    """What is missing, fuzzy, or not extracted, one line each."""
    found = []
    wanted = {message.id for message in extracted() if message.id}
    for language in LANGUAGES:
        catalog = read(language)
        held = {message.id for message in catalog if message.id}
        found += [f"{language}: not extracted: {message!r}" for message in sorted(map(str, wanted - held))]
        found += [f"{language}: no longer in the code: {message!r}" for message in sorted(map(str, held - wanted))]
        for message in catalog:
            if message.id and message.fuzzy:
                found.append(f"{language}: fuzzy: {message.id!r}")
            elif message.id and not _complete(message, catalog):
                found.append(f"{language}: not translated: {message.id!r}")
    return found


def main(arguments: list[str]) -> int:
    if "--update" in arguments:
        update()
    if "--check" in arguments:
        found = problems()
        print("\n".join(found) or "messages: complete in fr and ar")
        return bool(found)
    compile_changed()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
