"""Several pathways for one patient: one visit form, one list of dates, one target for each measurement, no drug twice."""
