"""Explicit codes on the 2-sphere with nearly the density of the hexagonal packing, certified row by row.

The sphere is cut into bands of latitude.  Within a band every row has the same number of points, as many as the row
nearest to the pole holds, and consecutive rows are turned by half a step, which makes the band a slightly stretched
piece of the hexagonal lattice; bands are a full angle apart.  Bands of height sqrt(theta) lose a share of the order
sqrt(theta) to stretching and to the gaps.  Method of W. Habicht, B. L. van der Waerden, Math. Ann. 123 (1951).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import arb, fmpq

from bounds.exact import precision

_MARGIN = 1e-14
"""Divided by theta and added to the colatitude of a row: inverse cosines near 1 lose that much in floats."""
_LOSS = 2 - math.sqrt(3)
"""Twice the share of a row's distance that the gap between bands loses: 2 (1 - sqrt(3)/2)."""


@dataclass(frozen=True)
class Row:
    """Points at one colatitude: their number, and whether the row is turned against the one before in its band."""

    colatitude: float
    count: int
    turned: bool


def rows(theta: float) -> list[Row]:
    """Rows of the northern hemisphere for minimal angle theta (radians, below 1), the pole excepted."""
    placed: list[Row] = []
    margin = _MARGIN / theta
    last, start = math.pi / 2 - theta / 2 - margin, theta + margin
    while start <= last:
        count = max(
            1, math.floor(math.pi / math.asin(min(1.0, math.sin(theta / 2) / math.sin(start))) - 1e-6)
        )
        height = math.sqrt(_LOSS * theta * math.tan(min(start, 1.5)))
        here, before = start, start - theta
        for index in range(1 + round(height / (math.sqrt(3) / 2 * theta))):
            if here > last:
                break
            placed.append(Row(here, count, index > 0))
            here, before = max(_next(here, count, theta), before + theta) + margin, here
        start = placed[-1].colatitude + theta + margin
    return placed


def _next(colatitude: float, count: int, theta: float) -> float:
    """The colatitude at which a row turned by half a step is just theta away."""
    along, across = math.cos(colatitude), math.sin(colatitude) * math.cos(math.pi / count)
    reach = math.hypot(along, across)
    if reach <= math.cos(theta):
        return colatitude
    return max(colatitude, math.atan2(across, along) + math.acos(math.cos(theta) / reach))


def defect(placed: list[Row], theta: Fraction) -> str:
    """Empty if the rows, mirrored, and the two poles certainly have minimal angle theta; else what is wrong."""
    with precision(128):
        angle = arb(fmpq(theta.numerator, theta.denominator))
        half_sine, cosine = (angle / 2).sin(), angle.cos()
        if not arb(placed[0].colatitude) >= angle:
            return "the first row is too near to the pole"
        if not arb(placed[-1].colatitude) <= arb.pi() / 2 - angle / 2:
            return "the last row is too near to the equator"
        for i, row in enumerate(placed):
            at = arb(row.colatitude)
            step = arb.pi() / row.count
            if row.count > 1 and not step.sin() * at.sin() >= half_sine:
                return f"row {i} has too many points"
            if not row.turned:
                if i and not at - arb(placed[i - 1].colatitude) >= angle:
                    return f"row {i} is too near to the band before"
                continue
            before = arb(placed[i - 1].colatitude)
            if placed[i - 1].count != row.count or not at > before:
                return f"row {i} does not continue its band"
            if not before.cos() * at.cos() + before.sin() * at.sin() * step.cos() <= cosine:
                return f"rows {i - 1} and {i} are too near"
            if i > 1 and not at - arb(placed[i - 2].colatitude) >= angle:
                return f"rows {i - 2} and {i} are too near"
    return ""


@cache
def size(theta: Fraction) -> int:
    """Number of points of the certified code of minimal angle theta, 0 < theta < 1.

    Raises ArithmeticError where the certificate fails.
    """
    placed = rows(float(theta))
    reason = defect(placed, theta)
    if reason:
        raise ArithmeticError(reason)
    return 2 * (1 + sum(row.count for row in placed))
