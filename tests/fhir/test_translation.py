"""Translations: what is written is read back, the fallback is ar-MA → ar → fr → the plain value, and gaps are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.fhir.translation import URL, localize, missing, text, texts, translated, translations
from app.fhir.validation import validate

words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip)
wordings = st.dictionaries(st.sampled_from(["fr", "ar", "ar-MA", "en", "zgh"]), words, min_size=1)

ACTION = {"title": "Mesurer la tension", "id": "a"} | {
    "_title": {
        "id": "t",
        "extension": [
            {"url": "http://example.org/other", "valueBoolean": True},
            {
                "url": URL,
                "extension": [{"url": "lang", "valueCode": "ar"}, {"url": "content", "valueString": "قياس الضغط"}],
            },
        ],
    }
}


@given(words, wordings)
def test_what_is_written_is_read_back(primary: str, wording: dict[str, str]) -> None:
    owner = translated({"title": primary}, "title", wording)
    assert owner["title"] == primary and translations(owner, "title") == wording
    assert all(text(owner, "title", language) == word for language, word in wording.items())


@given(st.lists(words, min_size=1, max_size=4), wordings, st.data())
def test_one_item_of_a_repeated_field_is_translated_alone(
    items: list[str], wording: dict[str, str], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    owner = translated({"event": items}, "event", wording, index)
    assert translations(owner, "event", index) == wording and owner["event"] == items
    assert all(not translations(owner, "event", other) for other in range(len(items)) if other != index)
    assert len(texts(owner, "event", "ar")) == len(items)


@given(words, wordings)
def test_taking_a_translation_away_leaves_nothing_behind(primary: str, wording: dict[str, str]) -> None:
    owner = translated(translated({"title": primary}, "title", wording), "title", dict.fromkeys(wording, ""))
    assert owner == {"title": primary}


def test_the_owner_itself_is_not_changed() -> None:
    before = {"title": "Mesurer"}
    translated(before, "title", {"ar": "قياس"})
    assert before == {"title": "Mesurer"}


def test_fallback_goes_from_region_to_language_to_french_to_the_plain_value() -> None:
    assert (
        text(ACTION, "title", "ar-MA") == text(ACTION, "title", "ar_MA") == text(ACTION, "title", "ar") == "قياس الضغط"
    )
    assert text(ACTION, "title", "fr") == text(ACTION, "title", "en") == "Mesurer la tension"
    assert text({"title": "A"} | {"_title": translated({}, "title", {"fr": "F"})["_title"]}, "title", "en") == "F"
    assert text({}, "title", "fr", "rien") == text(None, "title", "fr", "rien") == "rien"


def test_a_text_in_the_resource_s_own_language_is_preferred_to_french() -> None:
    owner = translated({"title": "قياس"}, "title", {"fr": "Mesurer"})
    assert text(owner, "title", "ar", primary="ar") == "قياس" and text(owner, "title", "fr", primary="ar") == "Mesurer"


def test_markdown_content_is_read_too() -> None:
    extension = {
        "url": URL,
        "extension": [{"url": "lang", "valueCode": "ar"}, {"url": "content", "valueMarkdown": "**ضغط**"}],
    }
    assert text({"description": "x", "_description": {"extension": [extension]}}, "description", "ar") == "**ضغط**"


def test_localize_gives_one_language_and_keeps_other_extensions() -> None:
    plan = {"resourceType": "PlanDefinition", "language": "fr", "status": "draft", "action": [ACTION]}
    arabic = localize(plan, "ar")
    assert arabic["action"][0]["title"] == "قياس الضغط"
    assert arabic["action"][0]["_title"]["extension"] == [{"url": "http://example.org/other", "valueBoolean": True}]
    assert localize(plan, "fr")["action"][0]["title"] == "Mesurer la tension"
    assert validate(arabic) == [] and plan["action"][0] is ACTION


def test_localize_reads_repeated_texts() -> None:
    owner = translated({"resourceType": "Patient", "given": ["a", "b"]}, "given", {"ar": "ب"}, 1)
    assert localize(owner, "ar") == {"resourceType": "Patient", "given": ["a", "ب"]}


def test_missing_names_every_gap_once() -> None:
    plan = {
        "resourceType": "PlanDefinition",
        "language": "fr",
        "title": "Hypertension",
        "action": [ACTION, {"title": "Orienter", "action": [{"title": "Urgence"}]}],
    }
    assert missing(plan, ("fr", "ar"), ["title", "action.title"]) == [
        "PlanDefinition.title [ar]",
        "PlanDefinition.action[1].title [ar]",
    ]
    assert missing(plan, ("fr", "ar"), ["*.title"]) == [
        "PlanDefinition.title [ar]",
        "PlanDefinition.action[1].title [ar]",
        "PlanDefinition.action[1].action[0].title [ar]",
    ]
    assert missing(plan | {"language": "ar"}, ("fr",), ["title"]) == ["PlanDefinition.title [fr]"]
