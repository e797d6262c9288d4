"""Certified upper bounds of a symmetric polynomial in three inner products, by Bernstein subdivision.

The coefficients of a polynomial in the Bernstein basis of a box bound it there.  Boxes are halved until
every one is below the claimed level, or holds no triple of inner products of unit vectors.  The halving
runs in floats with a bound on all rounding errors: each halving averages, so it errs by at most ``degree
* 2^-53 * M`` where M bounds the coefficients.

Source: J. Garloff, in Interval Mathematics 1985, LNCS 212, 37-56; R. T. Farouki, Comput. Aided Geom.
Design 29 (2012).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import comb
from typing import Any, NamedTuple

import numpy as np

Array = Any
Tensor = Mapping[tuple[int, int, int], Fraction]

_BATCH = 2048
_DEPTH = 60
_BOXES = 400_000
_WITNESSES = 200

_GRAM: Tensor = {
    (0, 0, 0): Fraction(1),
    (1, 1, 1): Fraction(2),
    (2, 0, 0): Fraction(-1),
    (0, 2, 0): Fraction(-1),
    (0, 0, 2): Fraction(-1),
}
"""Determinant of the Gram matrix of three unit vectors with inner products u, v, t."""


def bernstein(polynomial: Tensor, lo: Fraction, hi: Fraction) -> Array:
    """Exact Bernstein coefficients on [lo, hi]^3: an object array of Fractions of shape (d+1, d+1, d+1)."""
    degree = max(max(key) for key in polynomial)
    tensor = np.full((degree + 1,) * 3, Fraction(0), dtype=object)
    for key, c in polynomial.items():
        tensor[key] = c
    # x = lo + (hi - lo) y, then powers of y to Bernstein coefficients: b_i = sum_j C(i,j)/C(d,j) c_j
    matrix = np.full((degree + 1, degree + 1), Fraction(0), dtype=object)
    for i in range(degree + 1):
        for power in range(degree + 1):
            for j in range(min(i, power) + 1):
                moved = comb(power, j) * lo ** (power - j) * (hi - lo) ** j
                matrix[i, power] += Fraction(comb(i, j), comb(degree, j)) * moved
    for _ in range(3):  # each turn transforms the first axis and puts it last
        tensor = np.tensordot(tensor, matrix, axes=(0, 1))
    return tensor


class Outcome(NamedTuple):
    """Whether the level was proved; if not, triples (., 3) in floats that exceed it, none if the budget
    ended.
    """

    proved: bool
    triples: Array


def at_most(polynomial: Tensor, level: Fraction, upto: Fraction, boxes: int = _BOXES) -> Outcome:
    """Try to prove the symmetric ``polynomial`` <= level on all triples u, v, t in [-1, upto] of positive
    semidefinite Gram matrix, with at most ``boxes`` boxes.
    """
    shifted = dict(polynomial)
    shifted[0, 0, 0] = shifted.get((0, 0, 0), Fraction(0)) - level
    low = Fraction(-1)
    f, gram = (np.asarray(bernstein(p, low, upto), dtype=float)[None] for p in (shifted, _GRAM))
    slack = [(_DEPTH * x.shape[1] + 4) * 2.0**-52 * float(np.abs(x).max()) for x in (f, gram)]
    stack = [(f, gram, np.zeros((1, 3), dtype=np.int64), 0)]
    seen, found, settled = 0, np.empty((0, 3)), True
    while stack and len(found) < _WITNESSES:
        f, gram, corner, depth = stack.pop()
        keep = (f.max(axis=(1, 2, 3)) > -slack[0]) & (gram.max(axis=(1, 2, 3)) >= -slack[1])
        f, gram, corner = f[keep], gram[keep], corner[keep]
        seen += len(keep)
        if not len(f):
            continue
        # Corner coefficients are values: a box with an exceeding corner is settled, and the search goes on.
        ends = np.ix_(range(len(f)), (0, -1), (0, -1), (0, -1))
        bad = (f[ends] > slack[0]) & (gram[ends] > slack[1])
        at = np.argwhere(bad)
        found = np.concatenate([found, (corner[at[:, 0]] + at[:, 1:]) / 2.0 ** _levels(depth)])
        rest = ~bad.any(axis=(1, 2, 3))
        settled = settled and not bad.any()
        if rest.any() and (depth >= _DEPTH or seen > boxes):
            settled = False
            break
        stack.extend(_halves(f[rest], gram[rest], corner[rest], depth))
    return Outcome(settled and not stack, -1 + (1 + float(upto)) * found)


def _levels(depth: int) -> Array:
    """How often each axis has been halved after ``depth`` halvings in turn."""
    return np.array([(depth + 2 - axis) // 3 for axis in range(3)])


def _halves(f: Array, gram: Array, corner: Array, depth: int) -> list[Any]:
    """Both halves of every box along the axis of this depth, in batches; boxes without u <= v <= t are
    dropped.

    ``corner`` counts in units of the box's side along each axis.
    """
    axis = depth % 3
    parts = []
    for side, (g, h) in enumerate(zip(_split(f, axis), _split(gram, axis), strict=True)):
        moved = corner.copy()
        moved[:, axis] = 2 * moved[:, axis] + side
        level = _levels(depth + 1)
        start = moved << (level.max() - level)
        end = (moved + 1) << (level.max() - level)
        ordered = (start[:, 0] <= end[:, 1]) & (start[:, 1] <= end[:, 2])
        g, h, moved = g[ordered], h[ordered], moved[ordered]
        for i in range(0, len(g), _BATCH):
            parts.append((g[i : i + _BATCH], h[i : i + _BATCH], moved[i : i + _BATCH], depth + 1))
    return parts


def _split(x: Array, axis: int) -> tuple[Array, Array]:
    """De Casteljau at the middle: Bernstein coefficients of both halves along an axis."""
    work = np.moveaxis(x, axis + 1, 1).copy()
    left = np.empty_like(work)
    d = work.shape[1] - 1
    left[:, 0] = work[:, 0]
    for r in range(1, d + 1):
        work[:, : d + 1 - r] = (work[:, : d + 1 - r] + work[:, 1 : d + 2 - r]) / 2
        left[:, r] = work[:, 0]
    return np.moveaxis(left, 1, axis + 1), np.moveaxis(work, 1, axis + 1)
