"""Simulated patients for a demo region: they are born, fall due, come late, improve, are referred, and some are lost.

Nothing of a disease stands here: bodies, habits and drug effects are data (``content/<disease>/simulation.json``), and
the care is the real one: a patient's two years run through the same use cases as a clinic's (``enrol``,
``record_visit``, ``decide``, ``send``, ``play``, ``answer``) over a record in memory, with the engine proposing.
"""
