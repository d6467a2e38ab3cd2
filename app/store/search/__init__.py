"""Search (https://hl7.org/fhir/R4/search.html): a query text becomes a typed request, the request becomes one
statement.
"""
