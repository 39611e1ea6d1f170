"""A plain loop around torch.nn.Transformer, as a careful user of PyTorch would write it."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.peers import settings
from bench.peers.batches import padded_batches
from bench.peers.probe import Probe, options


class Model(nn.Module):
    """Embeddings and sinusoids around nn.Transformer, one table for both sides and the output."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(settings.VOCAB_SIZE, settings.D_MODEL, padding_idx=settings.PAD_ID)
        nn.init.normal_(self.table.weight, std=settings.D_MODEL**-0.5)
        self.dropout = nn.Dropout(settings.DROPOUT)
        self.transformer = nn.Transformer(
            settings.D_MODEL,
            settings.N_HEADS,
            settings.N_LAYERS,
            settings.N_LAYERS,
            settings.D_FF,
            settings.DROPOUT,
            batch_first=True,
            norm_first=True,
        )
        for layer in self.transformer.modules():
            # The benchmark's model has dropout after sublayers only; attention without it has a fused kernel.
            if isinstance(layer, nn.MultiheadAttention):
                layer.dropout = 0.0
            if isinstance(layer, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer):
                layer.dropout = nn.Identity()
        self.register_buffer("positions", sinusoids(settings.MAX_LENGTH + 1, settings.D_MODEL))

    def embed(self, tokens: Tensor) -> Tensor:
        x = self.table(tokens) * math.sqrt(settings.D_MODEL)
        return self.dropout(x + self.positions[: tokens.shape[1]])

    def forward(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """Logits; padding at the end of tgt_in needs no mask, for nothing before it looks there."""
        padding = src == settings.PAD_ID
        causal = nn.Transformer.generate_square_subsequent_mask(tgt_in.shape[1], dtype=torch.bool)
        x = self.transformer(
            self.embed(src),
            self.embed(tgt_in),
            tgt_mask=causal,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )
        return F.linear(x, self.table.weight)


def sinusoids(length: int, width: int) -> Tensor:
    """Section 3.5 of the paper."""
    angles = torch.arange(length)[:, None] / 10_000 ** (torch.arange(0, width, 2) / width)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)


def main() -> None:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(settings.SEED)
    model = Model()
    optimizer = torch.optim.Adam(
        model.parameters(), settings.LEARNING_RATE, settings.BETAS, settings.EPSILON, fused=True
    )
    probe = Probe(
        chosen,
        "nn.Transformer, pre-norm, our batches, fused Adam",
        f"torch {torch.__version__}",
        sum(p.numel() for p in model.parameters()),
    )
    for batch in padded_batches(chosen.prepared):
        probe.batch(batch.count())
        loss = F.cross_entropy(
            model(batch.src, batch.tgt_in).flatten(0, 1),
            batch.tgt_out.flatten(),
            ignore_index=settings.PAD_ID,
            label_smoothing=settings.LABEL_SMOOTHING,
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.CLIP_NORM)
        optimizer.step()
        probe.update(loss.item())


if __name__ == "__main__":
    main()
