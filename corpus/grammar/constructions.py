"""All constructions: importing the modules fills the list."""

import asking
import clauses
import comparisons
import conditions
import descriptions
import moods
import pronouns
import questions
import reference
import simple
from registry import CONSTRUCTIONS

MODULES = (
    simple,
    moods,
    descriptions,
    comparisons,
    questions,
    asking,
    clauses,
    conditions,
    reference,
    pronouns,
)

__all__ = ["CONSTRUCTIONS", "MODULES"]
