"""The three-point bound of Bachoc and Vallentin: a semidefinite hint from cvxpy, and a proof without a
solver.

For a_1, ..., a_d >= 0 and positive semidefinite F_0, ..., F_d let

p(u)       = sum_k a_k P_k(u) + 3 sum_k <F_k, S_k(u, u, 1)>        on [-1, s], q(u, v, t) = sum_k <F_k,
S_k(u, v, t)>                             on the triples of inner products in [-1, s].

If p <= v1 and q <= -w with w > 0, then A(n, s) <= 1 + sum a_k + <F_0, 1> + (1 + v1 + w)^2 / (4 w): the
remaining 2 x 2 matrix of the theorem is chosen best.  F_k = L_k L_k^T with rational L_k is positive
semidefinite by its form, v1 is decided by Sturm sequences, and w by subdivision
(:mod:`bounds.packing.subdivision`).

Source: C. Bachoc, F. Vallentin, J. Amer. Math. Soc. 21 (2008), 909-924, Theorem 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_poly

from bounds.packing import gegenbauer, subdivision
from bounds.packing.cosine import check_dimension
from bounds.packing.linear import holds
from bounds.packing.three_point_hint import Hint, solve, zonal_values

Tensor = dict[tuple[int, int, int], Fraction]

_LOSSES = (0.03, 0.01)
_GRID = 1 << 44
_HALVINGS = 6
_ROUNDS = 6


class Proof(NamedTuple):
    """Exact data: a_1..a_d >= 0, matrices L_0..L_d as rows, v1, w > 0, for inner products <= upto."""

    dimension: int
    diagonal: list[Fraction]
    factors: list[list[list[Fraction]]]
    pair_max: Fraction
    triple_gap: Fraction
    upto: Fraction

    @property
    def value(self) -> Fraction:
        """The bound on A(n, upto)."""
        total = 1 + sum(self.diagonal, Fraction(0)) + _sum_of_squares(self.factors[0])
        return total + (1 + self.pair_max + self.triple_gap) ** 2 / (4 * self.triple_gap)


def _sum_of_squares(factor: Sequence[Sequence[Fraction]]) -> Fraction:
    """<L L^T, all-ones> = |L^T 1|^2."""
    columns = (sum(column, Fraction(0)) for column in zip(*factor, strict=True))
    return sum((c * c for c in columns), Fraction(0))


def pair_polynomial(n: int, diagonal: Sequence[Fraction], matrices: Sequence[Any]) -> fmpq_poly:
    """p(u) = sum_k a_k P_k(u) + 3 sum_k <F_k, S_k(u, u, 1)>, exactly."""
    total = gegenbauer.combine(n, [Fraction(0), *diagonal])
    u, one = fmpq_poly([0, 1]), fmpq_poly([1])
    for x, y, z in ((u, u, one), (u, one, u), (one, u, u)):  # two of the six permutations each
        q = zonal_values(n - 1, z - x * y, (one - x * x) * (one - y * y), len(matrices) - 1)
        for k, f in enumerate(matrices):
            inner = fmpq_poly([0])
            for i, row in enumerate(f):
                for j, c in enumerate(row):
                    inner += x**i * y**j * fmpq(c.numerator, c.denominator)
            total += q[k] * inner
    return total


def triple_polynomial(n: int, matrices: Sequence[Any]) -> Tensor:
    """q(u, v, t) = sum_k <F_k, S_k(u, v, t)> as {(i, j, k): coefficient of u^i v^j t^k}, exactly."""
    plain: Tensor = {}
    for k, q in enumerate(_zonal_tensors(n - 1, len(matrices) - 1)):
        for i, row in enumerate(matrices[k]):
            for j, c in enumerate(row):
                for (a, b, e), z in q.items() if c else ():
                    key = (a + i, b + j, e)
                    plain[key] = plain.get(key, Fraction(0)) + c * z
    result: Tensor = {}
    for exponents, c in plain.items():
        for i, j, k in permutations(exponents):
            key = (i, j, k)
            result[key] = result.get(key, Fraction(0)) + c / 6
    return result


def _zonal_tensors(m: int, degree: int) -> Iterator[Tensor]:
    x: Tensor = {(0, 0, 1): Fraction(1), (1, 1, 0): Fraction(-1)}
    w: Tensor = {
        (0, 0, 0): Fraction(1), (2, 0, 0): Fraction(-1), (0, 2, 0): Fraction(-1), (2, 2, 0): Fraction(1)
    }  # fmt: skip
    before, now = {(0, 0, 0): Fraction(1)}, x
    yield before
    for k in range(1, degree + 1):
        yield now
        top, low = _times(x, now, Fraction(2 * k + m - 2)), _times(w, before, Fraction(-k))
        both = {key: top.get(key, Fraction(0)) + low.get(key, Fraction(0)) for key in {*top, *low}}
        before, now = now, {key: c / (k + m - 2) for key, c in both.items()} if k < degree else now


def _times(a: Tensor, b: Tensor, scale: Fraction) -> Tensor:
    found: Tensor = {}
    for (i, j, k), c in a.items():
        for (p, q, r), d in b.items():
            key = (i + p, j + q, k + r)
            found[key] = found.get(key, Fraction(0)) + scale * c * d
    return found


def squares(factors: Sequence[Sequence[Sequence[Fraction]]]) -> list[list[list[Fraction]]]:
    """F_k = L_k L_k^T, exactly."""
    return [
        [[sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0)) for y in factor] for x in factor]
        for factor in factors
    ]


def defect(proof: Proof) -> str:
    """Empty when the proof holds, else what does not, without a solver."""
    degree = len(proof.diagonal)
    if [len(f) for f in proof.factors] != [degree - k + 1 for k in range(degree + 1)]:
        return "the matrices do not have degree + 1, degree, ..., 1 rows"
    if proof.diagonal and min(proof.diagonal) < 0:
        return "the numbers a_k must be >= 0"
    if not proof.triple_gap > 0:
        return "w must be > 0"
    if not (-1 < proof.upto < 1):
        return "the interval must end between -1 and 1"
    matrices = squares(proof.factors)
    if not holds(pair_polynomial(proof.dimension, proof.diagonal, matrices), proof.pair_max, proof.upto):
        return f"the condition on pairs fails on [-1, {float(proof.upto):.6g}]"
    triples = _triples_checked(proof, matrices)
    return "" if triples.proved else "the condition on triples was not proved by subdivision"


def _triples_checked(proof: Proof, matrices: Sequence[Any]) -> subdivision.Outcome:
    q = triple_polynomial(proof.dimension, matrices)
    return subdivision.at_most(q, -proof.triple_gap, proof.upto)


def three_point_bound(n: int, upto: Fraction, degree: int) -> Proof:
    """A proved three-point bound on A(n, upto) from matrices of degree ``degree`` in the inner products.

    n >= 3, 0 < upto < 1 rational, degree >= 2.  A share of w is given up so that the subdivision ends;
    several are tried, and the tightest that was proved counts.  Needs the extra ``sdp``.  Raises
    ArithmeticError when the solver or every subdivision fails.
    """
    check_dimension(n, 3)
    if degree < 2 or not (0 < upto < 1):
        raise ValueError(f"degree {degree}, max cosine {upto}: expected degree >= 2 and 0 < s < 1")
    extra = np.empty((0, 3))
    hint = solve(n, float(upto), degree)
    best: Proof | None = None
    for loss in _LOSSES:
        for _ in range(_ROUNDS):
            proof = _rounded(n, upto, hint, loss)
            triples = _triples_checked(proof, squares(proof.factors))
            if triples.proved or not len(triples.triples):
                break
            extra = np.concatenate([extra, _spread(triples.triples)])
            hint = solve(n, float(upto), degree, extra)
        if not triples.proved:
            break
        best = proof
    if best is None:
        raise ArithmeticError(f"the three-point hint of degree {degree} in dimension {n} was not proved")
    return best


def _spread(triples: Any) -> Any:
    """At most 40 of the triples, no two closer than about 0.02."""
    _, first = np.unique((triples * 50).round(), axis=0, return_index=True)
    return triples[np.sort(first)[:40]]


def _rounded(n: int, upto: Fraction, hint: Hint, loss: float) -> Proof:
    """Exact data near a hint; w is its apparent value less the share ``loss``, v1 is proved."""
    w, v1 = -hint.triple_max * (1 - loss), hint.pair_max
    if w <= 0:
        raise ArithmeticError(f"the three-point hint in dimension {n} leaves no room on triples")
    # All is homogeneous but the 1 in the bound: the best scale is where its derivative vanishes.
    linear = float(hint.diagonal.sum() + hint.matrices[0].sum())
    scale = math.sqrt(1 / (4 * w * linear + (w + v1) ** 2))
    diagonal = [_fraction(max(float(a), 0.0) * scale) for a in hint.diagonal]
    factors = [_factor(f * scale) for f in hint.matrices]
    pair = pair_polynomial(n, diagonal, squares(factors))
    margin = 1e-9
    while not holds(pair, _fraction(v1 * scale + margin), upto):
        margin *= 4
    return Proof(n, diagonal, factors, _fraction(v1 * scale + margin), _fraction(w * scale), upto)


def _fraction(x: float) -> Fraction:
    return Fraction(round(x * _GRID), _GRID)


def _factor(matrix: Any) -> list[list[Fraction]]:
    """Rational L with L L^T near a positive semidefinite matrix of floats; tiny eigenvalues are dropped."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    large = values > 1e-9 * max(float(values[-1]), 1e-12)
    root = vectors[:, large] * np.sqrt(values[large])
    return [[_fraction(float(x)) for x in row] for row in root]


