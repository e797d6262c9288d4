"""The linear programming bound of Delsarte, Goethals and Seidel: a floating-point hint, and an exact proof.

For f = 1 + sum_{k>=1} f_k P_k with f_k >= 0 and f <= v < 1 on [-1, s], A(n, s) <= (f(1) - v) / (1 - v): f
- v has the signs that the theorem asks for.  Rounding the solver's f_k to rationals and taking for v an
exact bound of the maximum therefore turns any hint into a proof, at a small loss.

Source: P. Delsarte, J. M. Goethals, J. J. Seidel, Geom. Dedicata 6 (1977), 363-388, Theorem 4.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_poly
from scipy.optimize import brentq, linprog

from bounds.packing import gegenbauer, sturm
from bounds.packing.cosine import check_dimension

Array = Any

_ROUNDS = 40
_GRID = 24
_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Hint(NamedTuple):
    """A solution in floats: f_0 = 1, f_1, ..., f_degree; ``value`` = f(1); the maxima of f on [-1, s]."""

    coefficients: Array
    value: float
    maxima: Array


class Proof(NamedTuple):
    """Exact data of a bound: f_0 = 1, f_1, ... >= 0 rational, and a rational v >= f on [-1, upto]."""

    coefficients: list[Fraction]
    shift: Fraction
    upto: Fraction

    @property
    def value(self) -> Fraction:
        """The bound (f(1) - v) / (1 - v) on A(n, upto)."""
        return (sum(self.coefficients, Fraction(0)) - self.shift) / (1 - self.shift)


def solve(n: int, s: float, degree: int) -> Hint:
    """Minimise f(1) by cutting planes with HiGHS: sample [-1, s], add the maxima of f there, and repeat.

    The sampled programme is a relaxation, so ``value`` alone proves nothing.  Raises ArithmeticError when the
    solver fails (the programme is unbounded below degree 1/s for some s, or numerically hopeless).
    """
    points = (s - 1) / 2 - (s + 1) / 2 * np.cos(np.linspace(0, math.pi, 3 * degree + 2))
    weight = _weights(n, s, degree)
    best: Hint | None = None
    for _ in range(_ROUNDS):
        table = gegenbauer.matrix(n, points, degree)[:, 1:] * weight
        found = linprog(weight, A_ub=table, b_ub=-np.ones(len(points)), method="highs-ds", options=_OPTIONS)
        if found.status != 0:
            break
        f = np.concatenate([[1.0], found.x * weight])
        maxima, heights = _maxima(n, f, s)
        best = Hint(f, float(f.sum()), maxima)
        new = maxima[heights > 3e-10]
        if not len(new):
            break
        points = np.unique(np.concatenate([points, new]))
    if best is None:
        raise ArithmeticError(
            f"no linear programming bound of degree {degree} in dimension {n} at s = {s:.6g}"
        )
    return best


def _weights(n: int, s: float, degree: int) -> Array:
    """Scales of the unknowns that bring the polynomials to comparable size on the inner part of [-1, s]."""
    inner = gegenbauer.matrix(n, np.linspace(-0.9, min(s, 0.9), 400), degree)[:, 1:]
    return 1 / np.maximum(np.sqrt((inner**2).mean(axis=0)), 1e-9)


def _maxima(n: int, f: Array, s: float) -> tuple[Array, Array]:
    """Local maxima of f on [-1, s] (places, heights): a Chebyshev grid, then parabolas."""
    degree = len(f) - 1
    t = (s - 1) / 2 - (s + 1) / 2 * np.cos(np.linspace(0, math.pi, _GRID * degree))
    y = gegenbauer.matrix(n, t, degree) @ f
    top = np.flatnonzero((y[1:-1] >= y[:-2]) & (y[1:-1] >= y[2:])) + 1
    places = t[top]
    step = (t[top + 1] - t[top - 1]) / 8
    for _ in range(6):
        left, mid, right = (gegenbauer.matrix(n, places + d, degree) @ f for d in (-step, 0 * step, step))
        bend = left - 2 * mid + right
        move = np.where(bend < 0, (left - right) / np.where(bend < 0, 2 * bend, 1.0), 0.0)
        places = np.clip(places + step * np.clip(move, -2, 2), -1, s)
        step = step / 6
    places = np.concatenate([places, [-1.0, s]])
    return places, gegenbauer.matrix(n, places, degree) @ f


def prove(n: int, upto: Fraction, hint: Sequence[float], bits: int = 80) -> Proof:
    """Round a hint to an exact proof for max cosine ``upto``.

    Raises ArithmeticError when no v < 1 was found (the hint is too far from feasible).
    """
    check_dimension(n)
    f = [Fraction(1), *(_round(c, bits) for c in hint[1:])]
    polynomial = gegenbauer.combine(n, f)
    _, heights = _maxima(n, np.array([float(c) for c in f]), float(upto))
    top = float(heights.max())
    # The maximum in floats is good to about this; a failed test raises the guess a little.
    margin = 1e-15 * float(sum(f)) + 1e-14
    while top + margin < 1:
        v = Fraction(top + margin).limit_denominator(1 << 52)
        if v >= Fraction(top) and holds(polynomial, v, upto):
            return Proof(f, v, upto)
        margin *= 8
    raise ArithmeticError(
        f"the hint of degree {len(f) - 1} in dimension {n} exceeds 1 on [-1, {float(upto):.6g}]"
    )


def _round(c: float, bits: int) -> Fraction:
    return Fraction(round(max(float(c), 0.0) * (1 << bits)), 1 << bits)


def holds(polynomial: Any, v: Fraction, upto: Fraction) -> bool:
    """Whether the polynomial is <= v on [-1, upto], decided exactly."""
    return sturm.nonnegative(fmpq(v.numerator, v.denominator) - polynomial, Fraction(-1), upto)


def product_proof(n: int, cosines: Sequence[Fraction]) -> Proof | None:
    """The proof by ``prod (t - a)^e`` over the inner products a of a sharp code, e = 1 at s and -1, else 2.

    ``cosines`` are rational, the largest is s.  None unless all Gegenbauer coefficients are >= 0 and the
    constant one > 0.  Source: Levenshtein 1979; Odlyzko, Sloane, J. Combin. Theory A 26 (1979), 210-214;
    Cohn, Kumar, J. Amer. Math. Soc. 20 (2007), 99-148.
    """
    s = max(cosines)
    f = fmpq_poly([1])
    for a in sorted(set(cosines)):
        f *= fmpq_poly([fmpq(-a.numerator, a.denominator), 1]) ** (1 if a in (s, -1) else 2)
    c = gegenbauer.expand(n, f)
    if c[0] <= 0 or min(c) < 0:
        return None
    return Proof([x / c[0] for x in c], Fraction(0), s)


def snapped_proof(n: int, upto: Fraction, hint: Hint) -> Proof | None:
    """An exact sharp proof from the places where a hint touches zero, when they look rational; else None."""
    heights = gegenbauer.matrix(n, hint.maxima, len(hint.coefficients) - 1) @ hint.coefficients
    touching = hint.maxima[np.abs(heights) < 1e-5 * max(1.0, hint.value * 1e-4)]
    cosines = {upto}
    for t in touching:
        a = Fraction(float(t)).limit_denominator(60)
        if abs(float(a) - t) < 1e-4 and -1 <= a <= upto:
            cosines.add(a)
    proof = product_proof(n, sorted(cosines))
    return proof if proof is not None and float(proof.value) < hint.value * (1 + 1e-6) else None


def linear_bound(n: int, upto: Fraction, degree: int) -> Proof:
    """A proved linear programming bound on A(n, upto) by polynomials of at most this degree.

    n >= 2, -1 < upto < 1 rational, degree >= 1.  Raises ArithmeticError when the solver or the rounding
    fails.
    """
    check_dimension(n)
    if degree < 1 or not (-1 < upto < 1):
        raise ValueError(f"degree {degree}, max cosine {upto}: expected degree >= 1 and -1 < s < 1")
    hint = solve(n, float(upto), degree)
    sharp = snapped_proof(n, upto, hint)
    return sharp if sharp is not None else prove(n, upto, list(hint.coefficients))


def linear_cosine(n: int, size: int, degree: int, start: Fraction) -> Proof:
    """A proof at an ``upto`` as large as possible that A(n, upto) < size: N points have a larger max cosine.

    ``start`` is a cosine that N points exceed or reach (such as Levenshtein's), from which the search
    goes up.  The solver's values guide it; what is returned has ``value`` < size exactly.  Raises
    ArithmeticError when no proof above ``start`` was found.
    """

    def excess(s: float) -> float:
        return math.log(solve(n, s, degree).value / size)

    lo = float(start)
    hi, step = lo, (1 - lo) / 64
    while hi < 1 and excess(hi) < 0:
        lo, hi, step = hi, min(hi + step, 1 - (1 - hi) / 2), 2 * step
    root = brentq(excess, lo, hi, xtol=1e-11, rtol=1e-12) if hi > lo else lo
    back = 2e-11
    while root - back > float(start):
        upto = Fraction(root - back)
        try:
            proof = prove(n, upto, list(solve(n, float(upto), degree).coefficients))
        except ArithmeticError:
            proof = None
        if proof is not None and proof.value < size:
            return proof
        back *= 4
    raise ArithmeticError(f"degree {degree} does not improve on a max cosine of {float(start):.9g}")
