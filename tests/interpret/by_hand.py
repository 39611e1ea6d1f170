"""The Transformer once more, in NumPy and float64, straight from the formulas: what models are compared with.

Written from the paper for one sentence pair, head by head and without a batch; it shares no code with them.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Floats = np.ndarray
Change = Callable[[str, int, Floats, Floats], Floats]
"""(name of the attention, head, weights (T, S), mask (T, S)) -> other weights."""


def softmax(scores: Floats) -> Floats:
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


class ByHand:
    """A model's numbers and settings; `run` computes everything between sentence and logits."""

    def __init__(self, model: torch.nn.Module, config: Any) -> None:
        named = [
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(remove_duplicate=False),
        ]
        self.w = {name: tensor.detach().double().numpy().copy() for name, tensor in named}
        self.eps_rms = torch.finfo(next(model.parameters()).dtype).eps
        self.config = config
        self.seen: dict[str, Any] = {}

    def linear(self, x: Floats, name: str) -> Floats:
        y = x @ self.w[f"{name}.weight"].T
        return y + self.w[f"{name}.bias"] if f"{name}.bias" in self.w else y

    def norm(self, x: Floats, name: str, kind: str | None = None) -> Floats:
        if (kind or self.config.norm_kind) == "rms":
            root = np.sqrt((x**2).mean(axis=-1, keepdims=True) + self.eps_rms)
            return x / root * self.w[f"{name}.weight"]
        centered = x - x.mean(axis=-1, keepdims=True)
        root = np.sqrt((centered**2).mean(axis=-1, keepdims=True) + 1e-5)
        return centered / root * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def scores(self, q: Floats, k: Floats, name: str, head: int) -> Floats:
        """Before the softmax, (T, S); both sides of a self-attention are the same tokens."""
        width = q.shape[1]
        if self.config.scoring == "additive":
            v = self.w[f"{name}.scoring.v"][head]
            return np.array([[v @ np.tanh(one + other) for other in k] for one in q])
        if self.knows_distances(name) and self.config.positions == "rotary":
            turn = np.exp(1j * np.arange(len(k))[:, None] * 10000.0 ** (-np.arange(0, width, 2) / width))
            a, b = ((each[:, ::2] + 1j * each[:, 1::2]) * turn for each in (q, k))
            return (a @ b.conj().T).real / math.sqrt(width)
        if self.knows_distances(name) and self.config.positions == "relative":
            beside = self.beside(name, "keys")
            rows = [
                [q[i] @ (k[j] + beside(j - i)) for j in range(len(k))] for i in range(len(q))
            ]  # fmt: skip
            return np.array(rows) / math.sqrt(width)
        return q @ k.T / math.sqrt(width)

    def brought(self, weights: Floats, v: Floats, name: str) -> Floats:
        """The vectors that the values of a head become, for every pair of places (T, S, V)."""
        vectors = np.broadcast_to(v, (len(weights), *v.shape)).copy()
        if self.knows_distances(name) and self.config.positions == "relative":
            beside = self.beside(name, "values")
            for i, j in np.ndindex(vectors.shape[:2]):
                vectors[i, j] += beside(j - i)
        return weights[:, :, None] * vectors

    def knows_distances(self, name: str) -> bool:
        return name.endswith("self_attention") and self.positions[name.startswith("decoder")]

    def beside(self, name: str, side: str) -> Callable[[int], Floats]:
        table, limit = self.w[f"{name}.scoring.{side}"], self.config.max_distance
        return lambda distance: table[limit + max(-limit, min(limit, distance))]

    def attention(self, x: Floats, y: Floats, name: str, mask: Floats, change: Change | None) -> Floats:
        n_heads = self.config.n_heads
        q, k, v = (self.linear(each, f"{name}.{p}_proj") for each, p in ((x, "q"), (y, "k"), (y, "v")))
        contexts = []
        for head in range(n_heads):
            mine = [each.reshape(len(each), n_heads, -1)[:, head] for each in (q, k, v)]
            if self.config.qk_norm:
                mine[0] = self.norm(mine[0], f"{name}.q_norm", "rms")
                mine[1] = self.norm(mine[1], f"{name}.k_norm", "rms")
            scores = self.scores(mine[0], mine[1], name, head)
            weights = softmax(np.where(mask, scores, -np.inf))
            if change:
                weights = change(name, head, weights, mask)
            contexts.append(self.brought(weights, mine[2], name).sum(axis=1))
            keys = ("query", "keys", "values", "scores", "weights", "context")
            for key, value in zip(keys, (*mine, scores, weights, contexts[-1]), strict=True):
                self.seen[f"{name}.{head}.{key}"] = value
        self.seen[f"{name}.concatenated"] = np.concatenate(contexts, axis=1)
        self.seen[f"{name}.output"] = self.linear(self.seen[f"{name}.concatenated"], f"{name}.out_proj")
        return self.seen[f"{name}.output"]

    def feed_forward(self, x: Floats, name: str) -> Floats:
        inner = self.linear(x, f"{name}.up")
        active = np.maximum(inner, 0) if self.config.activation == "relu" else inner / (1 + np.exp(-inner))
        out = self.linear(active, f"{name}.down")
        for key, value in (("read", x), ("inner", inner), ("active", active), ("output", out)):
            self.seen[f"{name}.{key}"] = value
        return out

    def sublayer(self, x: Floats, name: str, residual: str, do: Callable[[Floats], Floats]) -> Floats:
        """The path after "Add & Norm", in either order."""
        norm = f"{residual}.norm"
        if self.config.norm == "pre":
            read = self.norm(x, norm)
            self.seen[f"{name}.read"] = read
            return x + do(read)
        self.seen[f"{name}.read"] = x
        added = x + do(x)
        self.seen[f"{name}.added"] = added
        return self.norm(added, norm)

    def embed(self, tokens: list[int], stack: str, with_positions: bool) -> Floats:
        rows = self.w[f"{stack}_embedding.tokens.table.weight"][tokens]
        scaled = rows * math.sqrt(self.config.d_model)
        table = self.w.get(f"{stack}_embedding.positions.table", np.zeros((len(tokens), rows.shape[1])))
        position = table[: len(tokens)] * with_positions
        for key, value in (("row", rows), ("scaled", scaled), ("position", position)):
            self.seen[f"{stack}.{key}"] = value
        return scaled + position

    def run(
        self,
        src: list[int],
        tgt_in: list[int],
        change: Change | None = None,
        positions: tuple[bool, bool] = (True, True),
    ) -> Floats:
        """The logits (T, V); everything on the way is in `seen`, the decoder's path in `seen["path"]`."""
        is_pre = self.config.norm == "pre"
        self.positions = positions
        x = self.embed(src, "src", positions[0])
        self.seen["src.sum"] = x
        everywhere = np.ones((len(src), len(src)), bool)
        for number in range(self.config.n_encoder_layers):
            name = f"encoder_layers.{number}"
            self.seen[f"{name}.before"] = x
            x = self.sublayer(
                x,
                f"{name}.self_attention",
                f"{name}.self_residual",
                lambda y, name=name: self.attention(y, y, f"{name}.self_attention", everywhere, change),
            )
            self.seen[f"{name}.middle"] = x
            x = self.sublayer(
                x,
                f"{name}.ff",
                f"{name}.ff_residual",
                lambda y, name=name: self.feed_forward(y, f"{name}.feed_forward"),
            )
            self.seen[f"{name}.after"] = x
        memory = self.norm(x, "encoder_norm") if is_pre else x
        x = self.embed(tgt_in, "tgt", positions[1])
        causal = np.tri(len(tgt_in), dtype=bool)
        across = np.ones((len(tgt_in), len(src)), bool)
        path = [x]
        for number in range(self.config.n_decoder_layers):
            name = f"decoder_layers.{number}"
            for kind, do in (
                ("self", lambda y, n=name: self.attention(y, y, f"{n}.self_attention", causal, change)),
                (
                    "cross",
                    lambda y, n=name: self.attention(y, memory, f"{n}.cross_attention", across, change),
                ),
                ("ff", lambda y, n=name: self.feed_forward(y, f"{n}.feed_forward")),
            ):
                x = self.sublayer(x, f"{name}.{kind}", f"{name}.{kind}_residual", do)
                path.append(x)
        self.seen["path"] = path
        return self.read_out(x)

    def read_out(self, x: Floats) -> Floats:
        y = self.norm(x, "decoder_norm") if self.config.norm == "pre" else x
        self.seen["vector"] = y
        logits = y @ self.w["output.table.weight"].T
        return logits + self.w["output.bias"] if "output.bias" in self.w else logits

    def log_probs(
        self, src: list[int], tgt: list[int], bos: int, eos: int, banned: Any, **more: Any
    ) -> list[float]:
        """Of each target token and the end, the banned ones left out."""
        logits = self.run(src, [bos, *tgt], **more)
        logits[:, list(banned)] = -np.inf
        logp = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return [float(logp[t, token]) for t, token in enumerate([*tgt, eos])]
