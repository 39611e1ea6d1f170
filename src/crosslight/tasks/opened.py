"""One translation, opened: found by the search that everybody gets, on a twin that may be watched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from crosslight.bundle import Bundle, transformer_of
from crosslight.config.architecture import ModelConfig, summary
from crosslight.config.model import TransformerConfig
from crosslight.config.run import DecodeConfig
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.loops import marked_loop
from crosslight.decode.parts import require_one_segment
from crosslight.decode.search import Wish, longest
from crosslight.decode.searcher import Searcher
from crosslight.decode.translator import Translator
from crosslight.decode.tree import SearchTree
from crosslight.decode.wishes import wishes_of
from crosslight.errors import ConfigError
from crosslight.interpret.maps import has_attention
from crosslight.interpret.packed import short, shorts
from crosslight.interpret.ponder import decides_on_steps
from crosslight.interpret.record import Inspection, word_text
from crosslight.interpret.trace import Trace, traced
from crosslight.interpret.twin import twin
from crosslight.interpret.views import Sentence, Side
from crosslight.models.transformer import Transformer
from crosslight.tasks.explain import look_inside, model_name, words_with_end
from crosslight.text.subword import BOS_ID, EOS_ID, SPECIAL_IDS, Subword


@dataclass
class Opened:
    """A source sentence, what was found for it, and the model to look into. For one thread at a time."""

    bundle: Bundle  # with a twin of the model
    searcher: Searcher
    config: DecodeConfig
    n_best: int
    wish: Wish
    src: list[int]  # the end included
    found: list[Hypothesis]  # by the search, best first
    tree: SearchTree
    best: Hypothesis  # what is looked into; marked (or cut) where it loops
    given: bool  # whether that was handed in
    log_probs: list[float]  # of its pieces, then of the end

    @property
    def ids(self) -> list[int]:
        """The target pieces with the end: what each position predicts."""
        return [*self.best.tokens, EOS_ID]

    @property
    def inputs(self) -> list[str]:
        """The pieces that the decoder reads."""
        return ["<s>", *self.bundle.tgt_subword.pieces(self.best.tokens)]

    def written(self, numbers: Sequence[float]) -> list[float]:
        """Those of the pieces that were written: without the end where the limit broke it off."""
        return list(numbers[: len(self.best.tokens) + self.best.finished])

    @property
    def transformer(self) -> Transformer:
        """Its model, for the views that are of a Transformer's parts.

        Raises:
            ConfigError: it is of another architecture.
        """
        return transformer_of(self.bundle, "this view")[1]

    @cached_property
    def inspection(self) -> Inspection:
        """Its attention."""
        return look_inside(self.bundle, self.src, self.best)

    @cached_property
    def traced(self) -> tuple[Trace, Tensor]:
        """All that the model computed, the whole target in one call; and the logits (T, V)."""
        model = self.bundle.model
        device = next(model.parameters()).device
        with torch.inference_mode(), traced(model) as trace:
            read = torch.tensor([self.src], device=device)
            written = torch.tensor([[BOS_ID, *self.best.tokens]], device=device)
            logits: Tensor = model(read, written)[0]
        return trace, logits

    def score(self, tgt: Sequence[int], srcs: Sequence[list[int]] = ()) -> list[list[float]]:
        """Log-probabilities of a target's pieces and its end, for the source or for several others."""
        sources = list(srcs) or [self.src]
        return self.searcher.score(sources, [tgt] * len(sources))

    def search(self) -> Hypothesis:
        """The best of another search under the same settings."""
        found = self.searcher.search([self.src], self.config, self.n_best, [self.wish])[0][0]
        return marked_loop(found, self.src, self.config.cut_loops)


