"""Several pathways for one patient: one visit form, one list of dates, one target a measurement, no drug twice."""
