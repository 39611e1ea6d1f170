"""Numbers on their way to a page: blocks as base64 of little-endian float32, single ones as short decimals.

Base64 is a third of the length of decimals and exactly the library's numbers; a short decimal is the shortest
one that reads back to the same float32.
"""

import base64
from collections.abc import Iterable
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
from torch import Tensor


class Array(TypedDict):
    """A block of numbers, row by row."""

    shape: list[int]
    float32: str  # base64 of little-endian float32


def base64_float32(array: npt.NDArray[Any]) -> str:
    """The numbers of an array, row by row, without its shape."""
    return base64.b64encode(array.astype("<f4").tobytes()).decode("ascii")


def packed(block: npt.NDArray[Any] | Tensor) -> Array:
    """An array, or a tensor of any device, with its shape.

    >>> packed(np.array([[1.0, 2.0]]))
    {'shape': [1, 2], 'float32': 'AACAPwAAAEA='}
    """
    array = block.detach().cpu().numpy() if isinstance(block, Tensor) else block
    return {"shape": list(array.shape), "float32": base64_float32(array)}


def unpacked(array: Array) -> npt.NDArray[np.float32]:
    """The numbers of a packed array, as float32."""
    return np.frombuffer(base64.b64decode(array["float32"]), "<f4").reshape(array["shape"])


def short(number: float) -> float:
    """The shortest number that reads back to the same float32.

    >>> short(0.10000000149011612), float(np.float32(0.1))
    (0.1, 0.10000000149011612)
    """
    return float(str(np.float32(number)))


def shorts(numbers: Iterable[float] | Tensor) -> list[float]:
    """Each of some numbers, short."""
    return [short(each) for each in (numbers.tolist() if isinstance(numbers, Tensor) else numbers)]
