"""Linear maps of given memories: the largest minimal separation, exactly, and what stands in the way of more.

A map W with |W xi_mu| = 1 enters the features' cosines only through A = W^T W, so the best one solves

    minimise t  subject to  xi_mu^T A xi_nu <= t (mu < nu),  xi_mu^T A xi_mu = 1,  A >= 0

and 1 - t is the separation. Its dual: maximise sum_mu y_mu over weights lambda >= 0 of the pairs with sum 1
such that S = sum lambda_{mu nu} (xi_mu xi_nu^T + xi_nu xi_mu^T)/2 - sum_mu y_mu xi_mu xi_mu^T is positive
semidefinite. A path of barrier minima in floats finds both; rational numbers near them are then the
certificate, and are checked as such. Memories are rows of rational numbers throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog

from simulations.rational_matrices import (
    Floats,
    Matrix,
    Rows,
    diagonal,
    dyadic,
    floats,
    fraction,
    is_semidefinite,
    matrix,
    null_space,
    pivots,
    rational,
    rows_of,
)

STEEPEST = 1e11
"""Last weight of the objective against the barrier; the gap there is the number of constraints over it."""


@dataclass(frozen=True)
class Certificate:
    """The optimum between two rational numbers, with what proves it.

    Attributes:
        matrix: A (d, d), which attains ``upper``.
        weights: lambda of the pairs (mu, nu), mu < nu, in the order of ``itertools.combinations``.
        shifts: y (M,); with the weights they prove that no A attains less than ``lower``.
        lower, upper: bounds on the smallest max cosine over all maps with unit features.
    """

    matrix: tuple[tuple[Fraction, ...], ...]
    weights: tuple[Fraction, ...]
    shifts: tuple[Fraction, ...]
    lower: Fraction
    upper: Fraction


def optimal_map(memories: Rows) -> Certificate:
    """Return the best linear map with unit features, certified.

    Args:
        memories: M >= 2 unit vectors of d rational coordinates.

    Raises:
        ValueError: fewer than two memories, or one whose squared norm is not exactly 1.
        ArithmeticError: the floats are too far from a solution to be rounded to one.
    """
    v = matrix(memories)
    if v.nrows() < 2 or any(sum((x * x for x in row), fmpq(0)) != 1 for row in v.tolist()):
        raise ValueError("memories: expected at least two vectors whose squared norm is exactly 1")
    # Inside their span the identity is a strictly feasible start, written in a basis of memories.
    lead = independent(memories)
    basis = rows_of(v, lead)
    start = basis * basis.transpose()
    into = start.solve(basis)
    inner = v * into.transpose()
    free = _freedom(inner)
    if free:
        a, weights, shifts = _follow_path(inner, start, free)
    else:
        a, weights, shifts = start, *_only_feasible(inner, start)
    whole = into.transpose() * a * into
    found = Certificate(
        tuple(tuple(fraction(x) for x in row) for row in whole.tolist()),
        tuple(fraction(x) for x in weights),
        tuple(fraction(x) for x in shifts),
        fraction(sum(shifts, fmpq(0))),
        fraction(_max_cosine(v, whole)),
    )
    reason = defect(memories, found)
    if reason:
        raise ArithmeticError(f"linear maps: {reason}")
    return found


def defect(memories: Rows, found: Certificate) -> str:
    """Return why a certificate proves nothing about these memories, "" if it is valid (exact arithmetic)."""
    v, a = matrix(memories), matrix(found.matrix)
    if any(x != 1 for x in diagonal(v * a * v.transpose())):
        return "a feature of the map has another length than 1"
    if a != a.transpose() or not is_semidefinite(a):
        return "the matrix of the map is not symmetric and positive semidefinite"
    if _max_cosine(v, a) != rational(found.upper):
        return "the map has another max cosine than the upper bound"
    weights, shifts = [rational(x) for x in found.weights], [rational(x) for x in found.shifts]
    if len(weights) != v.nrows() * (v.nrows() - 1) // 2 or len(shifts) != v.nrows():
        return "the dual has other sizes than the memories"
    if min(weights) < 0 or sum(weights, fmpq(0)) != 1:
        return "the weights of the pairs are not a probability vector"
    if not is_semidefinite(_slack(v, weights, shifts)):
        return "the slack matrix of the dual is not positive semidefinite"
    return (
        ""
        if sum(shifts, fmpq(0)) == rational(found.lower)
        else "the lower bound is not the sum of the shifts"
    )


def directions(memories: Rows) -> list[Matrix]:
    """Return a basis of {symmetric B : xi_mu^T B xi_mu = 0 for all mu}, exactly.

    They are the directions in which A = I can be left; where there are none, every map with unit features is
    an isometry on the span of the memories.
    """
    return _freedom(matrix(memories))


def freedom(memories: Rows) -> int:
    """Return the number of ``directions``: the dimension of the feasible set at A = I."""
    return len(directions(memories))


def independent(memories: Rows) -> list[int]:
    """Return the indices of the memories that are independent of those before them, exactly."""
    return pivots(matrix(memories).transpose())


def dependency(memories: Rows) -> tuple[Fraction, ...]:
    """Return c with sum c_mu xi_mu = 0 and c_1 = 1, for d + 1 memories of which every d are independent.

    Raises:
        ValueError: other numbers of memories, or d dependent ones among them.
    """
    v = matrix(memories).transpose()
    if v.ncols() != v.nrows() + 1:
        raise ValueError(f"memories: expected d + 1 = {v.nrows() + 1} of them, found {v.ncols()}")
    null = null_space(v)
    if len(null) != 1 or any(x == 0 for x in null[0]):
        raise ValueError("memories: expected every d of them to be independent")
    return tuple(fraction(x / null[0][0]) for x in null[0])


def half_space(memories: Rows) -> tuple[str, tuple[Fraction, ...]]:
    """Decide whether the memories lie in an open half-space (Gordan's alternative), with a proof.

    Returns:
        ("normal", u) with <u, xi_mu> > 0 for all mu, or ("balance", c): c >= 0, not 0, sum c_mu xi_mu = 0.

    Raises:
        ArithmeticError: neither could be read off the floating-point linear programme.
    """
    v = matrix(memories)
    x = floats(v)
    count, d = x.shape
    # Largest margin m of a normal u in the unit cube: <u, xi_mu> >= m.
    found = linprog(
        np.append(np.zeros(d), -1.0),
        A_ub=np.hstack([-x, np.ones((count, 1))]),
        b_ub=np.zeros(count),
        bounds=[(-1, 1)] * d + [(0, 1)],
    )
    normal = [fmpq(*float(u).as_integer_ratio()) for u in found.x[:d]]
    if all(sum((u * a for u, a in zip(normal, row, strict=True)), fmpq(0)) > 0 for row in v.tolist()):
        return "normal", tuple(fraction(u) for u in normal)
    duals = -np.asarray(found.ineqlin.marginals)
    for cut in (1e-9, 1e-7, 1e-5):
        support = np.flatnonzero(duals > cut)
        null = null_space(rows_of(v, support.tolist()).transpose()) if support.size else []
        if len(null) == 1 and (min(null[0]) >= 0 or max(null[0]) <= 0):
            c = [fmpq(0)] * count
            for i, value in zip(support.tolist(), null[0], strict=True):
                c[i] = abs(value)
            return "balance", tuple(fraction(value) for value in c)
    raise ArithmeticError("half-space: the linear programme gave neither a normal nor a balance")


# The path of barrier minima


def _follow_path(v: Matrix, start: Matrix, free: list[Matrix]) -> tuple[Matrix, list[Any], list[Any]]:
    """Return rational A, lambda, y from the end of the barrier path."""
    x, directions = floats(v), np.array([floats(b) for b in free])
    flat = directions.reshape(len(free), -1)
    q, r = np.linalg.qr(flat.T)
    axes = q.T.reshape(directions.shape)
    path = _barrier(x, floats(start), axes)
    exact = [dyadic(u) for u in np.linalg.solve(r, path[-1].coordinates)]
    best = start
    for u, b in zip(exact, free, strict=True):
        best = best + b * u
    mix = fmpq(1, 2**50)
    while not is_semidefinite(best):
        best, mix = best * (1 - mix) + start * mix, 4 * mix
        if mix > fmpq(1, 1000):
            raise ArithmeticError("linear maps: the barrier path ended outside the cone")
    # Late on the path the slack matrix is nearly singular and rounding costs more than the barrier does.
    duals = [_rounded_dual(v, x, stage) for stage in path[-6:]]
    return best, *max(duals, key=_value)


def _value(dual: tuple[list[Any], list[Any]]) -> Fraction:
    return fraction(sum(dual[1], fmpq(0)))


class _Stage(NamedTuple):
    """Where the path is at a weight: coordinates of A, A itself, t - a_p of the pairs."""

    weight: float
    coordinates: Floats
    a: Floats
    slack: Floats


def _barrier(x: Floats, start: Floats, axes: Floats) -> list[_Stage]:
    """Follow minima of weight t - sum log(t - a_p) - log det A, a_p the cosines of the pairs."""
    i, j = np.triu_indices(len(x), 1)
    lean = np.einsum("pa,kab,pb->pk", x[i], axes, x[j], optimize=True)
    base = np.sum((x[i] @ start) * x[j], axis=1)
    c, t, weight = np.zeros(len(axes)), float(base.max()) + 1.0, 1.0
    path = []
    while weight <= STEEPEST:
        for _ in range(60):
            step, decrement = _newton_step(start, axes, lean, base, c, t, weight)
            size = 1.0
            while not _inside(start, axes, lean, base, c + size * step[:-1], t + size * step[-1]):
                size *= 0.5
            # Damped Newton for a self-concordant function.
            size = min(size, 1.0 if decrement < 0.25 else 1 / (1 + decrement))
            c, t = c + size * step[:-1], t + size * step[-1]
            if decrement < 1e-7:
                break
        path.append(_Stage(weight, c, start + np.tensordot(c, axes, 1), t - base - lean @ c))
        weight *= 10.0
    return path


def _inside(start: Floats, axes: Floats, lean: Floats, base: Floats, c: Floats, t: float) -> bool:
    if not np.all(t - base - lean @ c > 0):
        return False
    return bool(np.linalg.eigvalsh(start + np.tensordot(c, axes, 1))[0] > 0)


def _newton_step(
    start: Floats, axes: Floats, lean: Floats, base: Floats, c: Floats, t: float, weight: float
) -> tuple[Floats, float]:
    """Return the Newton step in (c, t) and the Newton decrement."""
    pull = 1 / (t - base - lean @ c)
    inverse = np.linalg.inv(start + np.tensordot(c, axes, 1))
    moved = inverse @ axes
    k = len(c)
    gradient = np.append(lean.T @ pull - np.trace(moved, axis1=1, axis2=2), weight - pull.sum())
    curved = lean * (pull**2)[:, None]
    hessian = np.empty((k + 1, k + 1))
    flat = moved.reshape(k, -1)
    hessian[:k, :k] = lean.T @ curved + flat @ np.swapaxes(moved, 1, 2).reshape(k, -1).T
    hessian[:k, k] = hessian[k, :k] = -curved.sum(axis=0)
    hessian[k, k] = np.sum(pull**2)
    scale = 1 / np.sqrt(np.diagonal(hessian))
    scaled: Any = np.linalg.lstsq(hessian * scale * scale[:, None], gradient * scale, rcond=1e-15)[0]
    step = -scale * scaled
    return step, math.sqrt(max(float(-gradient @ step), 0.0))


def _rounded_dual(v: Matrix, x: Floats, stage: _Stage) -> tuple[list[Any], list[Any]]:
    """Return exact lambda and y as the path has them, y then lowered until S is semidefinite."""
    near = 1 / (stage.weight * stage.slack)
    near = near / near.sum()
    pairs = [dyadic(u) for u in near]
    total = sum(pairs, fmpq(0))
    pairs = [p / total for p in pairs]
    i, j = np.triu_indices(len(x), 1)
    target = np.einsum("p,pa,pb->ab", near, x[i], x[j])
    target = (target + target.T) / 2 - np.linalg.inv(stage.a) / stage.weight
    outer = np.einsum("ma,mb->mab", x, x).reshape(len(x), -1)
    shifts = [dyadic(u) for u in np.linalg.lstsq(outer.T, target.ravel(), rcond=None)[0]]
    lowered = fmpq(0)
    while not is_semidefinite(_slack(v, pairs, [y - lowered for y in shifts])):
        lowered = 2 * lowered + fmpq(1, 2**48)
        if lowered > 1:
            raise ArithmeticError("linear maps: the barrier path ended without a dual solution")
    return pairs, [y - lowered for y in shifts]


def _only_feasible(v: Matrix, start: Matrix) -> tuple[list[Any], list[Any]]:
    """Return the dual where A = ``start`` is the only feasible matrix: all weight on one closest pair."""
    pairs = list(combinations(range(v.nrows()), 2))
    gram = (v * start * v.transpose()).tolist()
    closest = max(range(len(pairs)), key=lambda p: gram[pairs[p][0]][pairs[p][1]])
    weights = [fmpq(int(p == closest)) for p in range(len(pairs))]
    squares = _squares(v)
    lead = pivots(squares.transpose())
    target = _vector(_slack(v, weights, [fmpq(0)] * v.nrows()))
    solution = rows_of(squares, lead).transpose().solve(target)
    shifts = [fmpq(0)] * v.nrows()
    for k, index in enumerate(lead):
        shifts[index] = solution[k, 0]
    return weights, shifts


# Exact linear algebra


def _slack(v: Matrix, weights: list[Any], shifts: list[Any]) -> Matrix:
    """Return sum lambda_{mu nu} sym(xi_mu xi_nu^T) - sum y_mu xi_mu xi_mu^T."""
    count = v.nrows()
    middle = fmpq_mat(count, count)
    for (i, j), w in zip(combinations(range(count), 2), weights, strict=True):
        middle[i, j] = middle[j, i] = w / 2
    for i, y in enumerate(shifts):
        middle[i, i] = -y
    return v.transpose() * middle * v


def _squares(v: Matrix) -> Matrix:
    """Return the rows xi_mu xi_mu^T in the coordinates a <= b, such that <row, B> = xi_mu^T B xi_mu."""
    d = v.ncols()
    places = [(a, b) for a in range(d) for b in range(a, d)]
    return fmpq_mat([[row[a] * row[b] * (1 if a == b else 2) for a, b in places] for row in v.tolist()])


def _vector(matrix: Matrix) -> Matrix:
    """Return a symmetric matrix as a column in the coordinates of ``_squares``."""
    d = matrix.nrows()
    return fmpq_mat([[matrix[a, b] * (1 if a == b else 2)] for a in range(d) for b in range(a, d)])


def _freedom(v: Matrix) -> list[Matrix]:
    """Return a basis of {symmetric B : xi_mu^T B xi_mu = 0}."""
    d = v.ncols()
    places = [(a, b) for a in range(d) for b in range(a, d)]
    found = []
    for solution in null_space(_squares(v)):
        b = fmpq_mat(d, d)
        for (i, j), value in zip(places, solution, strict=True):
            b[i, j] = b[j, i] = value
        found.append(b)
    return found


def _max_cosine(v: Matrix, a: Matrix) -> Any:
    gram = (v * a * v.transpose()).tolist()
    return max(gram[i][j] for i, j in combinations(range(len(gram)), 2))
