"""Gradients of logits by source tokens, against small changes of the token table."""

import numpy as np
import pytest
import torch

from crosslight.config.load import run_config
from crosslight.interpret.source_gradient import source_gradients
from crosslight.models.build import build_model

BOS = 2
SRC, TGT = [7, 9, 5, 11, 3], [6, 8, 10, 4]
SIZES = {
    "transformer": {"d_model": 8, "d_ff": 12, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1},
    "rnn": {"d_model": 8, "d_hidden": 6, "d_attention": 5},
    "conv": {"d_model": 8, "d_hidden": 8, "n_encoder_layers": 1, "n_decoder_layers": 1},
    "universal": {"d_model": 8, "d_ff": 12, "n_heads": 2, "max_steps": 2, "halting": "none"},
}


def model_of(kind):
    tree = {"model": {"kind": kind, "tie": "none", **SIZES[kind]}, "train": {"minutes": 1.0}}
    torch.manual_seed(5)
    return build_model(run_config(tree, "test").model, 13, 13).double()


@pytest.mark.parametrize("kind", SIZES)
def test_norms_are_those_of_finite_differences(kind):
    """Each source token is another row of a table that is read for nothing else."""
    model = model_of(kind)
    found = source_gradients(model, SRC, TGT, [0, 2], BOS)
    assert found.shape == (2, len(SRC))
    assert model.training, "as it was"
    model.eval()
    table = next(p for name, p in model.named_parameters() if name.startswith("src") and "table" in name)
    written = torch.tensor([[BOS, *TGT[:-1]]])

    def logits():
        with torch.no_grad():
            out, _ = model.decode(written, model.start(torch.tensor([SRC])))
        return np.array([out[0, step, TGT[step]] for step in (0, 2)])

    size = 1e-6
    for place, token in enumerate(SRC):
        slopes = []
        for k in range(table.shape[1]):
            with torch.no_grad():
                table[token, k] += size
                above = logits()
                table[token, k] -= 2 * size
                below = logits()
                table[token, k] += size
            slopes.append((above - below) / (2 * size))
        expected = np.linalg.norm(np.stack(slopes), axis=0)
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-5, atol=1e-9)
