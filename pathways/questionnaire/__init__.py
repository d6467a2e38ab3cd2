"""Forms made from FHIR Questionnaires: shown, answered, checked, and turned into resources.

The core is pure (``respond``, ``validate``, ``populate``, ``extract``); ``forms`` alone knows WTForms, ``operations``
the FHIR operations. Rules: https://hl7.org/fhir/R4/questionnaire.html and SDC, http://hl7.org/fhir/uv/sdc/.
"""
