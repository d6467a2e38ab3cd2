"""The sentences of forms stand in both languages, with the same values in them."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from pathways.questionnaire.words import words

ROOM = Path(__file__).resolve().parents[3] / "pathways" / "questionnaire"
SAID = sorted(
    {str(found[2]) for found in extract_from_dir(ROOM, method_map=[("**.py", "python")], keywords={"_": None})}
)


@pytest.mark.parametrize("sentence", SAID)
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_sentence_is_said_in_french_and_in_arabic(sentence: str, language: str) -> None:
    values = {name: f"<{name}>" for name in re.findall(r"%\((\w+)\)s", sentence)}
    said = words(language)(sentence, **values)
    assert said != sentence
    assert all(value in said for value in values.values())


def test_there_are_sentences_to_check() -> None:
    assert len(SAID) > 30


def test_english_says_the_sentence_itself() -> None:
    assert words("en")("%(field)s: an answer is needed", field="BP") == "BP: an answer is needed"
