"""`crosslight export --to bundle`: the same model in a quarter of the size."""

import json
import os

import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.export import certificate


@pytest.fixture
def small(command, tiny_run, tmp_path, monkeypatch):
    """Weights that are as good as random suffer from one byte as trained ones do not."""
    monkeypatch.setitem(certificate.TOLERANCES, "int8", certificate.Tolerance(99, 99, 99, 99, 100))
    out = tmp_path / "small"
    result = command("export", tiny_run, "--to", "bundle", "-o", out)
    assert result.code == 0, result.err
    return out


def test_a_quarter_of_the_weights_and_nearly_the_same_model(small, tiny_run):
    sizes = [(place / "model.safetensors").stat().st_size for place in (small, tiny_run / "bundle")]
    assert sizes[0] < 0.35 * sizes[1], "in so narrow a model the units of the rows weigh an eighth"
    ours, theirs = load_bundle(small), load_bundle(tiny_run)
    for a, b in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        unit = b.abs().amax(-1, keepdim=True) / 127 if b.dim() == 2 else torch.zeros(1)
        assert ((a - b).abs() <= 0.51 * unit).all()
    assert ours.facts == theirs.facts
    assert ours.validation == theirs.validation


def test_all_else_takes_it_for_a_bundle(command, small, tmp_path):
    said = command("translate", small, "Bonjour !", "--beam", "2")
    assert said.code == 0
    again = tmp_path / "again"
    assert command("export", small, "--to", "bundle", "-o", again).code == 0
    assert (again / "model.safetensors").read_bytes() == (small / "model.safetensors").read_bytes()
    assert command("translate", again, "Bonjour !", "--beam", "2").out == said.out


def test_an_older_program_refuses_it_and_this_one_writes_the_old_form(small, tiny_run):
    assert json.loads((small / "bundle.json").read_text())["format"] == 2
    assert json.loads((tiny_run / "bundle" / "bundle.json").read_text())["format"] == 1


def test_a_damaged_copy_is_refused(command, tiny_run, tmp_path, monkeypatch):
    """Rounding to a seventh of the steps is what a certificate is for."""
    from crosslight.models import one_byte

    monkeypatch.setattr(one_byte, "LARGEST", 1)
    result = command("export", tiny_run, "--to", "bundle", "-o", tmp_path / "small")
    assert result.code == 2
    assert not (tmp_path / "small").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes are another thing there")
def test_whoever_reads_one_file_reads_all(tiny_run):
    modes = {file.stat().st_mode & 0o777 for file in (tiny_run / "bundle").iterdir() if file.is_file()}
    assert len(modes) == 1
