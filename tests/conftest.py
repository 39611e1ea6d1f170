"""What holds for every test: no network but this machine, and shapes that are checked as they are written.

This file is read before any test module, so both are in force before `crosslight` is imported.
"""

import io
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

# The same cases on every run: a suite that fails by chance is not believed. `--hypothesis-profile=default`
# looks for new ones. No deadline: other work shares the cores.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

SHAPED = ["crosslight.nn", "crosslight.models", "crosslight.data.batch", "crosslight.decode"]

# Too late means not at all: a module that is loaded already keeps its annotations unread.
_loaded = [name for name in sys.modules if name.startswith(tuple(SHAPED))]
assert not _loaded, f"imported before the shapes could be hooked: {_loaded}"
install_import_hook(SHAPED, "beartype.beartype")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """One thread an operation, for models this small: more would only wait for each other."""
    import torch

    torch.set_num_threads(1)


class NetworkForbidden(Exception):
    """A test reached for the network. No OSError: code that forgives network errors must not forgive this."""


def _require_loopback(host: object) -> None:
    """Return if ``host`` is this machine; a host of None is the wildcard that servers bind to."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name == "localhost":
        return
    try:
        if ipaddress.ip_address(str(name).partition("%")[0]).is_loopback:
            return
    except ValueError:
        pass
    raise NetworkForbidden(
        f"a test reached for {name!r}: only loopback is allowed; serve what it needs from a local server"
    )


def _check_address(sock: socket.socket, address: object) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        _require_loopback(address[0])


def _forbid_network() -> None:
    real = socket.socket

    def guarded(name, address_of):
        method = getattr(real, name)

        def call(self, *args, **kwargs):
            _check_address(self, address_of(args))
            return method(self, *args, **kwargs)

        setattr(real, name, call)

    guarded("connect", lambda args: args[0])
    guarded("connect_ex", lambda args: args[0])
    guarded(
        "sendto", lambda args: args[-1]
    )  # the address comes last: (data, address), (data, flags, address)
    guarded("sendmsg", lambda args: args[3] if len(args) > 3 else None)

    def guarded_lookup(name):
        lookup = getattr(socket, name)

        def call(host, *args, **kwargs):
            _require_loopback(host)
            return lookup(host, *args, **kwargs)

        setattr(socket, name, call)

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        guarded_lookup(name)


_forbid_network()


@pytest.fixture
def forbidden_network() -> type[Exception]:
    """The error that a test gets when it reaches for the network."""
    return NetworkForbidden


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the data sets beside the checkout; the test is skipped where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("CROSSLIGHT_SHARED_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set CROSSLIGHT_SHARED_DATA to the folder that has it")
    return folder


TOY_SETTINGS = """
[subword]
vocab_size = 420
sampling = 0.1

[model]
d_model = 32
d_ff = 64
n_heads = 2
n_encoder_layers = 1
n_decoder_layers = 2
dropout = 0.1
norm = "pre"

[train]
bidirectional = 0.4
max_tokens_per_batch = 256
learning_rate = 3e-3
warmup_steps = 20
validations = 4
sample_size = 5
average_last = 2
threads = 1
precision = "fp32"

[decode]
max_extra = 8
"""


@dataclass(frozen=True)
class Toy:
    """A corpus of 300 pairs from the sample, and settings that train on it within a second."""

    pairs: Path
    config: Path

    def train(self, out: Path, *more: str) -> list[str]:
        """The command line that trains with them into `out`."""
        return ["train", "--pairs", str(self.pairs), "--config", str(self.config), "-o", str(out), *more]


class Result(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    folder = tmp_path_factory.mktemp("toy")
    sample = Path(__file__).resolve().parents[1] / "src" / "crosslight" / "sample" / "handwritten.train.tsv"
    lines = sample.read_text(encoding="utf-8").split("\n")[:300]
    pairs, config = folder / "toy.tsv", folder / "toy.toml"
    pairs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    config.write_text(TOY_SETTINGS, encoding="utf-8")
    return Toy(pairs, config)


@pytest.fixture(scope="session")
def tiny_run(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 30 steps, whose model writes nothing sensible. Copy it to change it."""
    out = tmp_path_factory.mktemp("tiny") / "run"
    with pytest.MonkeyPatch.context() as patch:
        assert _run_command(patch, toy.train(out, "--steps", "30")) == 0
    return out


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Runs the program in this process: `command("translate", run, stdin=b"Bonjour !")`."""

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            code = _run_command(patch, [str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run


def _run_command(patch: pytest.MonkeyPatch, arguments: list[str]) -> int:
    import torch

    from crosslight.cli.main import main

    patch.setattr("sys.argv", ["crosslight", *arguments])
    n_threads = torch.get_num_threads()
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        torch.set_num_threads(n_threads)
    return 0


@pytest.fixture(scope="session")
def wait_for():
    """Waits until another process has done something."""

    def wait(condition: Callable[[], object], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.05)

    return wait
