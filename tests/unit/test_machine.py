"""What the machine is asked for, and what it says when it does not have it."""

import pytest
import torch

from crosslight.errors import ConfigError
from crosslight.train.machine import choose_device, probe_precision, probe_threads


def test_a_device_that_is_not_there() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ConfigError, match=r"but torch .* sees no such device"):
        choose_device("cuda")


def test_auto_is_always_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert torch.zeros(1, device=choose_device("auto")).item() == 0


@pytest.mark.parametrize("seconds", [0.05, 0.0])
def test_probing_finds_a_number_of_threads_and_their_rates(seconds: float) -> None:
    """Also where other work took all of the time away."""
    threads, rates = probe_threads(seconds)
    assert threads in rates
    assert all(rate > 0 for rate in rates.values())


def test_a_wish_for_a_precision_is_granted_and_auto_is_one_of_two() -> None:
    cpu = torch.device("cpu")
    assert probe_precision("fp32", cpu) == torch.float32
    assert probe_precision("bf16", cpu) == torch.bfloat16
    assert probe_precision("auto", cpu) in (torch.float32, torch.bfloat16)
