"""Every word on a page is marked for translation, and every marked word stands in French and in Arabic."""

import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted([*ROOT.glob("app/**/templates/**/*.html"), *ROOT.glob("p*/templates/**/*.html")])
NOT_WORDS = {"Maslak", "FHIR", "MASLAK", "html", "DOCTYPE", "مسلك", "fr", "ar", "CSV", "Français", "العربية"}
SAID = re.compile(
    r'\b(?:title|placeholder|aria-label|alt|value)="([^"{<]*\p{L}{2,}[^"{<]*)"'.replace(r"\p{L}", "[^\\W\\d_]")
)


def spoken(template: str) -> list[str]:
    """Words of a template that stand outside ``{% trans %}`` and ``_()``."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    kept: list[str] = []
    inside, opening = False, False
    for _line, kind, value in environment.lex(template):
        if kind == "block_begin":
            opening = True
        elif opening and kind == "name":
            inside = value == "trans" or (inside and value != "endtrans")
            opening = False
        elif kind == "data":
            kept.append("" if inside else value)
        elif kind in {"variable_begin", "variable_end", "block_end"}:
            kept.append("\x00" if kind == "variable_begin" else "")
    text = re.sub(r"<(script|style|svg|code|pre)\b.*?</\1>", " ", "".join(kept), flags=re.S)
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.S)
    attributes = SAID.findall(text)
    visible = re.sub(r"&\w+;", " ", re.sub(r"<[^>]*>", " ", text.replace("\x00", " ")))
    words = [
        word for word in re.findall(r"[^\W\d_]{2,}", visible + " " + " ".join(attributes)) if word not in NOT_WORDS
    ]
    return words


def test_the_check_itself_sees_an_unmarked_word() -> None:
    assert spoken("<p>{% trans %}Fine{% endtrans %} {{ _('also fine') }} <b>wrong</b></p>") == ["wrong"]
    assert spoken('<input placeholder="Name">') == ["Name"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_word_is_marked(template: Path) -> None:
    assert not spoken(template.read_text("utf-8"))


@pytest.fixture(scope="module")
def catalogues():
    """The script that keeps the catalogues."""
    spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_messages_are_complete_in_french_and_arabic(catalogues) -> None:
    assert not catalogues.problems()


def test_no_translated_message_is_said_where_it_is_not_extracted(catalogues) -> None:
    """A message held in a variable reaches the reader in English, however well it was translated."""
    handed_in = {text for path in (ROOT / "translations/rooms").glob("*.json") for text in json.loads(path.read_text())}
    missed = handed_in.difference(
        *(message.id if isinstance(message.id, tuple) else [message.id] for message in catalogues.extracted())
    )
    said = {
        node.value: path.relative_to(ROOT)
        for room in catalogues.SPOKEN
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in missed
    }
    assert not said