def open_sentence(
    bundle: Bundle,
    text: str,
    *,
    n_best: int = 1,
    prefix: str | Sequence[int] = "",
    tgt: Sequence[int] | None = None,
    **settings: Any,
) -> Opened:
    """Translate a text of one sentence as `Translator.translate` does, and open it.

    The bundle is not changed and may be used by other threads meanwhile.

    Args:
        prefix: how the translation must begin.
        tgt: pieces to look into instead of what is found, without begin and end.
        settings: of the search, to differ from the bundle's.

    Raises:
        ConfigError: a text that is not one sentence, or what cannot be searched for or looked into.
    """
    watched = replace(bundle, model=twin(bundle.model))
    translator, searcher = Translator(watched), Searcher(watched)
    config = translator.settings_for(n_best, settings)
    if config.temperature > 0:
        raise ConfigError("what is drawn was not searched for", "set temperature to 0 to look inside")
    segment = require_one_segment(translator.split(text), "be looked into")
    src = [*watched.src_subword.encode(segment), EOS_ID]
    wish = wishes_of(prefix, None, watched.tgt_subword, searcher.banned)(segment)
    limit = min(longest(len(src) - 1, config, wish), searcher.most_tokens)
    tree = SearchTree(Ranking(config.alpha, config.penalty), limit, n_best, BOS_ID, EOS_ID)
    found = searcher.watched(src, config, tree.watch, n_best, wish)
    best = marked_loop(found[0], src, config.cut_loops)
    if tgt is not None:
        _check_ids(tgt, watched.tgt_subword.vocab_size)
        best = Hypothesis(list(tgt), 0.0, 0.0, True)
    log_probs = searcher.score([src], [best.tokens])[0]
    if tgt is not None:
        logp = sum(log_probs)
        best = replace(best, logp=logp, score=tree.ranking.score(logp, len(log_probs)))
    return Opened(watched, searcher, config, n_best, wish, src, found, tree, best, tgt is not None, log_probs)


def _check_ids(tgt: Sequence[int], vocab_size: int) -> None:
    wrong = [token for token in tgt if not 0 <= token < vocab_size or token in SPECIAL_IDS]
    if wrong:
        raise ConfigError(
            f"{wrong[0]} is no piece that can be written; expected ids from {len(SPECIAL_IDS)} to "
            f"{vocab_size - 1}",
            "give the ids of a translation, without begin and end",
        )


def sentence(opened: Opened) -> Sentence:
    """The frame of all other views: pieces, words, scores, settings, and the sizes of the model."""
    bundle, best, config = opened.bundle, opened.best, opened.config
    shape = bundle.config.model
    return {
        "source": bundle.src_subword.decode(opened.src),
        "translation": bundle.tgt_subword.decode(best.tokens),
        "src": side(bundle.src_subword, opened.src[:-1]),
        "tgt": side(bundle.tgt_subword, best.tokens),
        "inputs": opened.inputs,
        "score": short(best.score),
        "logp": short(sum(opened.written(opened.log_probs))),
        "log_probs": shorts(opened.log_probs),
        "finished": best.finished,
        "looped": best.looped,
        "given": opened.given,
        "views": views_of(bundle),
        "search": {
            "beam": max(config.beam, opened.n_best),
            "alpha": config.alpha,
            "penalty": config.penalty,
            "longest": opened.tree.limit,
        },
        "model": {
            "name": model_name(bundle),
            "src_lang": bundle.facts.src_lang,
            "tgt_lang": bundle.facts.tgt_lang,
            "kind": shape.kind,
            "summary": summary(shape),
            **_sizes(shape),
            "src_vocab_size": bundle.src_subword.vocab_size,
            "tgt_vocab_size": bundle.tgt_subword.vocab_size,
            "n_parameters": sum(parameter.numel() for parameter in bundle.model.parameters()),
        },
    }


def views_of(bundle: Bundle) -> list[str]:
    """The names of the views that there are of such a model; some are of a Transformer's parts."""
    if isinstance(bundle.model, Transformer):
        return [*VIEWS]
    own = [name for name in _OF_ALL if name != "attention" or has_attention(bundle.model)]
    return [*own, "ponder"] if decides_on_steps(bundle.model) else own


VIEWS = (
    *("sentence", "attention", "search", "path", "causal", "head_survey", "positions", "tour", "beside"),
)
_OF_ALL = ("sentence", "attention", "search", "beside")


def _sizes(config: ModelConfig) -> dict[str, Any]:
    """The shape of a model: of a Transformer the sizes of its parts, of others the settings."""
    if not isinstance(config, TransformerConfig):
        return config.model_dump(exclude={"kind", "dropout"})
    d_value = config.d_model // config.n_heads
    return {**config.model_dump(include=_SHAPE), "d_key": config.d_key or d_value, "d_value": d_value}


_SHAPE = {
    *("n_encoder_layers", "n_decoder_layers", "n_heads", "d_model", "d_ff"),
    *("norm", "norm_kind", "qk_norm", "activation", "positions", "scoring", "tie"),
}


def side(subword: Subword, ids: Sequence[int]) -> Side:
    """The pieces of one side and its words; the end is added."""
    pieces, words = [*subword.pieces(ids), "</s>"], words_with_end(subword, ids)
    return {
        "pieces": pieces,
        "ids": [*ids, EOS_ID],
        "words": words,
        "texts": [word_text([pieces[place] for place in word]) for word in words],
    }
