"""Global minimisers of a separation loss over all linear maps of memories in the plane, enclosed by balls.

Up to rotations and scale an injective W has W^T W = [[1 + x, y], [y, 1 - x]] with x^2 + y^2 < 1, and the
cosine of two normalised features of unit memories at angles a, b is

    (cos(a - b) + x cos(a + b) + y sin(a + b)) / sqrt(n_a n_b),   n_a = 1 + x cos 2a + y sin 2a.

Branch and bound on the disc leaves boxes that contain every global minimiser. Near the rim of the disc all
features come close to one line; where no box there survives, the minimum is attained by an injective W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray
from scipy.optimize import minimize

from bounds.exact import Real, Undecided, precision

Floats = NDArray[np.float64]
Box = tuple[arb, arb]
Vectors = Sequence[tuple[Fraction, Fraction]]

LOSSES = ("pair", "cross-entropy")
"""Sum over pairs of e^((cos - 1)/tau); sum over memories of log sum_nu of it, nu = mu included."""

COARSE, FINE = 4, 9
"""Boxes have sides 2^(1 - level): the first and the last level."""

BITS = 64

MOST = 20_000
"""Boxes examined at most on one level."""


@dataclass(frozen=True)
class Region:
    """Boxes that contain all global minimisers, and an upper bound on the minimum."""

    memories: tuple[tuple[Fraction, Fraction], ...]
    boxes: tuple[Box, ...]
    value: Real

    def cosines(self) -> list[list[Real]]:
        """Enclosures of the pairs' cosines over all boxes, (M, M), 1 on the diagonal."""
        pairs = _pairs(self.memories)
        count = len(self.memories)
        out = [[Real(1)] * count for _ in range(count)]
        with precision(BITS):
            found = [[c.value for c in _cosines(pairs, box)] for box in self.boxes]
        for k, pair in enumerate(pairs):
            whole = found[0][k]
            for row in found[1:]:
                whole = whole.union(row[k])
            out[pair.i][pair.j] = out[pair.j][pair.i] = Real(whole)
        return out


@dataclass(frozen=True)
class _Pair:
    """cos(a - b), cos(a + b), sin(a + b), and cos 2a, sin 2a of both memories."""

    i: int
    j: int
    difference: fmpq
    total: tuple[fmpq, fmpq]
    first: tuple[fmpq, fmpq]
    second: tuple[fmpq, fmpq]


def _pairs(memories: Vectors) -> list[_Pair]:
    def q(x: Fraction) -> fmpq:
        return fmpq(x.numerator, x.denominator)

    def times(u: tuple[Fraction, Fraction], v: tuple[Fraction, Fraction]) -> tuple[fmpq, fmpq]:
        return q(u[0] * v[0] - u[1] * v[1]), q(u[0] * v[1] + u[1] * v[0])

    return [
        _Pair(i, j, q(u[0] * v[0] + u[1] * v[1]), times(u, v), times(u, u), times(v, v))
        for (i, u), (j, v) in combinations(enumerate(memories), 2)
    ]


@dataclass(frozen=True, slots=True)
class _Cosine:
    """A cosine over a box, with the squared lengths of both features and the root of their product."""

    value: arb
    first: arb
    second: arb
    root: Any


def _cosines(pairs: list[_Pair], box: Box) -> list[_Cosine]:
    """Cosines over a box: [-1, 1], without a root, where a feature may vanish."""
    x, y = box
    lengths: dict[int, arb] = {}
    out = []
    for pair in pairs:
        for index, double in ((pair.i, pair.first), (pair.j, pair.second)):
            if index not in lengths:
                lengths[index] = 1 + x * double[0] + y * double[1]
        first, second = lengths[pair.i], lengths[pair.j]
        if not (first > 0 and second > 0):
            out.append(_Cosine(arb(0, 1), first, second, None))
            continue
        root = (first * second).sqrt()
        value = (pair.difference + x * pair.total[0] + y * pair.total[1]) / root
        # The formula leaves [-1, 1] outside the disc and through rounding; the cosine does not.
        value = value if value > -1 and value < 1 else _clipped(value)
        out.append(_Cosine(value, first, second, root))
    return out


def _slopes(pair: _Pair, c: _Cosine) -> list[arb]:
    """Derivatives of a cosine by x and y."""
    first, second = c.value / (2 * c.first), c.value / (2 * c.second)
    return [pair.total[k] / c.root - first * pair.first[k] - second * pair.second[k] for k in (0, 1)]


def _clipped(value: arb) -> arb:
    low, high = value.lower(), value.upper()
    low = low if low > -1 else arb(-1)
    high = high if high < 1 else arb(1)
    return low.union(high) if low <= high else arb(1 if low > 1 else -1)


def _loss(kind: str, count: int, pairs: list[_Pair], cosines: list[arb], tau: arb) -> tuple[arb, list[arb]]:
    """The loss and its derivatives by the cosines, all enclosed."""
    terms = [((c - 1) / tau).exp() for c in cosines]
    if kind == "pair":
        return sum(terms, arb(0)), [e / tau for e in terms]
    sums = [arb(1)] * count
    for pair, e in zip(pairs, terms, strict=True):
        sums[pair.i], sums[pair.j] = sums[pair.i] + e, sums[pair.j] + e
    slopes = [e / tau * (1 / sums[p.i] + 1 / sums[p.j]) for p, e in zip(pairs, terms, strict=True)]
    return sum((s.log() for s in sums), arb(0)), slopes