def three_point_cosine(n: int, size: int, degree: int, start: Fraction) -> Proof:
    """A proof at an ``upto`` above ``start`` that A(n, upto) < size: N points have a larger max cosine.

    The interval from ``start`` to the place where the solver's value reaches N is halved; every step that
    counts is a proof.  Raises ArithmeticError when none above ``start`` was found.
    """
    best: Proof | None = None
    lo, hi = start, _beyond(n, size, degree, start)
    for _ in range(_HALVINGS):
        middle = ((lo + hi) / 2).limit_denominator(1 << 40)
        try:
            proof = three_point_bound(n, middle, degree)
        except ArithmeticError:
            hi = middle
            continue
        if proof.value < size:
            best, lo = proof, middle
        else:
            hi = middle
    if best is None:
        raise ArithmeticError(f"degree {degree} does not improve on a max cosine of {float(start):.9g}")
    return best


def _beyond(n: int, size: int, degree: int, start: Fraction) -> Fraction:
    """A cosine above ``start`` where the bound of this degree no longer excludes ``size`` points (floats)."""
    step = (1 - start) / 32
    while start + step < 1 and _apparent(solve(n, float(start + step), degree)) < size:
        start, step = start + step, min(2 * step, (1 - start - step) / 2)
    return start + step


def _apparent(hint: Hint) -> float:
    w = -hint.triple_max
    if w <= 0:
        return math.inf
    linear = float(hint.diagonal.sum() + hint.matrices[0].sum())
    scale = math.sqrt(1 / (4 * w * linear + (w + hint.pair_max) ** 2))
    total = (1 + scale * (hint.pair_max + w)) ** 2 / (4 * scale * w)
    return 1 + scale * linear + total


def data(proof: Proof) -> dict[str, Any]:
    """The data of a proof for a certificate: exact numbers as text."""
    return {
        "diagonal": [str(a) for a in proof.diagonal],
        "factors": [[[str(x) for x in row] for row in f] for f in proof.factors],
        "pair_max": str(proof.pair_max),
        "triple_gap": str(proof.triple_gap),
        "upto": str(proof.upto),
    }
