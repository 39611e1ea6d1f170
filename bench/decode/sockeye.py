"""Sockeye's Translator over weights of chance, of the same shape: for outputs of set length only.

Variants: float32, and int8, which is its own dynamic quantization of all but the output layer.
"""

from collections.abc import Sequence
from typing import Any

import sentencepiece
import sockeye
import torch
from sockeye import constants as names
from sockeye.beam_search import CandidateScorer
from sockeye.data_io import DataConfig, DataStatistics
from sockeye.encoder import EmbeddingConfig
from sockeye.inference import Translator, TranslatorInput
from sockeye.model import ModelConfig, SockeyeModel, initialize_parameters
from sockeye.transformer import TransformerConfig

from bench.decode.worker import Cell, Options, System, serve
from bench.peers import settings

NEVER = -1e4  # a bias
WARM_UP = 3  # calls; TorchScript rewrites what it has traced after the second


class Sockeye:
    """What `sockeye-translate` sets up, with batches that are not filled up."""

    in_flight = 1

    def __init__(self, chosen: Options) -> None:
        torch.set_num_threads(chosen.threads)
        torch.manual_seed(settings.SEED)
        pieces = (chosen.prepared / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self.vocab = {piece: i for i, piece in enumerate([*names.VOCAB_SYMBOLS, *pieces])}
        self.model = model(len(self.vocab))
        if chosen.variant == "int8":
            self.model.cast(torch.int8)
        self.translators: dict[Cell, Translator] = {}
        file = chosen.prepared / "ctranslate2-float32" / "source.spm"
        self.spm = sentencepiece.SentencePieceProcessor(model_file=str(file))
        self.about = (
            f"sockeye {sockeye.__version__}, {chosen.variant or 'float32'}, {chosen.threads} threads, "
            f"torch {torch.__version__}, greedy search at beam 1 and batch 1"
        )

    def encode(self, texts: Sequence[str]) -> list[Any]:
        return [
            TranslatorInput(i, tokens) for i, tokens in enumerate(self.spm.encode(list(texts), out_type=str))
        ]

    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        inputs = self.encode(work) if cell.kind == "text" else list(work)
        if cell not in self.translators:
            self.translators[cell] = self.translator(cell)
            for _ in range(WARM_UP):
                self.translators[cell].translate(inputs, fill_up_batches=False)
        found = self.translators[cell].translate(inputs, fill_up_batches=False)
        # Greedy search goes on where beam search is forced to end: the last token is a step of both.
        tokens = [each.tokens[: cell.length] for each in found]
        self.spm.decode(tokens)
        return sum(len(each) + 1 for each in tokens)

    def translator(self, cell: Cell) -> Translator:
        """No end is ever likely; the longest output is forced to one, which is a step too."""
        vocabs: dict[str, Any] = {"source_vocabs": [self.vocab], "target_vocabs": [self.vocab]}
        return Translator(
            device=torch.device("cpu"),
            ensemble_mode="linear",
            scorer=CandidateScorer(),
            batch_size=cell.batch,
            beam_size=cell.beam,
            beam_search_stop=names.BEAM_SEARCH_STOP_ALL,
            models=[self.model],
            constant_length_ratio=-1.0,
            max_output_length=cell.length,
            greedy=cell.beam == 1 and cell.batch == 1,
            **vocabs,
        )


def model(vocab_size: int) -> SockeyeModel:
    """As `sockeye-train` begins one."""
    stack = TransformerConfig(
        model_size=settings.D_MODEL,
        attention_heads=settings.N_HEADS,
        feed_forward_num_hidden=settings.D_FF,
        act_type=names.RELU,
        num_layers=settings.N_LAYERS,
        dropout_attention=0.0,
        dropout_act=0.0,
        dropout_prepost=0.0,
        positional_embedding_type=names.FIXED_POSITIONAL_EMBEDDING,
        preprocess_sequence="",
        postprocess_sequence="drn",
        max_seq_len_source=settings.MAX_LENGTH,
        max_seq_len_target=settings.MAX_LENGTH,
        depth_key_value=settings.D_MODEL,
    )
    embedding = EmbeddingConfig(vocab_size=vocab_size, num_embed=settings.D_MODEL, dropout=0.0)
    # Of the statistics only the ratio of lengths is read, and here the length is set.
    statistics = DataStatistics(
        num_sents=0, num_discarded=0, num_tokens_source=0, num_tokens_target=0, num_unks_source=0,
        num_unks_target=0, max_observed_len_source=0, max_observed_len_target=0, size_vocab_source=vocab_size,
        size_vocab_target=vocab_size, length_ratio_mean=1.0, length_ratio_std=0.0, buckets=[],
        num_sents_per_bucket=[], average_len_target_per_bucket=[],
    )  # fmt: skip
    data = DataConfig(statistics, settings.MAX_LENGTH, settings.MAX_LENGTH, 1, 1)
    config = ModelConfig(data, vocab_size, vocab_size, embedding, embedding, stack, stack)
    built = SockeyeModel(config, inference_only=True)
    built.apply(initialize_parameters)
    with torch.no_grad():
        bias = built.output_layer.bias
        bias.zero_()
        bias[[names.PAD_ID, names.EOS_ID]] = NEVER
    return built.eval()


def system(chosen: Options) -> System:
    return Sockeye(chosen)


if __name__ == "__main__":
    serve(system)
