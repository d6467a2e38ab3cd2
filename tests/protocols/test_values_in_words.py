"""Values of a set as an editor reads them: names of medicines, and placeholders that stay in one piece."""

from __future__ import annotations

import pytest

from protocols.parameters import Option, Parameter, parameters
from protocols.presenters.placeholders import isolated, stored
from protocols.presenters.values import medicines, said
from tests.golden.golden import contents

DIURETIC = Parameter("d", "d", "'C03BA04'", "", (Option("'gliclazide'", "Une sulfamide"),), to_confirm=False)


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "Chlortalidone (\u2066C03BA04\u2069)"), ("ar", "كلورتاليدون (\u2066C03BA04\u2069)")],
)
def test_a_medicine_is_told_by_its_name_with_the_code_beside_it(language: str, words: str) -> None:
    assert said("'C03BA04'", DIURETIC, medicines(contents().values(), language)) == words


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_no_choice_of_the_national_content_is_a_bare_code(language: str) -> None:
    names = medicines(contents().values(), language)
    chosen = [one for one in parameters(contents().values(), language) if one.chooses]
    assert len(chosen) >= 2
    for one in chosen:
        for option in one.options:
            words = said(option.value, one, names)
            assert not words.isascii() or " " in words or "(" in words, (one.name, words)


def test_a_word_that_is_no_code_reads_as_its_source_says_it() -> None:
    assert said("'gliclazide'", DIURETIC, {}) == "Une sulfamide"
    assert said("'unknown'", DIURETIC, {}) == "unknown"


def test_a_placeholder_is_kept_together_where_it_is_shown_and_stored_as_it_was() -> None:
    text = "بلغ الضغط {{%sbp}} ملم زئبق، {{%dbp}}"
    shown = isolated(text)
    assert shown == "بلغ الضغط \u2066{{%sbp}}\u2069 ملم زئبق، \u2066{{%dbp}}\u2069" == isolated(shown)
    assert stored(shown) == text and stored(text) == text
