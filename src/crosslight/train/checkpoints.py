"""Checkpoints: everything that resuming needs, in one file that is whole or not there.

    checkpoints/
      last.safetensors          weights, Adam's moments; in the header the ledger and the settings in force
      safe.safetensors          the same of an earlier step: what `train.recovery` rolls back to
      kept-0000001200.safetensors   weights alone, at the validations: the newest few, to be averaged
      best.safetensors          weights alone, at the lowest validation loss

A file is written beside its place, flushed to the disk, and renamed over it: a crash or a full disk
leaves the one before. Each carries a checksum, so that a damaged one is never taken for good. Nothing
is pickled.
"""

import json
import os
import shutil
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from crosslight.data.stream import Position
from crosslight.durable import take_place
from crosslight.errors import RunError, TrainingError


@dataclass
class Pulse:
    """How training has felt lately: what `train.recovery` judges its health by."""

    losses: list[float] = field(default_factory=list)  # of the last steps
    norms: list[float] = field(default_factory=list)  # of the gradient
    lowest_loss: float = float("inf")  # of the running medians so far
    lowest_norm: float = float("inf")
    factor: float = 1.0  # on the learning rate: halved by every rollback
    rollbacks: int = 0  # without progress since
    trouble_step: int = 0  # the last step that went wrong


@dataclass
class Ledger:
    """Where training stands; with the weights and the moments this is all there is to resume."""

    step: int = 0
    position: Position = field(default_factory=Position)
    warm: bool = False  # whether the position is in the stream of both directions
    consistent: bool = False  # whether the last step asked the model to agree with itself
    seconds: float = 0.0  # of preparing and training, over all sessions
    began: float = 0.0  # after how many seconds training began
    reserve: float = 0.0  # seconds that a run of given minutes keeps back for its end
    n_tokens: int = 0
    judged_step: int = 0  # where the last validation was
    judged_loss: float = float("inf")
    best_loss: float = float("inf")
    best_step: int = 0
    stale: int = 0  # validations since the best
    pulse: Pulse = field(default_factory=Pulse)

    def to_json(self) -> str:
        """As text for a file's header."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Ledger":
        """Back from `to_json`."""
        tree: dict[str, Any] = json.loads(text)
        parts = {"position": Position(*tree["position"]), "pulse": Pulse(**tree.get("pulse", {}))}
        return cls(**{**tree, **parts})


class Checkpoints:
    """The checkpoints of one run.

    Args:
        keep: how many kept weights stay for the average.
        settings: those in force, as TOML; written into the checkpoints to resume from.
    """

    def __init__(self, directory: Path, keep: int, settings: str = "") -> None:
        self.directory = directory
        self.keep = keep
        self.settings = settings
        self.last = directory / "last.safetensors"
        self.safe = directory / "safe.safetensors"
        self.best = directory / "best.safetensors"

    def newest(self) -> Path | None:
        """What resuming starts from: `last`; without it `safe`; without both nothing."""
        return next((path for path in (self.last, self.safe) if path.is_file()), None)

    def save(self, model: nn.Module, optimizer: torch.optim.Optimizer, ledger: Ledger) -> None:
        """Replace `last`.

        Raises:
            TrainingError: it cannot be written; the one before is untouched.
        """
        tensors = {f"model.{name}": tensor for name, tensor in weights(model).items()}
        names = [name for name, _ in model.named_parameters()]
        for name, state in zip(names, _states(optimizer), strict=True):
            tensors |= {f"adam.{key}.{name}": value for key, value in state.items()}
        _write(self.last, tensors, self._header(ledger))

    def make_safe(self) -> None:
        """Let `last` be `safe` too: a second name of one file, where the file system has such.

        Raises:
            TrainingError: it cannot be written; the one before is untouched.
        """
        beside = self.safe.with_suffix(".part")
        try:
            beside.unlink(missing_ok=True)
            try:
                os.link(self.last, beside)
            except OSError:
                shutil.copyfile(self.last, beside)
            take_place(beside, self.safe)
        except OSError as error:
            raise _not_written(self.safe, error) from error

    def load(self, model: nn.Module, optimizer: torch.optim.Optimizer, path: Path | None = None) -> Ledger:
        """Put model and optimizer where the newest checkpoint, or the one in `path`, left them.

        Raises:
            RunError: there is none, it is damaged, or it is of another model.
        """
        path = path or self.newest() or self.last
        tensors, header = _read(path)
        try:
            model.load_state_dict(_part(tensors, "model."), strict=False)
            missing = set(weights(model)) - set(_part(tensors, "model."))
            if missing:
                raise KeyError(sorted(missing)[0])
            ledger = Ledger.from_json(header["ledger"])
            optimizer.state.clear()
            for name, parameter in model.named_parameters() if ledger.step else ():
                state = {key: tensors[f"adam.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
                optimizer.state[parameter] = {
                    key: value if key == "step" else value.to(parameter.device)
                    for key, value in state.items()
                }
            return ledger
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise RunError(
                f"{path} does not fit this run: {error}",
                "it is of another model or another version; start anew in another directory",
            ) from error

    def resumable(self) -> tuple[Ledger, str]:
        """Where the newest checkpoint left training, and the settings (TOML) then in force.

        Raises:
            RunError: there is none, it is damaged, or of another version.
        """
        path = self.newest() or self.last
        _, header = _read(path)
        try:
            return Ledger.from_json(header["ledger"]), header.get("settings", "")
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{path} does not say where training stood: {error!r}",
                "it is of another version; start anew in another directory",
            ) from error

    def ledger(self) -> Ledger:
        """Where the newest checkpoint left training.

        Raises:
            RunError: there is none, it is damaged, or of another version.
        """
        return self.resumable()[0]

    def amend(self, ledger: Ledger) -> None:
        """Make a `last` of the newest checkpoint's weights, another ledger, and the settings in force.

        Raises:
            TrainingError: it cannot be written; the one before is untouched.
            RunError: the newest checkpoint is damaged.
        """
        _write(self.last, _read(self.newest() or self.last)[0], self._header(ledger))

    def _header(self, ledger: Ledger) -> dict[str, str]:
        return {"ledger": ledger.to_json(), "settings": self.settings}

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
        take_place(beside, path)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise _not_written(path, error) from error


def _not_written(path: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"{path} could not be written: {error}",
        "free some space on the disk and resume; the checkpoint before this one is good",
    )
