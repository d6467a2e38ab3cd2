"""The stylesheet: contrast of its tokens (checkers skip Arabic text), logical properties only."""

import re
from itertools import product
from pathlib import Path

import pytest

CSS = re.sub(r"/\*.*?\*/", "", Path("app/web/static/maslak.css").read_text("utf-8"), flags=re.S)
TOKENS = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", CSS))
TEXT = ("ink", "soft", "accent", "accent-deep", "danger", "amber", "good")
GROUNDS = ("ground", "tint")
PAIRS = [
    *product(TEXT, GROUNDS),
    ("accent-deep", "accent-tint"),
    ("ink", "accent-tint"),
    ("danger", "danger-tint"),
    ("ink", "danger-tint"),
    ("amber", "amber-tint"),
    ("ink", "amber-tint"),
    ("good", "good-tint"),
    ("ink", "good-tint"),
    *(("on-accent", ground) for ground in ("accent", "accent-deep", "danger", "amber")),
]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(TOKENS[one]), luminance(TOKENS[other])), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize("line", ["edge", "accent", "danger", "amber"])
def test_the_edges_of_controls_and_marks_stand_out(line: str) -> None:
    assert contrast(line, "ground") >= 3


def test_every_colour_is_a_token() -> None:
    outside = CSS[CSS.index("}") :]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", outside) == []
    assert set(re.findall(r"var\(--([\w-]+)\)", CSS)) <= set(re.findall(r"--([\w-]+):", CSS))


def test_only_logical_properties() -> None:
    physical = (
        r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-(?:margin|padding))-(?:left|right|top|bottom)"
        r"|left|right|top|bottom|width|height|(?:min|max)-(?:width|height)(?!:\s*[\d.]+rem\)))\s*:"
    )
    assert re.findall(physical, CSS) == []
    assert not re.search(r"(?:text-align|float|clear)\s*:\s*(?:left|right)", CSS)


def test_arabic_gets_more_air_and_no_letter_spacing() -> None:
    arabic = re.search(r":lang\(ar\) \{([^}]*)\}", CSS)[1]
    assert "line-height: 1.7" in arabic and "letter-spacing: 0" in arabic and "font-style: normal" in arabic
