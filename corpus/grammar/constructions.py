"""All constructions: importing the modules fills the list."""

import clauses
import descriptions
import questions
import reference
import simple
from registry import CONSTRUCTIONS

__all__ = ["CONSTRUCTIONS", "clauses", "descriptions", "questions", "reference", "simple"]
