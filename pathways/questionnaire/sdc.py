"""The addresses of the extensions that Questionnaires use: FHIR core, SDC (http://hl7.org/fhir/uv/sdc/) and our own."""

from app.config import CANONICAL_BASE
from pathways.vocabulary import FORM

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
_OWN = f"{CANONICAL_BASE}/StructureDefinition/"

UCUM = "http://unitsofmeasure.org"
FORM_SYSTEM = FORM
"""Identifier system of what a form made: the form's key, or ``key:linkId`` on extracted resources."""

# How an item looks and what it takes (https://hl7.org/fhir/R4/questionnaire-profiles.html)
UNIT = _CORE + "questionnaire-unit"
UNIT_OPTION = _CORE + "questionnaire-unitOption"
ITEM_CONTROL = _CORE + "questionnaire-itemControl"
HIDDEN = _CORE + "questionnaire-hidden"
CHOICE_ORIENTATION = _CORE + "questionnaire-choiceOrientation"
OPTION_EXCLUSIVE = _CORE + "questionnaire-optionExclusive"
OPTION_PREFIX = _CORE + "questionnaire-optionPrefix"
MIN_OCCURS = _CORE + "questionnaire-minOccurs"
MAX_OCCURS = _CORE + "questionnaire-maxOccurs"
MIN_VALUE = _CORE + "minValue"
MAX_VALUE = _CORE + "maxValue"
MIN_LENGTH = _CORE + "minLength"
MAX_DECIMAL_PLACES = _CORE + "maxDecimalPlaces"
REGEX = _CORE + "regex"
ENTRY_FORMAT = _CORE + "entryFormat"
MIN_QUANTITY = _SDC + "minQuantity"
MAX_QUANTITY = _SDC + "maxQuantity"
SHORT_TEXT = _SDC + "shortText"
CONSTRAINT = _CORE + "questionnaire-constraint"
TARGET_CONSTRAINT = _CORE + "targetConstraint"

# Expressions (SDC, "Using expressions")
VARIABLE = _CORE + "variable"
LAUNCH_CONTEXT = _SDC + "launchContext"
INITIAL_EXPRESSION = _SDC + "initialExpression"
CALCULATED_EXPRESSION = _SDC + "calculatedExpression"
ENABLE_WHEN_EXPRESSION = _SDC + "enableWhenExpression"
POPULATION_CONTEXT = _SDC + "itemPopulationContext"
OBSERVATION_LINK_PERIOD = _SDC + "observationLinkPeriod"
CQF_EXPRESSION = _CORE + "cqf-expression"

# Extraction (SDC, "Form data extraction")
OBSERVATION_EXTRACT = _SDC + "observationExtract"
EXTRACT_CATEGORY = _SDC + "observation-extract-category"
ITEM_EXTRACTION_CONTEXT = _SDC + "itemExtractionContext"
DEFINITION_EXTRACT = _SDC + "definitionExtract"
DEFINITION_EXTRACT_VALUE = _SDC + "definitionExtractValue"
TEMPLATE_EXTRACT = _SDC + "templateExtract"
TEMPLATE_EXTRACT_BUNDLE = _SDC + "templateExtractBundle"
TEMPLATE_CONTEXT = _SDC + "templateExtractContext"
TEMPLATE_VALUE = _SDC + "templateExtractValue"
ALLOCATE_ID = _SDC + "extractAllocateId"

# Our own
FIELD_NAME = _OWN + "field-name"
"""valueString (translated): how messages name the field, with its article: "La systolique"."""
EXCLUSIVE_ANSWER = _OWN + "exclusive-answer"
"""valueCoding: the answer that stands alone, where the answers come from a value set (which has no optionExclusive)."""
FUTURE_ALLOWED = _OWN + "future-allowed"
"""valueBoolean: this date may lie after today (an appointment)."""
BEFORE_BIRTH_ALLOWED = _OWN + "before-birth-allowed"
"""valueBoolean: this date may lie before the patient's birth."""
CALCULATION = _OWN + "calculation"
"""On a calculated question, what is said beside its value: parts ``not-applicable``, ``missing`` and ``from``, each
with ``text`` (valueString, translated, ``{{FHIRPath}}`` in it) and, where it is not said always, ``when``
(valueExpression)."""
SUBSTANCE = _OWN + "substance"
"""valueCode: what a question with a local code measures, by its name in ``unit_conversions.json`` (glucose)."""
