"""Products by numpy: the same maps and gradients as torch's, and only where and when they are wanted."""

import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_info
from torch import nn

from crosslight.nn import linear
from crosslight.nn.linear import Linear, add_product, fast_products, numpy_product, product
from crosslight.nn.linear_cross_entropy import linear_loss, smoothed
from crosslight.nn.readout import Readout
from crosslight.nn.threads import training_threads
from crosslight.nn.weight_norm import WeightNormLinear

CPU = torch.device("cpu")


@pytest.fixture
def by_numpy(monkeypatch):
    monkeypatch.setattr(linear, "numpy_is_faster", lambda: True)
    monkeypatch.setattr(linear, "LEAST", 0)
    with fast_products(CPU, torch.float32):
        yield


@pytest.fixture
def counted(monkeypatch):
    """How many products numpy has computed."""
    calls = []

    def count(a, b):
        calls.append((a, b))
        return numpy_product(a, b)

    monkeypatch.setattr(linear, "numpy_product", count)
    return calls


@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_by_finite_differences(by_numpy, counted, bias):
    layer = Linear(3, 4, bias, dtype=torch.float64)
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: layer(x), (x, *layer.parameters()))
    assert counted
    torch.testing.assert_close(layer(x), nn.functional.linear(x, layer.weight, layer.bias))


def test_what_is_no_plain_rectangle(by_numpy):
    layer = Linear(3, 4)
    assert layer(torch.empty(2, 0, 3)).shape == (2, 0, 4)
    assert layer(torch.empty(3)).shape == (4,)
    across = torch.randn(3, 5).T
    torch.testing.assert_close(layer(across), nn.functional.linear(across, layer.weight, layer.bias))
    layer(across).sum().backward()  # whose gradient is one number, spread out
    torch.testing.assert_close(layer.weight.grad, across.sum(0).expand(4, 3))


def test_convolutions_and_recurrent_networks_as_well(by_numpy, counted):
    """So that no architecture is faster than another for who multiplies."""
    WeightNormLinear(3, 4, 0.1)(torch.ones(2, 3))
    Readout("maxout", 3, 4)(torch.ones(1, 2, 3))
    assert len(counted) == 2


def test_a_small_map_is_torch_s(by_numpy, counted, monkeypatch):
    monkeypatch.setattr(linear, "LEAST", 2 * 5 * 3 * 4)
    for rows, n_calls in ((4, 0), (5, 1)):
        Linear(3, 4)(torch.ones(rows, 3))
        assert len(counted) == n_calls


def test_what_is_frozen_costs_no_product(by_numpy, counted):
    layer = Linear(3, 4).requires_grad_(False)
    x = torch.randn(2, 3, requires_grad=True)
    layer(x).sum().backward()
    assert len(counted) == 2
    assert layer.weight.grad is None


def test_the_loss_is_the_same(monkeypatch):
    x = torch.randn(50, 8, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(30, 8, dtype=torch.float64, requires_grad=True)
    results = []
    for faster in (False, True):
        monkeypatch.setattr(linear, "numpy_is_faster", lambda faster=faster: faster)
        with fast_products(CPU, torch.float32):
            loss = linear_loss([x], weight, torch.arange(50) % 30, smoothed(0.1))
        results.append((loss, *torch.autograd.grad(loss, (x, weight))))
    torch.testing.assert_close(results[1], results[0])


@pytest.mark.parametrize(
    ("device", "precision", "wanted"),
    [("cpu", torch.float32, True), ("cpu", torch.bfloat16, False), ("cuda", torch.float32, False)],
)
def test_only_float32_on_a_processor(monkeypatch, counted, device, precision, wanted):
    monkeypatch.setattr(linear, "numpy_is_faster", lambda: True)
    a, b, total = torch.ones(2, 3), torch.ones(3, 2), torch.zeros(2, 2)
    with fast_products(torch.device(device), precision):
        torch.testing.assert_close(product(a, b), a @ b)
        add_product(total, a, b)
    torch.testing.assert_close(total, a @ b)
    assert len(counted) == (2 if wanted else 0)
    product(a, b)
    assert len(counted) == (2 if wanted else 0)


def test_another_thread_is_not_meant(by_numpy, counted):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(product, torch.ones(2, 2), torch.ones(2, 2)).result()
    assert not counted


@pytest.mark.parametrize(
    ("vendor", "mkl", "blas", "faster"),
    [
        ("AuthenticAMD", True, "scipy-openblas", True),
        ("GenuineIntel", True, "scipy-openblas", False),
        ("AuthenticAMD", False, "scipy-openblas", False),
        ("AuthenticAMD", True, "accelerate", False),
    ],
)
@pytest.mark.parametrize("system", ["linux", "win32"])
def test_whose_machine_is_meant(monkeypatch, system, vendor, mkl, blas, faster):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: f"vendor_id : {vendor}\n")
    monkeypatch.setattr(platform, "processor", lambda: f"AMD64 Family 25, {vendor}")
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: mkl)
    info = {"Build Dependencies": {"blas": {"name": blas}}}
    monkeypatch.setattr(linear.np, "show_config", lambda mode: info)
    assert linear.numpy_is_faster.__wrapped__() is faster


def test_one_core_each_while_training():
    def cores():
        return [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]

    before = cores()
    with training_threads(2):
        assert set(cores()) <= {1}
    assert cores() == before
