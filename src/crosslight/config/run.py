"""The settings of a run: which text, how it is cut, which model, how it is trained and decoded.

One sentence per field; `docs/config.md` and the comments of a printed config come from them.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from crosslight.config.architecture import ModelConfig, n_positions
from crosslight.config.model import Rate, Settings, Size, TransformerConfig

Positive = Annotated[float, Field(gt=0)]
LengthPenalty = Literal["gnmt", "average"]


class DataConfig(Settings):
    """Where the sentences come from: two aligned files, or files with two columns."""

    src: str | None = Field(None, description="Source side of the training corpus, one sentence a line.")
    tgt: str | None = Field(None, description="Target side, line by line the translation of src.")
    pairs: tuple[str, ...] = Field(
        (),
        description="Training files of source TAB target, or TMX memories (with languages behind the name "
        "where need be: memory.tmx#fr-en), used besides src and tgt.",
    )
    copies: tuple[Size, ...] = Field(
        (),
        description="How often each source counts in an epoch: src with tgt first, then pairs; else once.",
    )
    valid_src: str | None = Field(None, description="Source side of a validation set.")
    valid_tgt: str | None = Field(None, description="Target side of the validation set.")
    valid_pairs: tuple[str, ...] = Field((), description="Validation files, as pairs.")
    valid_size: Size = Field(
        1000, description="Pairs held out from training (at most 5 %) where no validation set is given."
    )
    held_out: tuple[str, ...] = Field(
        (), description="Test files whose sentences must not be trained on; plain or with columns."
    )
    src_lang: str = Field("", description="Source language; taken from the file name unless given.")
    tgt_lang: str = Field("", description="Target language; taken from the file name unless given.")
    license: str = Field("", description="License and origin of the corpus, for the model card.")

    @model_validator(mode="after")
    def _both_sides(self) -> Self:
        for src, tgt in (("src", "tgt"), ("valid_src", "valid_tgt")):
            if (getattr(self, src) is None) != (getattr(self, tgt) is None):
                raise ValueError(f"{src} and {tgt} come together; give both or neither")
        n_sources = len(self.pairs) + (self.src is not None)
        if self.copies and len(self.copies) != n_sources:
            raise ValueError(
                f"copies has {len(self.copies)} numbers for {n_sources} sources; give one for each"
            )
        return self


class CleanConfig(Settings):
    """What is dropped before training; each rule reports how many pairs it took."""

    max_words: Size = Field(200, description="Longest sentence, in words between blanks.")
    max_characters: Size = Field(1500, description="Longest sentence, in characters.")
    max_ratio: Positive = Field(6.0, description="Largest ratio of the two sides' lengths in characters.")
    drop_copies: bool = Field(True, description="Drop pairs whose two sides are the same text.")
    drop_duplicates: bool = Field(True, description="Drop exact repetitions of a pair.")


class SubwordConfig(Settings):
    """How text is cut into pieces (SentencePiece)."""

    kind: Literal["bpe", "unigram"] = Field("bpe", description="The algorithm.")
    vocab_size: Annotated[int, Field(ge=8)] | None = Field(
        None, description="Pieces in a vocabulary; chosen from the corpus size unless given."
    )
    joint: bool = Field(True, description="One vocabulary for both languages.")
    byte_fallback: bool = Field(True, description="Unknown characters become bytes, so that nothing is lost.")
    sampling: Rate = Field(
        0.0, description="Share of merges left out at random in training (BPE-dropout; 0 = none)."
    )


class TrainConfig(Settings):
    """How the model learns. Exactly one of steps and minutes ends the run."""

    seed: Annotated[int, Field(ge=0)] = Field(
        1, description="Decides initialization, order, dropout and sampling."
    )
    steps: Size | None = Field(
        None, description="Length of the run in optimizer updates: reproducible bit for bit."
    )
    minutes: Positive | None = Field(None, description="Length of the run in minutes of training.")
    max_tokens_per_batch: Size = Field(4096, description="Padded tokens of a batch, on its longer side.")
    accumulate: Size = Field(1, description="Batches per update.")
    max_length: Size = Field(256, description="Longest sentence in tokens; longer pairs are passed over.")
    label_smoothing: Rate = Field(0.1, description="Probability mass spread evenly over the vocabulary.")
    consistency: Literal["none", "rdrop", "simcut"] = Field(
        "none",
        description="Make two looks at a batch agree: two dropouts (rdrop), or some words cut (simcut).",
    )
    consistency_weight: Annotated[float, Field(ge=0)] = Field(
        3.0, description="How much disagreement counts beside the cross-entropy."
    )
    consistency_from: Rate = Field(
        0.0,
        description="Share of the run after which consistency counts: before it there is little to forget.",
    )
    cut_rate: Rate = Field(0.05, description="Share of words that simcut cuts on either side.")
    bidirectional: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="First share of the run that trains on both directions at once (warm start)."
    )
    schedule: Literal["noam", "linear"] = Field(
        "linear",
        description='After rising, the rate falls with 1/√step ("noam", the paper) or to 0 ("linear").',
    )
    learning_rate: Positive = Field(
        1.5e-3, description="Peak of the linear schedule; a factor on the paper's formula under noam."
    )
    warmup_steps: Size = Field(
        4000, description="Updates during which the rate rises (at most a tenth under linear)."
    )
    beta1: Rate = Field(0.9, description="Adam's memory of the gradient.")
    beta2: Rate = Field(0.98, description="Adam's memory of its square.")
    epsilon: Positive = Field(1e-9, description="Adam's ε.")
    clip_norm: Annotated[float, Field(ge=0)] = Field(
        1.0, description="Largest norm of the gradient; longer ones are scaled down (0 = never)."
    )
    validations: Size = Field(
        12, description="How often, over the whole run, the model is validated and kept."
    )
    sample_size: Size = Field(
        200, description="Validation sentences that are translated each time for BLEU and chrF."
    )
    patience: Size | None = Field(
        None, description="Validations without a better loss after which training stops early."
    )
    average_last: Size = Field(5, description="How many of the last kept models are averaged at the end.")
    bundled_validation: Annotated[int, Field(ge=0)] = Field(
        500,
        description="Validation pairs that the bundle carries, to see later what fine-tuning forgets "
        "(0 = none, for private text).",
    )
    disk_gb: Positive | None = Field(
        None,
        description="Disk that the checkpoints may take, in GB; of the kept models the oldest go. "
        "Unless given, only the free space counts.",
    )
    checkpoint_seconds: Positive = Field(60.0, description="Longest work that a crash can lose.")
    threads: Size | None = Field(
        None, description="Processor threads, of all processes together; probed unless given."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where to compute.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="Of matrix products; auto takes bfloat16 where the machine is faster with it."
    )
    compile: bool = Field(
        False, description="Let torch.compile fuse operations: for a GPU; needs a C++ compiler."
    )

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("a run ends after steps or after minutes; give exactly one of the two")
        return self


class FinetuneConfig(Settings):
    """Training that starts from a finished model instead of from random weights."""

    start: str | None = Field(
        None, description="Bundle, or finished run, whose weights, pieces and shape are taken (--from)."
    )
    old_valid_src: str | None = Field(
        None, description="Source side of the old validation set; unless given, what the bundle carries."
    )
    old_valid_tgt: str | None = Field(None, description="Target side of the old validation set.")

    @model_validator(mode="after")
    def _both_sides(self) -> Self:
        if (self.old_valid_src is None) != (self.old_valid_tgt is None):
            raise ValueError("old_valid_src and old_valid_tgt come together; give both or neither")
        if self.start is None and self.old_valid_src is not None:
            raise ValueError("old_valid_src is for fine-tuning; give a bundle to start from, too")
        return self


class DistillConfig(Settings):
    """A student that learns from a teacher's translations."""

    teacher: str | None = Field(
        None,
        description="Bundle whose pieces a student has, and whose tables and layers it begins with where "
        "they fit.",
    )


