"""Where the labels of points go, so that none covers another, a marker or a line.

Rectangles are (left, bottom, right, top) in any unit. Labels are placed one after the other, each at the
free place that is nearest to its point; first those of the points with the most neighbors.
"""

import math
from collections.abc import Iterator, Sequence

Box = tuple[float, float, float, float]
Point = tuple[float, float]

ANGLES = (0, 180, 90, 270, 45, 135, 225, 315, 20, 160, 200, 340, 65, 115, 245, 295)
RINGS = tuple(range(1, 24))
SOFT = 6.0  # rings that a label goes outwards rather than cover a line, or stand by another's point


def overlap(a: Box, b: Box) -> float:
    """The area that two boxes share.

    >>> overlap((0, 0, 2, 2), (1, 1, 3, 3)), overlap((0, 0, 1, 1), (1, 0, 2, 1))
    (1, 0)
    """
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def placed(
    points: Sequence[Point],
    sizes: Sequence[Point],
    area: Box,
    taken: Sequence[Box],
    lines: Sequence[Box],
    step: float,
) -> list[Box]:
    """A box for each point, of the given width and height.

    Args:
        area: what boxes stay within.
        taken: what they may not cover: markers.
        lines: what they cover only if they would go far away otherwise.
        step: from one ring around a point to the next.
    """
    order = sorted(range(len(points)), key=lambda i: -_neighbors(i, points, 8 * step))
    boxes: dict[int, Box] = {}
    for i in order:
        fixed = [*taken, *boxes.values()]
        candidates = list(_candidates(points[i], sizes[i], step))
        inside = [(cost, box) for cost, box in candidates if _within(box, area)] or candidates

        def price(candidate: tuple[float, Box], i: int = i, fixed: list[Box] = fixed) -> tuple[float, float]:
            cost, box = candidate
            covered = sum(overlap(box, other) for other in fixed)
            apart = [math.dist(nearest(box, point), point) for point in points]
            faults = sum(overlap(box, line) > 0 for line in lines) + (min(apart) < apart[i])
            return covered, cost + SOFT * faults

        boxes[i] = min(inside, key=price)[1]
    return [boxes[i] for i in range(len(points))]


def nearest(box: Box, point: Point) -> Point:
    """The place of a box that is nearest to a point: where a line to the point begins.

    >>> nearest((0, 0, 4, 2), (6, 1))
    (4, 1)
    """
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])


def _candidates(point: Point, size: Point, step: float) -> Iterator[tuple[float, Box]]:
    """Boxes around a point that touch a ring with the side that is towards it; nearer ones are cheaper."""
    width, height = size
    for ring in RINGS:
        for rank, angle in enumerate(ANGLES):
            dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            x, y = point[0] + ring * step * dx, point[1] + ring * step * dy
            left, bottom = x - width * (1 - dx) / 2, y - height * (1 - dy) / 2
            yield ring + rank / len(ANGLES), (left, bottom, left + width, bottom + height)


def _within(box: Box, area: Box) -> bool:
    return area[0] <= box[0] and area[1] <= box[1] and box[2] <= area[2] and box[3] <= area[3]


def _neighbors(i: int, points: Sequence[Point], distance: float) -> int:
    return sum(math.dist(points[i], other) < distance for other in points)
