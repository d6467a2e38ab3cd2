"""What is known of one patient: the whole record in memory, searched as a FHIR server would search it.

``Facts(resources, now)`` holds the record (``repo.record_of``, or the ``data`` of an operation: one code path for all);
``facts.query("Observation?code=…&_sort=-date&_count=3")`` answers a searchset Bundle.

The files: ``paths`` (search expressions as plain accessors), ``parameters`` (the official search parameters),
``matching`` (one value against one criterion), ``query`` (a query read once, then run many times), ``record`` (the
record and its indexes).
"""

from pathways.facts.record import Facts

__all__ = ["Facts"]
