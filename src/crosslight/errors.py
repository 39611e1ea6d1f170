"""Everything that can go wrong for a user, as one tree.

    CrosslightError
    ├── ConfigError      a setting that cannot be (unknown key, impossible size)
    │   └── TermError    terms that contradict each other
    ├── CorpusError      a text file that cannot be read as it should
    ├── DocumentError    a document that cannot be translated and keep its form
    ├── BundleError      a model directory that is missing, broken, altered or too new
    ├── RunError         a run directory that cannot be used or resumed
    ├── TrainingError    training that cannot go on (loss is NaN, disk full)
    ├── ExportError      a model that cannot become one of another program, or came out another
    └── DownloadError    something that could not be fetched

Each carries *what* happened, with its value and what was expected (``message``), and *what to do*
(``cure``). The command line prints the two and exits with 2; a traceback only with ``--debug``.
"""


class CrosslightError(Exception):
    """The root of all errors that are raised on purpose.

    >>> try:
    ...     raise CorpusError("a.fr has 3 lines, a.en has 2", "align the files line by line")
    ... except CrosslightError as error:
    ...     print(error)
    a.fr has 3 lines, a.en has 2
      → align the files line by line
    """

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message, cure)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.cure}"


class ConfigError(CrosslightError):
    """A setting is unknown, of the wrong kind, or impossible together with another."""


class TermError(ConfigError):
    """Terms that no translation can keep to."""


class CorpusError(CrosslightError):
    """A corpus cannot be read: missing, not UTF-8, of unequal length, or empty."""


class DocumentError(CrosslightError):
    """A document is of an unknown kind, broken, too large, or not what it says it is."""


class BundleError(CrosslightError):
    """A bundle is missing, incomplete, altered, or from a newer format."""


class RunError(CrosslightError):
    """A run directory holds something else, or lacks what resuming needs."""


class TrainingError(CrosslightError):
    """Training stopped because going on would waste time or lose work."""


class ExportError(CrosslightError):
    """An export or import cannot be made, or what came out is not the same model."""


class DownloadError(CrosslightError):
    """A download could not be made or did not arrive whole."""
