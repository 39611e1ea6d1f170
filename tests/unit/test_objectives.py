"""Label smoothing against its definition, written out by hand in float64."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from crosslight.data.batch import Batch, make_batch
from crosslight.nn.dropout import dropout_seed
from crosslight.text.subword import UNK_ID
from crosslight.train.objectives import cut, label_smoothed, rdrop, simcut

V, PAD = 7, 0


class Fixed(nn.Module):
    """A model that says the same whatever it reads."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.said = nn.Parameter(logits)

        table = SimpleNamespace(weight=torch.eye(V, dtype=logits.dtype))
        self.output = SimpleNamespace(table=table, bias=None)

    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        return self.said


def batch() -> Batch:
    """Targets of 3, 1 and 5 tokens, their ends included."""
    return make_batch([[4, 5]] * 3, [[6, 4], [], [5, 5, 4, 6]], pad_id=PAD, bos_id=2, eos_id=3)


def drawn() -> Tensor:
    return 2 * torch.randn(3, 5, V, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_is_the_definition(smoothing: float) -> None:
    """H(q', p) = -Σ_k q'(k) log p(k), with q'(k) = (1 - ε) [k = right] + ε / V, over every real token."""
    logits, targets = drawn(), batch().tgt_out.tolist()
    total = 0.0
    for row, said in zip(targets, logits.tolist(), strict=True):
        for right, z in zip(row, said, strict=True):
            if right == PAD:
                continue
            log_sum = math.log(sum(map(math.exp, z)))
            for k in range(V):
                q = (1 - smoothing) * (k == right) + smoothing / V
                total -= q * (z[k] - log_sum)
    loss = label_smoothed(smoothing)(Fixed(logits), batch())
    assert float(loss.total.detach()) == pytest.approx(total, rel=1e-12)
    assert loss.n_tokens == 9


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_its_least_value_is_the_entropy_of_the_smoothed_target(smoothing: float) -> None:
    """Reached where the model says exactly q', so that being surer than that costs."""
    q = torch.full((3, 5, V), smoothing / V, dtype=torch.float64)
    q.scatter_add_(2, batch().tgt_out[:, :, None], torch.full((3, 5, 1), 1 - smoothing, dtype=torch.float64))
    model = Fixed(q.log())
    loss = label_smoothed(smoothing)(model, batch())
    entropy = -sum(p * math.log(p) for p in [1 - smoothing + smoothing / V] + [smoothing / V] * (V - 1))
    assert float(loss.total.detach()) / loss.n_tokens == pytest.approx(entropy, rel=1e-12)
    loss.total.backward()  # type: ignore[no-untyped-call]
    assert model.said.grad is not None
    assert model.said.grad.abs().max() < 1e-12


def test_padding_has_no_gradient_and_all_else_has() -> None:
    model = Fixed(drawn())
    label_smoothed(0.1)(model, batch()).total.backward()  # type: ignore[no-untyped-call]
    assert model.said.grad is not None
    assert ((model.said.grad.abs().sum(dim=2) > 0) == (batch().tgt_out != PAD)).all()


def test_a_bias_of_the_output_counts_and_learns() -> None:
    """Against the same logits with the bias added beforehand."""
    bias = torch.linspace(-1, 1, V, dtype=torch.float64, requires_grad=True)
    model = Fixed(drawn())
    model.output.bias = bias
    loss = label_smoothed(0.1)(model, batch()).total
    before = Fixed(drawn() + bias.detach())
    expected = label_smoothed(0.1)(before, batch()).total
    torch.testing.assert_close(loss, expected)
    loss.backward()  # type: ignore[no-untyped-call]
    expected.backward()  # type: ignore[no-untyped-call]
    assert before.said.grad is not None
    torch.testing.assert_close(bias.grad, before.said.grad.sum((0, 1)))


class Noisy(Fixed):
    """A model whose rows come out otherwise each time, as under dropout, but by a known amount."""

    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        first, second = self.said, 0.5 * self.said
        return first if len(src) == len(first) else torch.cat((first, second))


def log_p(logits: Tensor) -> tuple[Tensor, Tensor]:
    real = batch().tgt_out != PAD
    return logits[real].log_softmax(-1), (0.5 * logits)[real].log_softmax(-1)


def cross_entropy(logp: Tensor) -> Tensor:
    right = batch().tgt_out[batch().tgt_out != PAD]
    return nn.functional.nll_loss(logp, right, reduction="sum") * 0.9 - 0.1 * logp.mean(-1).sum()


def divergence(a: Tensor, b: Tensor) -> Tensor:
    return (a.exp() * (a - b)).sum()


def test_rdrop_is_half_its_definition() -> None:
    """Liang et al. 2021, eqs. 2 to 4: L = CE(a) + CE(b) + α · ½ (KL(a ‖ b) + KL(b ‖ a))."""
    a, b = log_p(drawn())
    expected = cross_entropy(a) + cross_entropy(b) + 5.0 * 0.5 * (divergence(a, b) + divergence(b, a))
    loss = rdrop(0.1, 5.0)(Noisy(drawn()), batch())
    torch.testing.assert_close(loss.total, expected / 2)
    assert loss.n_tokens == 9


def test_simcut_is_its_definition() -> None:
    """Gao et al. 2022: L = CE(whole) + α · KL(whole ‖ cut)."""
    a, b = log_p(drawn())
    loss = simcut(0.1, 3.0, 0.05)(Noisy(drawn()), batch())
    torch.testing.assert_close(loss.total, cross_entropy(a) + 3.0 * divergence(a, b))


def test_a_share_of_the_words_is_cut_and_nothing_else() -> None:
    rows = torch.randint(4, 90, (400, 30), generator=torch.Generator().manual_seed(7)).tolist()
    whole = make_batch(rows, rows, pad_id=PAD, bos_id=2, eos_id=3)
    with dropout_seed(1, torch.device("cpu")):
        short = cut(whole, 0.05)
        other = cut(whole, 0.05)
    for side in ("src", "tgt_in"):
        before, after = getattr(whole, side), getattr(short, side)
        changed = before != after
        assert (after[changed] == UNK_ID).all()
        assert not changed[(before == 2) | (before == 3) | (before == PAD)].any()
        assert 0.04 < changed.float().mean() < 0.06
        assert not torch.equal(after, getattr(other, side))
    assert torch.equal(short.tgt_out, whole.tgt_out)