def _excluded(kind: str, count: int, pairs: list[_Pair], box: Box, tau: arb, value: arb) -> bool:
    """Whether the loss certainly exceeds ``value`` on a box: by its range, or by the mean value form."""
    found = _cosines(pairs, box)
    range_, weights = _loss(kind, count, pairs, [c.value for c in found], tau)
    if range_ > value:
        return True
    middle = (arb(box[0].mid()), arb(box[1].mid()))
    if any(c.root is None for c in found) or not middle[0] ** 2 + middle[1] ** 2 < 1:
        return False
    slopes = [_slopes(pair, c) for pair, c in zip(pairs, found, strict=True)]
    form, _ = _loss(kind, count, pairs, [c.value for c in _cosines(pairs, middle)], tau)
    for axis in (0, 1):
        slope = sum((w * d[axis] for w, d in zip(weights, slopes, strict=True)), arb(0))
        form = form + slope * (box[axis] - middle[axis])
    return bool(form > value)


def minimiser_region(memories: Vectors, tau: Fraction, kind: str = "pair") -> Region:
    """Return boxes that contain every global minimiser of a loss at temperature tau over injective maps.

    Args:
        memories: M >= 2 rational unit vectors of the plane.
        tau: positive. The loss of U-Hop at t is the pair form at tau = 1/(2t).
        kind: one of ``LOSSES``.

    Raises:
        ValueError: an unknown loss, a temperature that is not positive, memories that are not unit vectors.
        Undecided: boxes at the rim of the disc survive: an injective W may not attain the infimum.
    """
    if kind not in LOSSES or not tau > 0:
        raise ValueError(f"expected one of {', '.join(LOSSES)} and tau > 0, found {kind!r} and {tau}")
    if len(memories) < 2 or any(a * a + b * b != 1 for a, b in memories):
        raise ValueError("memories: expected at least two rational unit vectors of the plane")
    with precision(BITS):
        return _branch_and_bound(memories, tau, kind)


def _branch_and_bound(memories: Vectors, tau: Fraction, kind: str) -> Region:
    pairs, count = _pairs(memories), len(memories)
    scale = arb(fmpq(tau.numerator, tau.denominator))
    point = _float_minimiser(pairs, count, float(tau), kind)
    value = _loss(kind, count, pairs, [c.value for c in _cosines(pairs, point)], scale)[0].upper()
    boxes: list[Box] = []
    for level in range(COARSE, FINE + 1):
        boxes = _grid(level) if level == COARSE else [part for box in boxes for part in _quarters(box)]
        if len(boxes) > MOST:
            raise Undecided(f"{len(boxes)} boxes of side 2^-{level - 1} are left")
        boxes = [b for b in boxes if _meets_disc(b) and not _excluded(kind, count, pairs, b, scale, value)]
    if any(not b[0] ** 2 + b[1] ** 2 < 1 for b in boxes):
        raise Undecided("boxes at the rim of the disc are left: the infimum may not be attained")
    return Region(tuple(memories), tuple(boxes), Real(value))


def _grid(level: int) -> list[Box]:
    steps = 2 ** (level - 1)
    radius = fmpq(1, 2 * steps)
    middles = [fmpq(2 * k + 1, 2 * steps) for k in range(-steps, steps)]
    return [(arb(a, radius), arb(b, radius)) for a in middles for b in middles]


def _quarters(box: Box) -> list[Box]:
    def halves(side: arb) -> list[arb]:
        quarter = arb(side.rad()) / 2
        return [arb(side.mid() + sign * quarter, quarter) for sign in (-1, 1)]

    return [(a, b) for a in halves(box[0]) for b in halves(box[1])]


def _meets_disc(box: Box) -> bool:
    return not box[0] ** 2 + box[1] ** 2 > 1


def _float_minimiser(pairs: list[_Pair], count: int, tau: float, kind: str) -> Box:
    """A point of the disc with a small loss: grid, then Nelder and Mead; floats, any point will do."""

    def read(values: list[fmpq]) -> Floats:
        return np.array([float(Fraction(int(v.p), int(v.q))) for v in values])

    difference = read([p.difference for p in pairs])
    total = [read([p.total[k] for p in pairs]) for k in (0, 1)]
    first = [read([p.first[k] for p in pairs]) for k in (0, 1)]
    second = [read([p.second[k] for p in pairs]) for k in (0, 1)]
    i, j = np.array([p.i for p in pairs]), np.array([p.j for p in pairs])

    def loss(z: Floats) -> float:
        if not z @ z < 1:
            return float("inf")
        n = (1 + z[0] * first[0] + z[1] * first[1]) * (1 + z[0] * second[0] + z[1] * second[1])
        terms = np.exp(((difference + z[0] * total[0] + z[1] * total[1]) / np.sqrt(n) - 1) / tau)
        if kind == "pair":
            return float(terms.sum())
        sums = 1 + np.bincount(i, terms, count) + np.bincount(j, terms, count)
        return float(np.log(sums).sum())

    axis = np.linspace(-0.96, 0.96, 33)
    starts = [np.array([a, b]) for a in axis for b in axis if a * a + b * b < 0.95]
    best = min(starts, key=loss)
    found = minimize(loss, best, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}).x
    return arb(float(found[0])), arb(float(found[1]))
