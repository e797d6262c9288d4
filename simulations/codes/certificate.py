"""Rational enclosures of the largest cosine of a code given by floats."""

import math
from fractions import Fraction

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Enclosure = tuple[Fraction, Fraction]

_BITS = 160
# Largest number of points whose exact Gram matrix is made in one piece.
_ROWS = 512


def certify_max_cosine(points: Floats) -> Enclosure:
    """Return rationals (low, high), high - low <= 2^-150, around the largest cosine of the code x/|x|.

    Args:
        points: (N, n) finite floats, N >= 2, read as exact rationals; lengths need not be 1.

    The floats decide which pairs can be the largest, with a proven error bound; the cosines of these are
    enclosed by integer arithmetic. So a code of N points with largest cosine at most ``high`` exists.

    Raises:
        ValueError: shape, a zero or non-finite vector, or lengths so different that floats cannot compare.
    """
    points = _checked(points)
    pairs = _candidates(points)
    vectors = _integers(points)
    best: Enclosure | None = None
    for i, j in pairs:
        x, y = vectors[i], vectors[j]
        dot = sum(a * b for a, b in zip(x, y, strict=True))
        here = _cosine(dot, sum(a * a for a in x) * sum(b * b for b in y))
        best = here if best is None else (max(best[0], here[0]), max(best[1], here[1]))
    assert best is not None
    return best


def max_cosine_within(points: Floats, low: Fraction, high: Fraction) -> bool:
    """Check a certificate by integers alone: every cosine of the code x/|x| is <= high, one is >= low.

    Nothing of ``certify_max_cosine`` is used beyond reading the floats as rationals; all pairs are
    compared, cosines by their squares.

    Raises:
        ValueError: as ``certify_max_cosine``.
    """
    points = _checked(points)
    vectors = _integers(points)
    norms = [sum(a * a for a in x) for x in vectors]
    reached = False
    for start in range(0, len(vectors), _ROWS):
        rows = vectors[start : start + _ROWS]
        gram = (fmpz_mat(rows) * fmpz_mat(vectors).transpose()).tolist()
        for i, row in enumerate(gram, start):
            for j in range(i):
                dot, scale = int(row[j]), norms[i] * norms[j]
                if _exceeds(dot, scale, high):
                    return False
                reached = reached or not _exceeds(-dot, scale, -low)
    return reached


def _exceeds(dot: int, scale: int, bound: Fraction) -> bool:
    """Tell whether dot/sqrt(scale) > bound."""
    left = dot * bound.denominator
    right = bound.numerator
    if (left > 0) != (right > 0) or left == 0 or right == 0:
        return left > 0 >= right or (left == 0 and right < 0)
    square = left * left - right * right * scale
    return square > 0 if left > 0 else square < 0


def _checked(points: Floats) -> Floats:
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[0] < 2 or points.shape[1] < 1:
        raise ValueError(f"a code is an array (N, n) with N >= 2, not of shape {points.shape}")
    if not np.all(np.isfinite(points)):
        raise ValueError("the coordinates of a code are finite numbers; found inf or nan")
    size = np.abs(points).max(axis=1)
    if not np.all(size > 0):
        raise ValueError(f"a point of a code has a direction; point {int(np.argmin(size))} is zero")
    if size.max() > 1e100 or size.min() < 1e-100:
        raise ValueError("the coordinates of a code lie between 1e-100 and 1e100 in size")
    return points


def _candidates(points: Floats) -> list[tuple[int, int]]:
    """Return the pairs that may have the largest cosine; the others are excluded by an error bound."""
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    gram = unit @ unit.T
    np.fill_diagonal(gram, -np.inf)
    # Normalising and the inner product lose at most 2 (n + 4) + n units of 2^-53 (Higham, section 3.1).
    error = (4 * points.shape[1] + 16) * 2.0**-53
    i, j = np.nonzero(np.triu(gram >= gram.max() - 2 * error, 1))
    return list(zip(i.tolist(), j.tolist(), strict=True))


def _integers(points: Floats) -> list[list[int]]:
    """Return each point times a power of two of its own that makes its coordinates integers."""
    rows = []
    for row in points.tolist():
        ratios = [value.as_integer_ratio() for value in row]
        common = max(denominator for _, denominator in ratios)
        rows.append([numerator * (common // denominator) for numerator, denominator in ratios])
    return rows


def _cosine(dot: int, scale: int) -> Enclosure:
    """Enclose dot/sqrt(scale) in an interval of width 2^-_BITS."""
    # floor(2^BITS |dot|/sqrt(scale)) is the integer square root of the rational square, rounded down.
    root = math.isqrt((dot * dot << (2 * _BITS)) // scale)
    exact = root * root * scale == dot * dot << (2 * _BITS)
    low, high = Fraction(root, 1 << _BITS), Fraction(root + (not exact), 1 << _BITS)
    return (low, high) if dot >= 0 else (-high, -low)
