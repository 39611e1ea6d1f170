"""A bundle as a CTranslate2 model, and that engine in front of it: the only door to the ctranslate2 library.

CTranslate2 knows the Transformer with the norm before or after, LayerNorm or RMSNorm, rotary positions or
any table of them, any tying. Sinusoids are written out as a table, because its own are of another layout; so
a converted model knows `tables.POSITIONS` positions, and what is longer is left to torch.

    https://opennmt.net/CTranslate2/
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from crosslight.bundle import Bundle, transformer_of
from crosslight.errors import ConfigError
from crosslight.export.ctranslate2_layers import array, put_layer, put_norm
from crosslight.export.engine import Found
from crosslight.export.tables import epsilon, n_positions, position_table
from crosslight.export.workers import Workers, cut_batches
from crosslight.text.subword import BOS_ID, EOS_ID, UNK_ID, Subword

Quantization = Literal["float32", "int8"]

PATIENCE = 2.0  # of its beam search, unless told: it ends with so many times the beam finished
MAX_TOKENS = 2048  # padded source tokens of a batch, times the beam
ADDED = ("sinusoidal", "sinusoidal-half", "learned")  # positions that are a table
POSITIONS = (*ADDED, "rotary")  # that it knows
START_ID = BOS_ID  # what a translation begins with
SCALED = True  # embeddings times √d_model


def is_installed() -> bool:
    """Whether `ctranslate2` can be imported; it is not yet."""
    return importlib.util.find_spec("ctranslate2") is not None


def version() -> str:
    """Name and version of the engine."""
    return f"ctranslate2 {_library().__version__}"


def require_fitting(bundle: Bundle) -> None:
    """Return if CTranslate2 knows such a model.

    Raises:
        ConfigError: it does not; the setting is named.
    """
    config, _ = transformer_of(bundle, "a package for CTranslate2")
    reasons = {
        "qk_norm = true": "normalizes queries and keys" if config.qk_norm else "",
        f"d_key = {config.d_key}": "has queries and keys of another width than its values"
        if config.d_key not in (None, config.d_model // config.n_heads)
        else "",
        f'scoring = "{config.scoring}"': "scores otherwise than by the dot product"
        if config.scoring != "dot"
        else "",
    }
    for setting, what in reasons.items():
        if what:
            raise ConfigError(
                f"model.{setting}: CTranslate2 has no attention that {what}",
                "translate with --engine torch, or train a model without this setting",
            )
    if config.positions not in POSITIONS:
        raise ConfigError(
            f'model.positions = "{config.positions}": this export adds positions to the embeddings or '
            "turns queries and keys by them, and knows no others",
            "translate with --engine torch, or train a model with rotary, sinusoidal or learned positions",
        )


def convert(bundle: Bundle, directory: Path, quantization: Quantization = "float32") -> None:
    """Write the model, its vocabularies and its subword models into an existing directory.

    Raises:
        ConfigError: CTranslate2 knows no such model, or is not installed.
        OSError: a file cannot be written.
    """
    require_fitting(bundle)
    spec = _spec(bundle)
    spec.validate()
    spec.optimize(quantization)
    spec.save(str(directory))
    (directory / "source.spm").write_bytes(bundle.src_subword.to_bytes())
    (directory / "target.spm").write_bytes(bundle.tgt_subword.to_bytes())


class CTranslate2Engine:
    """A converted model, ready to translate (an `export.engine.Engine`).

    Args:
        banned: target ids that never come out.
        threads: batches that are searched at a time, a core each; or cores that search one sentence
            together, where that is quicker.
        use_shortlist: search among the pieces that the package's vmap.txt allows for a batch.
    """

    def __init__(
        self,
        directory: Path,
        bundle: Bundle,
        banned: Sequence[int],
        threads: int = 1,
        use_shortlist: bool = False,
    ) -> None:
        library = _library()

        def make(workers: int, threads_each: int) -> Any:
            return library.Translator(
                str(directory), inter_threads=workers, intra_threads=threads_each, max_queued_batches=-1
            )

        self._use_shortlist = use_shortlist
        self._workers = Workers(make, threads)
        self._src, self._tgt = _pieces(bundle.src_subword), _pieces(bundle.tgt_subword)
        self._ids = {piece: i for i, piece in enumerate(self._tgt)}
        self._banned = [[self._tgt[i]] for i in banned if i != UNK_ID]
        self.longest = n_positions(transformer_of(bundle, "this engine")[1])
        said = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        self.settings = {"epsilon": said["layer_norm_epsilon"], "start": said["decoder_start_token"]}

    def search(self, srcs: Sequence[list[int]], limits: Sequence[int], beam: int) -> list[list[Found]]:
        """What is found for each source, sources of like length together."""
        return self.begin(srcs, limits, beam)()

    def begin(
        self,
        srcs: Sequence[list[int]],
        limits: Sequence[int],
        beam: int,
        patience: float = PATIENCE,
    ) -> Callable[[], list[list[Found]]]:
        """Begin to search in the background; a function that waits for what `search` gives.

        A batch has one limit, so sentences that go beyond their own are searched again by themselves.
        One sentence alone is searched at once, as nothing could be done beside it.

        Args:
            patience: a sentence is done with so many times the beam finished; 1 or more.
        """
        asked = self._asked(beam, patience)
        if len(srcs) == 1:
            alone = self._workers.alone(self._source(srcs[0]), **asked, max_decoding_length=limits[0] + 1)
            found_alone = self._found(alone)
            return lambda: [found_alone]

        def begun(batch: list[int]) -> list[Any]:
            limit = max(limits[i] for i in batch) + 1  # the end token is one
            return self._workers.begin(
                [self._source(srcs[i]) for i in batch], **asked, max_decoding_length=limit
            )

        first = [(batch, begun(batch)) for batch in self.batches(srcs, beam)]

        def finish() -> list[list[Found]]:
            found: list[list[Found]] = [[] for _ in srcs]
            waiting = first
            while waiting:
                again = []
                for batch, futures in waiting:
                    for i, future in zip(batch, futures, strict=True):
                        found[i] = self._found(future.result())
                        if len(batch) > 1 and any(len(h.tokens) > limits[i] for h in found[i]):
                            again.append([i])
                waiting = [(batch, begun(batch)) for batch in again]
            return found

        return finish

    def batches(self, srcs: Sequence[list[int]], beam: int) -> list[list[int]]:
        """The places of the sources that are searched together, longest first."""
        return cut_batches([len(src) for src in srcs], MAX_TOKENS // beam, self._workers.threads)

    def score(self, srcs: Sequence[list[int]], tgts: Sequence[list[int]]) -> list[list[float]]:
        """The log-probability of each token of given outputs, then of the end token."""
        results = self._workers.many.score_batch(
            [self._source(src) for src in srcs],
            [[self._tgt[i] for i in tgt] for tgt in tgts],
            max_input_length=0,
            max_batch_size=MAX_TOKENS,
            batch_type="tokens",
        )
        return [list(result.log_probs) for result in results]

    def _asked(self, beam: int, patience: float) -> dict[str, Any]:
        """Without a penalty scores are log-probabilities, and with patience it ends no earlier for that."""
        return {
            "beam_size": beam,
            "patience": patience if beam > 1 else 1,
            "num_hypotheses": int(beam * patience + 0.5) if beam > 1 else 1,
            "length_penalty": 0,
            "max_input_length": 0,
            "min_decoding_length": 0,
            "return_scores": True,
            "return_end_token": True,
            "disable_unk": True,
            "suppress_sequences": self._banned,
            "use_vmap": self._use_shortlist,
        }

    def _found(self, answer: Any) -> list[Found]:
        results = []
        for pieces, logp in zip(answer.hypotheses, answer.scores, strict=True):
            ids = [self._ids[piece] for piece in pieces]
            finished = ids[-1:] == [EOS_ID]
            results.append(Found(ids[:-1] if finished else ids, logp, finished))
        return results

    def _source(self, src: list[int]) -> list[str]:
        return [self._src[i] for i in src[:-1]]  # the engine adds the end token


def _library() -> Any:
    if not is_installed():
        raise ConfigError(
            "the engine ctranslate2 is not installed",
            "install it: pip install 'crosslight[fast]'; or translate with --engine torch",
        )
    return importlib.import_module("ctranslate2")


def _pieces(subword: Subword) -> list[str]:
    return subword.pieces(range(subword.vocab_size))


def _spec(bundle: Bundle) -> Any:
    """The model as the library's specification: which tensor goes where."""
    specs = importlib.import_module(f"{_library().__name__}.specs.transformer_spec")
    config, model = transformer_of(bundle, "a package for CTranslate2")
    activation = importlib.import_module("ctranslate2.specs.common_spec").Activation
    shape = {
        "num_heads": config.n_heads,
        "pre_norm": config.norm == "pre",
        "rms_norm": config.norm_kind == "rms",
        "activation": activation.RELU if config.activation == "relu" else activation.SWISH,
        "rotary_dim": config.d_model // config.n_heads if config.positions == "rotary" else None,
    }
    spec = specs.TransformerSpec(
        specs.TransformerEncoderSpec(config.n_encoder_layers, **shape),
        specs.TransformerDecoderSpec(config.n_decoder_layers, **shape),
    )
    for stack, embedding, layers, last in (
        (spec.encoder, model.src_embedding, model.encoder_layers, model.encoder_norm),
        (spec.decoder, model.tgt_embedding, model.decoder_layers, model.decoder_norm),
    ):
        table = stack.embeddings[0] if stack is spec.encoder else stack.embeddings
        table.weight = array(embedding.tokens.table.weight)
        stack.scale_embeddings = SCALED
        if config.positions in ADDED:
            stack.position_encodings.encodings = array(position_table(embedding, n_positions(model)))
        elif stack is spec.encoder:
            del stack.position_encodings  # the specification has it in any case, the engine then not
        if config.norm == "pre":
            put_norm(stack.layer_norm, last)
        for there, layer in zip(stack.layer, layers, strict=True):
            put_layer(there, layer)
    spec.decoder.projection.weight = array(model.output.table.weight)
    if model.output.bias is not None:
        spec.decoder.projection.bias = array(model.output.bias)
    spec.register_source_vocabulary(_pieces(bundle.src_subword))
    spec.register_target_vocabulary(_pieces(bundle.tgt_subword))
    spec.config.decoder_start_token = bundle.tgt_subword.pieces([START_ID])[0]
    spec.config.add_source_eos = True
    spec.config.layer_norm_epsilon = epsilon(model)
    return spec
