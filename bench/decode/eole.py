"""Eole's Translator over weights of chance, of the same shape: for outputs of set length only."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import pyonmttok
import sentencepiece
import torch
from eole.config.models import build_model_config
from eole.config.run import PredictConfig
from eole.config.training import TrainingConfig
from eole.constants import DefaultTokens
from eole.models.model import EncoderDecoderModel
from eole.predict import GNMTGlobalScorer, Translator
from torch.nn.utils.rnn import pad_sequence

from bench.decode.worker import Cell, Options, System, serve
from bench.peers import settings
from bench.peers.eole import shape

SPECIALS = {
    "unk_token": DefaultTokens.UNK,
    "pad_token": DefaultTokens.PAD,
    "bos_token": DefaultTokens.BOS,
    "eos_token": DefaultTokens.EOS,
}


class Eole:
    """A padded batch a call, without the reading of files around it."""

    in_flight = 1

    def __init__(self, chosen: Options) -> None:
        torch.set_num_threads(chosen.threads)
        torch.manual_seed(settings.SEED)
        pieces = (chosen.prepared / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self.vocab = pyonmttok.build_vocab_from_tokens(
            pieces, maximum_size=len(pieces) + len(SPECIALS), special_tokens=list(SPECIALS.values())
        )
        self.vocab.default_id = self.vocab[DefaultTokens.UNK]
        self.translator = translator(self.vocab)
        file = chosen.prepared / "ctranslate2-float32" / "source.spm"
        self.spm = sentencepiece.SentencePieceProcessor(model_file=str(file))
        self.about = (
            f"eole {version('eole')}, pre-norm, fused keys, values and queries, {chosen.threads} threads, "
            f"torch {torch.__version__}"
        )

    def encode(self, texts: Sequence[str]) -> list[Any]:
        return [
            torch.tensor([*(self.vocab[piece] for piece in pieces), self.vocab[DefaultTokens.EOS]])
            for pieces in self.spm.encode(list(texts), out_type=str)
        ]

    @torch.inference_mode()
    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        rows = self.encode(work) if cell.kind == "text" else list(work)
        n = cell.length or 0
        # Theirs count the end token at the most, and not at the least.
        self.translator.update_settings(beam_size=cell.beam, min_length=n, max_length=n + 1)
        batch = {
            "src": pad_sequence(rows, batch_first=True, padding_value=self.vocab[DefaultTokens.PAD]),
            "srclen": torch.tensor([len(row) for row in rows]),
            "ind_in_bucket": list(range(len(rows))),
        }
        best = [found[0].tolist() for found in self.translator.predict_batch(batch, False)["predictions"]]
        self.spm.decode([[self.vocab.ids_to_tokens[i] for i in ids[:n]] for ids in best])
        return sum(len(ids) for ids in best)


def translator(vocab: Any) -> Translator:
    """As `eole predict` sets one up, but for the weights, which `eole train` would begin with."""
    vocabs = {"src": vocab, "tgt": vocab, "specials": SPECIALS, "decoder_start_token": DefaultTokens.BOS}
    shaped = build_model_config(shape())
    config = PredictConfig(
        model_path="of chance",
        src="none",
        gpu_ranks=[],
        world_size=1,
        compute_dtype="fp32",
        fuse_kvq=True,
        max_length_ratio=0,
        seed=settings.SEED,
    )
    config.update(model=shaped)
    model = EncoderDecoderModel.build(shaped, vocabs, config)
    model.init_weights(TrainingConfig(param_init_method="xavier_uniform"))
    model._prepare_for_inference(config)
    scorer = GNMTGlobalScorer.from_config(config)
    return Translator(model, vocabs, config, shaped, device_id=-1, global_scorer=scorer, report_score=False)


def system(chosen: Options) -> System:
    return Eole(chosen)


if __name__ == "__main__":
    serve(system)