class DecodeConfig(Settings):
    """How translations are searched for."""

    beam: Size = Field(
        4, description="Hypotheses kept at each step (1 = greedy); more where more are asked for by n_best."
    )
    alpha: Annotated[float, Field(ge=0)] = Field(
        1.0, description="Exponent of the length penalty; larger favors longer outputs."
    )
    penalty: LengthPenalty = Field(
        "gnmt", description='Length penalty of n tokens: ((5+n)/6)^α ("gnmt") or n^α ("average").'
    )
    max_extra: Size = Field(50, description="Longest output: source tokens plus this.")
    max_length: Size | None = Field(None, description="Longest output in tokens, whatever the source.")
    min_length: Annotated[int, Field(ge=0)] = Field(0, description="Shortest output in tokens.")
    no_repeat: Annotated[int, Field(ge=0)] = Field(
        0, description="No sequence of so many tokens comes twice in an output (0 = may)."
    )
    cut_loops: bool = Field(
        False, description="Cut an output that runs in a circle after the first round; it is marked anyway."
    )
    temperature: Annotated[float, Field(ge=0)] = Field(
        0.0, description="Above 0 outputs are drawn instead of searched for; 1 is the model's own chance."
    )
    top_k: Annotated[int, Field(ge=0)] = Field(
        0, description="Of the k most probable pieces only, when drawing (0 = all)."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="Of the fewest pieces that have this probability together, when drawing."
    )
    seed: Annotated[int, Field(ge=0)] = Field(1, description="Decides what is drawn.")
    max_tokens_per_batch: Size = Field(4096, description="Padded source tokens times beam in one batch.")

    @model_validator(mode="after")
    def _lengths_fit(self) -> Self:
        if self.max_length is not None and self.min_length > self.max_length:
            raise ValueError(
                f"min_length = {self.min_length} is above max_length = {self.max_length}; "
                "set a smaller min_length, or a larger max_length"
            )
        return self


class RunConfig(Settings):
    """Everything a run needs. The resolved form is written into the run's directory and its bundle."""

    data: DataConfig = Field(default_factory=DataConfig, description="The corpus.")
    clean: CleanConfig = Field(default_factory=CleanConfig, description="What is dropped.")
    subword: SubwordConfig = Field(default_factory=SubwordConfig, description="The pieces.")
    model: ModelConfig = Field(default_factory=TransformerConfig, description="The model.")
    train: TrainConfig = Field(default_factory=lambda: TrainConfig(minutes=30), description="The training.")
    finetune: FinetuneConfig = Field(
        default_factory=FinetuneConfig, description="Where training starts, if from a finished model."
    )
    distill: DistillConfig = Field(default_factory=DistillConfig, description="Whom a student learns from.")
    decode: DecodeConfig = Field(default_factory=DecodeConfig, description="The search.")

    @model_validator(mode="after")
    def _sections_fit(self) -> Self:
        if self.model.tie == "three" and not self.subword.joint:
            raise ValueError(
                'model.tie = "three" shares one table of pieces, but with subword.joint = false '
                'each language has its own; set subword.joint = true, or model.tie = "two"'
            )
        most = n_positions(self.model)
        if most is not None and most < self.train.max_length:
            raise ValueError(
                f"model.max_positions = {most}, but sentences of up to "
                f"train.max_length = {self.train.max_length} tokens are trained on; "
                "set a larger model.max_positions, or a smaller train.max_length"
            )
        return self
