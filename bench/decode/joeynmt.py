"""JoeyNMT's search over weights of chance, of the same shape: for outputs of set length only."""

from collections.abc import Sequence
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import sentencepiece
import torch
from joeynmt.batch import Batch
from joeynmt.model import build_model
from joeynmt.search import search
from joeynmt.vocabulary import Vocabulary

from bench.decode.worker import Cell, Options, System, serve
from bench.peers import settings


class Joey:
    """A padded batch a call."""

    in_flight = 1

    def __init__(self, chosen: Options) -> None:
        torch.set_num_threads(chosen.threads)
        torch.manual_seed(settings.SEED)
        pieces = (chosen.prepared / "vocab.txt").read_text(encoding="utf-8").splitlines()
        special = SimpleNamespace(
            unk_token="<unk>", pad_token="<pad>", bos_token="<s>", eos_token="</s>", sep_token=None,
            unk_id=0, pad_id=1, bos_id=2, eos_id=3, sep_id=None, lang_tags=[],
        )  # fmt: skip
        self.vocab = Vocabulary(pieces, special)
        stack = {
            "type": "transformer",
            "num_layers": settings.N_LAYERS,
            "num_heads": settings.N_HEADS,
            "embeddings": {"embedding_dim": settings.D_MODEL, "scale": True},
            "hidden_size": settings.D_MODEL,
            "ff_size": settings.D_FF,
            "layer_norm": "post",
        }
        shape = {"tied_embeddings": True, "tied_softmax": True, "encoder": stack, "decoder": stack}
        self.model = build_model(shape, self.vocab, self.vocab).eval()
        self.model.loss_function = ("crossentropy", 0.0)
        file = chosen.prepared / "ctranslate2-float32" / "source.spm"
        self.spm = sentencepiece.SentencePieceProcessor(model_file=str(file))
        self.about = f"joeynmt {version('joeynmt')}, {chosen.threads} threads, torch {torch.__version__}"

    def encode(self, texts: Sequence[str]) -> list[Any]:
        return [
            [*(self.vocab.lookup(piece) for piece in pieces), self.vocab.eos_index]
            for pieces in self.spm.encode(list(texts), out_type=str)
        ]

    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        rows = self.encode(work) if cell.kind == "text" else list(work)
        lengths = torch.tensor([len(row) for row in rows])
        src = torch.full((len(rows), int(lengths.max())), self.vocab.pad_index)
        for i, row in enumerate(rows):
            src[i, : len(row)] = torch.tensor(row)
        batch = Batch(
            src, lengths, None, None, None, torch.arange(len(rows)), torch.device("cpu"),
            self.vocab.pad_index, self.vocab.eos_index, is_train=False,
        )  # fmt: skip
        n = (cell.length or 0) + 1
        out, _, _ = search(
            self.model, batch, n, cell.beam, 1.0, min_output_length=n, generate_unk=False, return_prob="none"
        )
        texts = [[self.vocab._itos[i] for i in row] for row in out.tolist()]
        self.spm.decode(texts)
        return int(out.shape[0] * n)


def system(chosen: Options) -> System:
    return Joey(chosen)


if __name__ == "__main__":
    serve(system)
