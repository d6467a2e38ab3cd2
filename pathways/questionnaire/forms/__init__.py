"""Questionnaires as WTForms forms: the only part of the room that knows the web."""

from pathways.questionnaire.forms.form import QuestionnaireForm
from pathways.questionnaire.forms.making import form_class

__all__ = ["QuestionnaireForm", "form_class"]
