"""Hugging Face `generate` with MarianMT and its own tokenizer."""

from collections.abc import Sequence
from typing import Any

import torch
import transformers
from transformers import MarianMTModel, MarianTokenizer

from bench.decode.worker import Cell, Options, System, serve


class Generate:
    """A padded batch a call."""

    in_flight = 1

    def __init__(self, chosen: Options) -> None:
        torch.set_num_threads(chosen.threads)
        folder = chosen.prepared / "huggingface"
        self.model: Any = MarianMTModel.from_pretrained(folder, local_files_only=True).eval()
        self.tokenizer: Any = MarianTokenizer.from_pretrained(folder, local_files_only=True)
        self.about = (
            f"transformers {transformers.__version__}, {chosen.threads} threads, torch {torch.__version__}"
        )

    def encode(self, texts: Sequence[str]) -> list[Any]:
        return [self.tokenizer(list(texts), return_tensors="pt", padding=True)]

    @torch.inference_mode()
    def translate(self, work: Sequence[Any], cell: Cell) -> int:
        batch = self.encode(work)[0] if cell.kind == "text" else work[0]
        wishes: dict[str, Any] = {"num_beams": cell.beam, "do_sample": False}
        if cell.length is not None:
            # Theirs count the end token, and with it the last one may be an end.
            wishes |= {"min_new_tokens": cell.length, "max_new_tokens": cell.length, "max_length": None}
        out = self.model.generate(**batch, **wishes)
        if cell.kind == "text":
            self.tokenizer.batch_decode(out, skip_special_tokens=True)
        n_tokens = int((out[:, 1:] != self.model.config.pad_token_id).sum())
        return n_tokens + out.shape[0] if cell.length is not None else n_tokens


def system(chosen: Options) -> System:
    return Generate(chosen)


if __name__ == "__main__":
    serve(system)
