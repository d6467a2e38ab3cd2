"""Expressions written out as Python.

A closure for each part of an expression costs a call for each part. What is asked often is written out instead: a whole
expression of a plan as one function (``whole``), and the criterion of a ``where`` as a function of the JSON of an item
(``criterion``). ``Program.python`` shows the text.

What is written answers as the closures do, or not at all: whatever is out of the ordinary (more items than one, JSON
that is not as the model says, an error of any kind) raises, and the closures are asked from the beginning, which then
tell the answer, or what is wrong and where.

    lines     the text of one function
    routes    a path taken apart: a root and its links
    follow    paths through JSON of a known type
    decide    conditions and single values
    gather    collections
    ways      paths from items of which only the evaluation tells the type
    operate   what the written functions call
    vocabulary  what all of them may name
"""

from .criteria import criterion
from .whole import Planned, Whole, whole

__all__ = ["Planned", "Whole", "criterion", "whole"]
