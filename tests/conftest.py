"""What holds for every test: no network but this machine, and shapes that are checked as they are written.

This file is read before any test module, so both are in force before `crosslight` is imported.
"""

import ipaddress
import os
import socket
import sys
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

SHAPED = ["crosslight.nn", "crosslight.models", "crosslight.data.batch", "crosslight.decode"]

# Too late means not at all: a module that is loaded already keeps its annotations unread.
_loaded = [name for name in sys.modules if name.startswith(tuple(SHAPED))]
assert not _loaded, f"imported before the shapes could be hooked: {_loaded}"
install_import_hook(SHAPED, "beartype.beartype")


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
