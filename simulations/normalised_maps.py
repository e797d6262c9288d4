"""Linear maps of given memories with normalised features: the largest minimal separation, certified.

In A = W^T W a cosine of two features is xi^T A eta / sqrt(xi^T A xi eta^T A eta). For s >= 0 the set of A
with all cosines at most s is convex, since the root is concave: the problem is quasi-convex, and where its
optimum is not negative a stationary point is a global one. By the inequality of the two means, weights
lambda >= 0 of the pairs and lengths r > 0 with

    S = sum lambda_{mu nu} [ sym(u_mu u_nu^T) - s (u_mu u_mu^T + u_nu u_nu^T)/2 ],  u_mu = xi_mu / r_mu,

positive semidefinite and not 0 prove that every injective map has a cosine above s: A is positive definite,
so <S, A> > 0, while cosines of at most s would make it <= 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from simulations.feature_maps.losses import pair_lse
from simulations.feature_maps.minimisers import descend_from
from simulations.rational_matrices import Matrix, Rows, dyadic, floats, fraction, is_semidefinite, matrix

TEMPERATURES = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Of the softened maximum on the way to the optimum; the last one is about the gap that is left."""


@dataclass(frozen=True)
class NormalisedCertificate:
    """The optimum between two rational numbers, with what proves it.

    Attributes:
        matrix: A (d, d), positive definite, whose max cosine is at most ``upper``.
        weights: lambda of the pairs (mu, nu), mu < nu, in the order of ``itertools.combinations``.
        lengths: r (M,).
        lower: s >= 0; every injective map has a cosine above it.
        upper: a max cosine that is attained.
    """

    matrix: tuple[tuple[Fraction, ...], ...]
    weights: tuple[Fraction, ...]
    lengths: tuple[Fraction, ...]
    lower: Fraction
    upper: Fraction


def best_normalised(memories: Rows) -> NormalisedCertificate:
    """Return the best linear map with normalised features, certified.

    Args:
        memories: M >= 2 vectors of d rational coordinates that span R^d.

    Raises:
        ArithmeticError: no certificate was found: the optimum is negative (as for at most d memories), or
            degenerate maps alone come near it.
    """
    v = matrix(memories)
    x = floats(v)
    stages = [partial(pair_lse, tau=tau) for tau in TEMPERATURES]
    w = descend_from(np.eye(x.shape[1])[None], stages, x)[0][0]
    w = w / np.linalg.norm(w, 2)
    a = _symmetric(w.T @ w)
    y = x @ w.T
    length = np.linalg.norm(y, axis=1)
    if np.linalg.cond(w) > 1e6 or length.min() < 1e-6:
        raise ArithmeticError("normalised maps: the descent ended at a degenerate map")
    y = y / length[:, None]
    i, j = np.triu_indices(len(x), 1)
    cosine = np.sum(y[i] * y[j], axis=1)
    weight = np.exp((cosine - cosine.max()) / TEMPERATURES[-1])
    weights = [dyadic(p) for p in weight / weight.sum()]
    lengths = [dyadic(r) for r in length]
    # The largest s is the smallest eigenvalue of a pencil; a little less, and the exact check decides.
    both = [_sums(v, weights, lengths, kind) for kind in ("mixed", "own")]
    inverse = np.linalg.inv(w)
    mixed, own = (inverse.T @ floats(part) @ inverse for part in both)
    if np.linalg.eigvalsh(own)[0] < 1e-12:
        raise ArithmeticError("normalised maps: the closest pairs leave a direction out")
    root = np.linalg.inv(np.linalg.cholesky(own))
    s = Fraction(float(np.linalg.eigvalsh(root @ mixed @ root.T)[0])).limit_denominator(10**9) - Fraction(
        1, 10**8
    )
    found = NormalisedCertificate(
        tuple(tuple(fraction(q) for q in row) for row in a.tolist()),
        tuple(fraction(p) for p in weights),
        tuple(fraction(r) for r in lengths),
        s,
        _largest_above(v, a),
    )
    reason = normalised_defect(memories, found)
    if reason:
        raise ArithmeticError(f"normalised maps: {reason}")
    return found


def normalised_defect(memories: Rows, found: NormalisedCertificate) -> str:
    """Return why a certificate proves nothing about these memories, "" if it is valid (exact arithmetic)."""
    v, a = matrix(memories), matrix(found.matrix)
    if a != a.transpose() or not is_semidefinite(a) or a.det() == 0:
        return "the matrix of the map is not symmetric and positive definite"
    if _largest_above(v, a) > found.upper:
        return "the map has a larger max cosine than the upper bound"
    weights = [fmpq(p.numerator, p.denominator) for p in found.weights]
    lengths = [fmpq(r.numerator, r.denominator) for r in found.lengths]
    if len(weights) != v.nrows() * (v.nrows() - 1) // 2 or len(lengths) != v.nrows():
        return "the dual has other sizes than the memories"
    if min(weights) < 0 or min(lengths) <= 0 or found.lower < 0:
        return "the weights, the lengths or the lower bound are negative"
    s = fmpq(found.lower.numerator, found.lower.denominator)
    slack = _sums(v, weights, lengths, "mixed") - _sums(v, weights, lengths, "own") * s
    if not is_semidefinite(slack) or all(q == 0 for q in slack.entries()):
        return "the slack matrix of the dual is not positive semidefinite, or 0"
    return ""


def _sums(v: Matrix, weights: list[Any], lengths: list[Any], kind: str) -> Matrix:
    """Return sum lambda sym(u_mu u_nu^T) ("mixed") or sum lambda (u_mu u_mu^T + u_nu u_nu^T)/2 ("own")."""
    count = v.nrows()
    middle = fmpq_mat(count, count)
    for (i, j), p in zip(combinations(range(count), 2), weights, strict=True):
        if kind == "mixed":
            middle[i, j] = middle[j, i] = p / (2 * lengths[i] * lengths[j])
        else:
            middle[i, i] = middle[i, i] + p / (2 * lengths[i] * lengths[i])
            middle[j, j] = middle[j, j] + p / (2 * lengths[j] * lengths[j])
    return v.transpose() * middle * v


def _symmetric(a: Any) -> Matrix:
    return fmpq_mat([[dyadic((a[i, j] + a[j, i]) / 2) for j in range(len(a))] for i in range(len(a))])


def _largest_above(v: Matrix, a: Matrix) -> Fraction:
    """Return the max cosine rounded up to a multiple of 2^-60."""
    gram = (v * a * v.transpose()).tolist()
    return max(_above(gram[i][j], gram[i][i] * gram[j][j]) for i, j in combinations(range(len(gram)), 2))


def _above(dot: Any, square: Any) -> Fraction:
    """Return dot/sqrt(square) rounded up to a multiple of 2^-60."""
    ratio = fraction(dot * dot / square) * 2**120
    root = math.isqrt(ratio.numerator // ratio.denominator)
    return Fraction(root + 1, 2**60) if dot > 0 else Fraction(-root, 2**60)
