"""The form of what a page is given: plain dictionaries, one type a view, as docs/inside.md describes them.

Types only, so that the checker finds a key that is missing or misspelled; nothing here computes.
"""

from typing import Any, Literal, TypedDict

from crosslight.interpret.interventions import Stack
from crosslight.interpret.packed import Array

Excerpt = list[int] | list[float] | list[list[float]]


class Candidate(TypedDict):
    """A piece that could come, and how probable it is."""

    id: int
    piece: str
    p: float


class Side(TypedDict):
    """The pieces of one side, the end included."""

    pieces: list[str]
    ids: list[int]
    words: list[list[int]]  # groups of indices into pieces
    texts: list[str]  # of the words


class Sentence(TypedDict):
    """The frame of all other views."""

    source: str
    translation: str
    src: Side
    tgt: Side
    inputs: list[str]
    score: float
    logp: float
    log_probs: list[float]
    finished: bool
    looped: bool
    given: bool
    views: list[str]  # that there are of such a model
    search: dict[str, Any]
    model: dict[str, Any]


class TreeNode(TypedDict):
    """One piece at the end of a hypothesis."""

    id: int
    parent: int | None
    step: int
    rank: int
    token: int
    piece: str
    p: float
    logp: float
    score: float
    state: Literal["kept", "finished", "cut", "open"]


class TreeStep(TypedDict):
    """Where the search stands after a step."""

    step: int
    nodes: list[int]
    n_finished: int
    worst_finished: float | None
    best_possible: float | None


class TreeResult(TypedDict):
    """What the search answers with."""

    node: int
    text: str
    logp: float
    score: float
    finished: bool


class Search(TypedDict):
    """The beam as a tree."""

    beam: int
    alpha: float
    penalty: str
    longest: int
    nodes: list[TreeNode]
    steps: list[TreeStep]
    results: list[TreeResult]
    stopped: Literal["settled", "limit", "exhausted"]


class StageView(TypedDict):
    """A place on the decoder's residual path."""

    layer: int | None
    after: str


class Chosen(TypedDict):
    """How the written pieces fare at each stage."""

    p: Array  # (stages, T)
    rank: list[list[int]]


class Path(TypedDict):
    """What the model would say after each sublayer."""

    stages: list[StageView]
    candidates: list[list[list[Candidate]]]
    chosen: Chosen
    steps: list[list[Candidate]]


class Old(TypedDict):
    """The old translation under interventions."""

    log_probs: list[float]
    logp: float
    change: list[float]
    total_change: float


class New(TypedDict):
    """What the search finds under interventions."""

    translation: str
    tgt: Side
    log_probs: list[float]
    logp: float
    score: float
    finished: bool
    looped: bool


class Causal(TypedDict):
    """What interventions change."""

    interventions: list[dict[str, Any]]
    old: Old
    new: New
    same: bool


class Similarity(TypedDict):
    """Cosine of two positions by their distance."""

    distance: list[int]
    mean: list[float]
    least: list[float]
    most: list[float]


class ShiftView(TypedDict):
    """f(p+k) = A_k f(p), and its error."""

    k: int
    rotation_error: float | None
    fit_error: float
    control_error: float
    n_fitted: int
    n_tested: int
    blocks: list[list[list[float]]]


class PositionTable(TypedDict):
    """A position encoding."""

    stacks: list[Stack]
    kind: str
    table: Array
    wavelengths: list[float] | None
    dots: Array
    similarity: Similarity
    shifts: list[ShiftView]


class Distances(TypedDict):
    """What a self-attention has learned of distances (relative positions)."""

    stack: Stack
    layer: int
    distance: list[int]
    keys: Array
    values: Array
    key_lengths: list[float]
    value_lengths: list[float]


class Turns(TypedDict):
    """How positions turn queries and keys (rotary positions)."""

    wavelengths: list[float]
    similarity: Similarity


class Positions(TypedDict):
    """What the model knows of positions."""

    tables: list[PositionTable]  # added to embeddings
    distances: list[Distances]
    turns: Turns | None


class Value(TypedDict):
    """A number, a vector or a matrix of the tour."""

    name: str
    symbol: str
    shape: list[int]
    excerpt: Excerpt
    norm: float | None
    labels: list[str] | None


class TourStep(TypedDict):
    """One of the ten steps."""

    number: int
    key: str
    title: str
    section: str
    formula: str
    say: str
    values: list[Value]


class Tour(TypedDict):
    """From sentence to translation through one head."""

    chosen: dict[str, int]
    steps: list[TourStep]


class Note(TypedDict):
    """What a page says beside attention."""

    key: str
    text: str
    sources: list[str]


class Pondered(TypedDict):
    """The steps on each piece of one side, the end included."""

    n_steps: list[int]
    weights: Array  # (pieces, most steps): of the state after each step in what goes on; they sum to 1


class Ponder(TypedDict):
    """How long the model has thought about each piece."""

    max_steps: int
    mean: float
    src: Pondered
    tgt: Pondered  # each position with the piece that it is to write


class Occlusion(TypedDict):
    """What each target word loses without each source word."""

    rows: list[str]
    columns: list[str]
    removed: Array
    unknown: Array


class Norms(TypedDict):
    """Value-weighted attention."""

    rows: list[str]
    columns: list[str]
    norms: Array
    together: Array


class NormsOfKind(TypedDict):
    """The same by piece and by word."""

    pieces: Norms
    words: Norms


class Beside(TypedDict):
    """What stands beside attention."""

    note: Note
    occlusion: Occlusion
    value_weighted: dict[Stack, NormsOfKind]  # of a Transformer; empty for others
