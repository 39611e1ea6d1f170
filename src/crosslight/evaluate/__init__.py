"""How good translations are, without a model: scores, comparisons, faults. `evaluate` scores; the rest has files."""

from crosslight.evaluate.scores import Metric, Score, Scores, Stream, Tokenize, evaluate, read_references

__all__ = ["Metric", "Score", "Scores", "Stream", "Tokenize", "evaluate", "read_references"]
