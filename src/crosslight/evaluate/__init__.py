"""How good translations are, told from texts alone. Scores are offered here, the rest by its own files."""

from crosslight.evaluate.scores import Metric, Score, Scores, Stream, Tokenize, evaluate, read_references

__all__ = ["Metric", "Score", "Scores", "Stream", "Tokenize", "evaluate", "read_references"]
