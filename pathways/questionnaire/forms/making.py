"""The form class of a Questionnaire: one WTForms field for each question, made once for a language and its lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import wtforms

from app.clock import now
from app.fhir.resource import Resource, canonical
from pathways.questionnaire import items
from pathways.questionnaire.context import FormContext, ValueSets, no_value_sets
from pathways.questionnaire.forms.field_of import field_of
from pathways.questionnaire.forms.form import QuestionnaireForm, Source


class _Rows(wtforms.Form):
    """The fields of one occurrence of a repeating group."""

    class Meta:
        locales = False

    source: Source


_classes: dict[tuple[str, str, str], tuple[type[QuestionnaireForm], Mapping[str, Any]]] = {}
"""The classes made so far, each with the lists of answers that it offers."""


def form_class(
    questionnaire: Resource,
    language: str,
    value_sets: ValueSets = no_value_sets,
    other_value_sets: ValueSets = no_value_sets,
) -> type[QuestionnaireForm]:
    """The form class of a Questionnaire in a language, kept by url, version and stored version.

    ``value_sets``: address → (system, code, display) of an ``answerValueSet``, displays in the page's language;
    ``other_value_sets``: the same in the other language, for lists that are filtered by either.
    """
    key = (canonical(questionnaire), str(questionnaire.get("meta", {}).get("versionId", "")), language)
    lists = {url: value_sets(url) for url in items.lists(questionnaire)}
    kept = _classes.get(key)
    if kept is None or kept[0].source.questionnaire != questionnaire or kept[1] != lists:
        source = Source(questionnaire, language, items.by_link(questionnaire))
        context = FormContext(
            now(), language, value_sets=lambda url: lists.get(url, ()), other_value_sets=other_value_sets
        )
        body = {"source": source, **_members(source, questionnaire, context)}
        kept = _classes[key] = (type("QuestionnaireForm", (QuestionnaireForm,), body), lists)
    return kept[0]


def _members(source: Source, owner: Mapping[str, Any], context: FormContext) -> dict[str, Any]:
    """Field name → unbound field of everything below, groups that do not repeat opened up."""
    found: dict[str, Any] = {}
    for item in items.children(owner):
        if items.hidden(item):
            continue
        if items.is_group(item) and items.repeats(item):
            least, most = items.occurs(item)
            body = {"source": source, **_members(source, item, context)}
            rows = wtforms.FormField(type("Rows", (_Rows,), body))
            found[item["linkId"]] = wtforms.FieldList(rows, min_entries=max(least, 1), max_entries=most)
            continue
        if items.is_question(item):
            found |= field_of(source.questionnaire, item, context)
        found |= _members(source, item, context)
    return found
