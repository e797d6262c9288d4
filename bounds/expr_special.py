"""Special functions on host NumPy arrays, in linear and in logarithmic form.

The array-API standard has none of these; the array readings move their values to the host and back.
All functions take and return float64 arrays, broadcast, and give NaN outside the real domain.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

Array = Any

_EDGE = -math.exp(-1.0)
"""Left end of the real domain of Lambert W; the float is the nearest one to -1/e and is counted as inside."""

_EDGE_EXCESS = 1.2428753672788363e-17
"""-1/e minus that float."""

_BRANCH_SERIES = (-1, 1, -1 / 3, 11 / 72, -43 / 540, 769 / 17280, -221 / 8505)
"""W in powers of +-sqrt(2 (1 + e x)); DLMF 4.13.6 rearranged."""


def lambertw(x: Array, branch: int) -> Array:
    """Real branch 0 (x >= -1/e) or -1 (-1/e <= x < 0) of W with W exp(W) = x."""
    x = np.asarray(x, dtype=float)
    inside = x >= _EDGE if branch == 0 else (x >= _EDGE) & (x < 0)
    gap = np.where(inside, math.e * ((x - _EDGE) - _EDGE_EXCESS), 1.0)
    # SciPy gives nan at the branch point and, on branch -1, half the digits next to it.
    near = inside & (gap < 1e-4)
    value = scipy.special.lambertw(np.where(inside & ~near, x, -0.1), branch).real
    step = np.sqrt(2 * np.maximum(np.where(near, gap, 0.0), 0.0))
    series = np.polynomial.polynomial.polyval(step if branch == 0 else -step, _BRANCH_SERIES)
    return np.where(inside, np.where(near, series, value), np.nan)


def lambertw_signed_log(sign: Array, log: Array, branch: int) -> tuple[Array, Array]:
    """(sign, log abs) of W at the number with that sign and log abs, without forming the number.

    For a positive number ``exp(y)`` the equation is ``w + log(w) = y``.
    """
    sign, log = np.broadcast_arrays(np.asarray(sign, dtype=float), np.asarray(log, dtype=float))
    # The logarithm of a float next to -1/e can round up by one unit.
    inside = (sign >= 0) | (log <= -1.0 + 4e-16)
    if branch == -1:
        inside = inside & (sign < 0)
    result = np.full(log.shape, np.nan)
    positive, zero, negative = (sign > 0) & inside, (sign == 0) & inside, (sign < 0) & inside
    result[positive] = _log_w_positive(log[positive])
    result[zero] = -np.inf
    result[negative] = _log_w_negative(np.minimum(log[negative], -1.0), branch)
    return np.where(inside, sign, np.nan), result


def _newton(start: Array, step: Callable[[Array], Array]) -> Array:
    value = start
    for _ in range(60):
        move = step(value)
        value = value - move
        if np.all(np.abs(move) <= 1e-16 * np.abs(value)):
            break
    return value


def _log_w_positive(y: Array) -> Array:
    """s = log w with exp(s) + s = y.  The left side is convex and the start lies above the root."""
    finite = np.isfinite(y)
    level = np.where(finite, y, 0.0)
    start = np.where(level > 1, np.log(np.maximum(level, 1.0)), level)

    def step(s: Array) -> Array:
        w = np.exp(s)
        return (w + s - level) / (w + 1)

    return np.where(finite, _newton(start, step), y)


def _log_w_negative(y: Array, branch: int) -> Array:
    """log v for w = -v, where log(v) - v = y <= -1; v <= 1 on branch 0 and v >= 1 on branch -1."""
    near = y >= -2
    direct = -lambertw(np.maximum(-np.exp(np.where(near, y, -1.5)), _EDGE), branch)
    far = np.where(near | ~np.isfinite(y), -3.0, y)
    if branch == 0:
        v = _newton(np.exp(far), lambda v: (v * np.exp(-v) - np.exp(far)) / ((1 - v) * np.exp(-v)))
        log_far = far + v
    else:
        log_far = np.log(_newton(-far + np.log(-far), lambda v: (v - np.log(v) + far) / (1 - 1 / v)))
    unbounded = y if branch == 0 else np.inf
    return np.where(near, np.log(direct), np.where(np.isfinite(y), log_far, unbounded))


def cap_area(d: Array, theta: Array) -> Array:
    """Normalised cap area A_d(theta), linear; underflows to 0 for tiny caps in high dimension."""
    d, theta = np.broadcast_arrays(np.asarray(d, dtype=float), np.asarray(theta, dtype=float))
    inside = (d >= 2) & (theta >= 0) & (theta <= math.pi)
    half = scipy.special.betainc((np.where(inside, d, 2) - 1) / 2, 0.5, np.sin(theta) ** 2) / 2
    return np.where(inside, np.where(theta <= math.pi / 2, half, 1 - half), np.nan)


def log_cap_area(d: Array, theta: Array) -> Array:
    """log A_d(theta); finite wherever theta > 0, also where A_d itself underflows."""
    d, theta = np.broadcast_arrays(np.asarray(d, dtype=float), np.asarray(theta, dtype=float))
    inside = (d >= 2) & (theta >= 0) & (theta <= math.pi)
    a = (np.where(inside, d, 2.0) - 1) / 2
    angle = np.where(inside, np.minimum(theta, math.pi - theta), 1.0)
    sine, cosine = np.sin(angle), np.cos(angle)
    value = scipy.special.betainc(a, 0.5, sine**2)
    tiny = value < 1e-280
    with np.errstate(divide="ignore"):
        log_half = np.log(value / 2)
        log_half = np.asarray(log_half)
        if np.any(tiny):
            log_half[tiny] = _log_half_beta(a[tiny], np.log(sine[tiny]), cosine[tiny])
    return np.where(inside, np.where(theta <= math.pi / 2, log_half, np.log1p(-np.exp(log_half))), np.nan)


def _log_half_beta(a: Array, log_sine: Array, cosine: Array) -> Array:
    """log of I_x(a, 1/2)/2 with x = sin^2, by the prefactor in logs and a continued fraction."""
    prefactor = 2 * a * log_sine + np.log(cosine) - np.log(a) - scipy.special.betaln(a, 0.5)
    return prefactor + np.log(_beta_fraction(a, 0.5, np.exp(2 * log_sine))) - math.log(2)


def _beta_fraction(a: Array, b: float, x: Array) -> Array:
    """Continued fraction of the incomplete beta function (DLMF 8.17.22), modified Lentz.

    Converges fast for x < (a+1)/(a+b+2), which holds wherever the function underflows.
    """
    c = np.ones_like(x)
    inverse = 1 / (1 - (a + b) * x / (a + 1))
    result = inverse
    for m in range(1, 200_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            inverse = 1 / (1 + term * inverse)
            c = 1 + term / c
            result = result * c * inverse
        if np.all(np.abs(c * inverse - 1) < 1e-15):
            break
    return result
