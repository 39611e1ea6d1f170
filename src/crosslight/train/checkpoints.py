"""Checkpoints: everything that resuming needs, in one file that is whole or not there.

    checkpoints/
      last.safetensors          weights, Adam's moments, and the position (JSON in the header)
      kept-0000001200.safetensors   weights alone, at the validations: the newest few, to be averaged
      best.safetensors          weights alone, at the lowest validation loss

A file is written beside its place, flushed to the disk, and renamed over it: a crash or a full disk
leaves the one before. Each carries a checksum, so that a damaged one is never taken for good. Nothing
is pickled.
"""

import json
import os
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from crosslight.data.stream import Position
from crosslight.errors import RunError, TrainingError


@dataclass
class Ledger:
    """Where training stands; with the weights and the moments this is all there is to resume."""

    step: int = 0
    position: Position = field(default_factory=Position)
    warm: bool = False  # whether the position is in the stream of both directions
    seconds: float = 0.0  # of preparing and training, over all sessions
    began: float = 0.0  # after how many seconds training began
    reserve: float = 0.0  # seconds that a run of given minutes keeps back for its end
    n_tokens: int = 0
    judged_step: int = 0  # where the last validation was
    judged_loss: float = float("inf")
    best_loss: float = float("inf")
    best_step: int = 0
    stale: int = 0  # validations since the best

    def to_json(self) -> str:
        """As text for a file's header."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Ledger":
        """Back from `to_json`."""
        tree: dict[str, Any] = json.loads(text)
        return cls(**{**tree, "position": Position(*tree["position"])})


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, directory: Path, keep: int) -> None:
        self.directory = directory
        self.keep = keep
        self.last = directory / "last.safetensors"
        self.best = directory / "best.safetensors"

    def save(self, model: nn.Module, optimizer: torch.optim.Optimizer, ledger: Ledger) -> None:
        """Replace `last`.

        Raises:
            TrainingError: it cannot be written; the one before is untouched.
        """
        tensors = {f"model.{name}": tensor for name, tensor in weights(model).items()}
        names = [name for name, _ in model.named_parameters()]
        for name, state in zip(names, _states(optimizer), strict=True):
            tensors |= {f"adam.{key}.{name}": value for key, value in state.items()}
        _write(self.last, tensors, {"ledger": ledger.to_json()})

    def load(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> Ledger:
        """Put model and optimizer where `last` left them.

        Raises:
            RunError: there is none, it is damaged, or it is of another model.
        """
        tensors, header = _read(self.last)
        try:
            model.load_state_dict(_part(tensors, "model."), strict=False)
            missing = set(weights(model)) - set(_part(tensors, "model."))
            if missing:
                raise KeyError(sorted(missing)[0])
            for index, (name, parameter) in enumerate(model.named_parameters()):
                state = {key: tensors[f"adam.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
                optimizer.state[optimizer.param_groups[0]["params"][index]] = {
                    key: value if key == "step" else value.to(parameter.device)
                    for key, value in state.items()
                }
            return Ledger.from_json(header["ledger"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise RunError(
                f"{self.last} does not fit this run: {error}",
                "it is of another model or another version; start anew in another directory",
            ) from error

    def ledger(self) -> Ledger:
        """Where `last` left training.

        Raises:
            RunError: there is none, it is damaged, or of another version.
        """
        _, header = _read(self.last)
        try:
            return Ledger.from_json(header["ledger"])
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{self.last} does not say where training stood: {error!r}",
                "it is of another version; start anew in another directory",
            ) from error

    def amend(self, ledger: Ledger) -> None:
        """Put another ledger into `last`."""
        _write(self.last, _read(self.last)[0], {"ledger": ledger.to_json()})

    def keep_weights(self, model: nn.Module, step: int, best: bool) -> None:
        """Keep the weights for averaging, and as the best if they are. The oldest ones go."""
        _write(self.directory / _kept_name(step), weights(model), {})
        if best:
            _write(self.best, weights(model), {})
        for old in self.kept()[: -self.keep]:
            old.unlink()

    def kept(self) -> list[Path]:
        """The kept files, oldest first."""
        return sorted(self.directory.glob("kept-*.safetensors"))

    def forget_after(self, step: int) -> None:
        """Drop kept weights newer than this step: a crash cut off the training that they came from."""
        for path in self.kept():
            if path.name > _kept_name(step):
                path.unlink()

    def best_weights(self) -> dict[str, Tensor] | None:
        """The weights with the lowest validation loss, if there was a validation."""
        return _read(self.best)[0] if self.best.is_file() else None

    def average(self) -> dict[str, Tensor]:
        """The mean of the kept weights (section 6.1: of the last 5, or 20), summed in float64."""
        paths = self.kept()
        total: dict[str, Tensor] = {}
        for path in paths:
            for name, tensor in _read(path)[0].items():
                total[name] = total[name] + tensor.double() if name in total else tensor.double()
        return {name: (tensor / len(paths)).float() for name, tensor in total.items()}


def weights(model: nn.Module) -> dict[str, Tensor]:
    """The model's parameters by name, each shared table once."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def load_weights(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Put `weights` back, shared tables included."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[name])


def _states(optimizer: torch.optim.Optimizer) -> list[dict[str, Tensor]]:
    return [optimizer.state.get(p, {}) for group in optimizer.param_groups for p in group["params"]]


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


def _kept_name(step: int) -> str:
    return f"kept-{step:010d}.safetensors"


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise RunError(f"{path} cannot be read: {error}", _start_anew(path)) from error
    checksum = header.pop("crc32", None)
    if checksum != _checksum(tensors, header):
        raise RunError(
            f"{path} is damaged: its content does not have the checksum {checksum}", _start_anew(path)
        )
    return tensors, header


def _start_anew(path: Path) -> str:
    return f"move {path.name} away and resume: what it held is trained again, or done without"


def _checksum(tensors: dict[str, Tensor], header: dict[str, str]) -> str:
    value = zlib.crc32(json.dumps([sorted(tensors), header], sort_keys=True).encode())
    for name in sorted(tensors):
        value = zlib.crc32(tensors[name].reshape(-1).view(torch.uint8).numpy().data, value)
    return f"{value:08x}"


def _write(path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    beside = path.with_suffix(".part")
    tensors = {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, beside, {**header, "crc32": _checksum(tensors, header)})
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except (OSError, SafetensorError) as error:
        beside.unlink(missing_ok=True)
        raise TrainingError(
            f"{path} could not be written: {error}",
            "free some space on the disk and resume; the checkpoint before this one is good",
        ) from error
