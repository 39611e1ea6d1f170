"""From numbers to places on a picture: ticks, thinning, smoothing, and numbers as people write them."""

import math
from bisect import bisect_right
from collections.abc import Sequence

Point = tuple[float, float]
Points = list[Point]


def ticks(low: float, high: float, n: int = 4) -> list[float]:
    """About n round numbers between low and high.

    >>> ticks(0, 1200), ticks(0.2, 0.9)
    ([0.0, 250.0, 500.0, 750.0, 1000.0], [0.2, 0.4, 0.6, 0.8])
    """
    if not high > low:
        return [low]
    rough = (high - low) / n
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((power * factor for factor in (1, 2, 2.5, 5, 10)), key=lambda size: abs(size - rough))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between low and high (both above 0) for a logarithmic axis; at most seven or so.

    >>> log_ticks(1.2, 9), log_ticks(0.01, 1000)
    ([1.5, 2.0, 3.0, 5.0, 7.0], [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,)):
        found = [float(f"{factor}e{power}") for power in powers for factor in factors]
        found = [value for value in found if low * 0.999 <= value <= high * 1.001]
        if len(found) <= 7:
            break
    return found if len(found) > 1 else ticks(low, high)


def thinned(points: Points, n: int = 300) -> Points:
    """The points, or where there are more than 2n, the lowest and the highest of each n-th part.

    Every point that stays is one of those given, so no peak is lost and none is invented.

    >>> thinned([(float(x), float(x % 7)) for x in range(10_000)], 2)
    [(0.0, 0.0), (6.0, 6.0), (5004.0, 6.0), (5005.0, 0.0)]
    """
    if len(points) <= 2 * n:
        return points
    kept: Points = []
    for i in range(n):
        part = points[i * len(points) // n : (i + 1) * len(points) // n]
        kept += sorted((min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])))
    return kept


def smoothed(points: Points, share: float = 0.03) -> Points:
    """Means over a window of this share of the points, centered; fewer at the ends.

    >>> smoothed([(1.0, 1.0), (2.0, 4.0), (3.0, 1.0)], share=0.5)
    [(1.0, 2.5), (2.0, 2.0), (3.0, 2.5)]
    """
    reach = max(1, round(len(points) * share / 2))
    sums = [0.0]
    for _, y in points:
        sums.append(sums[-1] + y)
    means = []
    for i, (x, _) in enumerate(points):
        first, last = max(0, i - reach), min(len(points), i + reach + 1)
        means.append((x, (sums[last] - sums[first]) / (last - first)))
    return means


def interpolated(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The value at x of the line through the points (xs rising); at the ends, the end's.

    >>> interpolated([0, 10], [0, 5], 4), interpolated([0, 10], [0, 5], 20)
    (2.0, 5.0)
    """
    right = bisect_right(xs, x)
    if right == 0:
        return float(ys[0])
    if right == len(xs):
        return float(ys[-1])
    share = (x - xs[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + share * (ys[right] - ys[right - 1])


def short(value: float) -> str:
    """Four digits that matter, as in `page.js`.

    >>> short(5.26804), short(12345.6), short(0.0017466), short(3.2e-5), short(0)
    ('5.268', '12,346', '0.001747', '3.2e-5', '0')
    """
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
