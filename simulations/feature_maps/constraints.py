"""Sets that a feature map W is held to during training, each with its projection.

Shapes: memories (..., M, d), W (..., D, d), A = W^T W (..., d, d).
"""

from __future__ import annotations

from typing import Any

from array_api_compat import array_namespace, device

Array = Any

# Alternating projections of one projection at most, and the constraint violation at which they stop.
ROUNDS = 20_000
TOLERANCE = 1e-12


def polar(w: Array) -> Array:
    """Return the matrix with orthonormal columns that is nearest to W (..., D, d), W^T W = I.

    Raises:
        ValueError: D < d.
    """
    _at_least_square(w)
    xp = array_namespace(w)
    u, _, vt = xp.linalg.svd(w, full_matrices=False)
    return xp.matmul(u, vt)


def unit_norms(memories: Array, a: Array, rounds: int = ROUNDS, tol: float = TOLERANCE) -> Array:
    """Return the projection of a symmetric A (..., d, d) onto {A >= 0, xi_mu^T A xi_mu = 1 for all mu}.

    Dykstra's algorithm (Boyle and Dykstra 1986); the affine set needs no correction term. The result is
    positive semidefinite and meets the equations up to ``tol``, if the rounds suffice.

    Raises:
        ArithmeticError: the rounds were used up: the set is empty, or only touches the cone A >= 0.
    """
    xp = array_namespace(memories, a)
    gram = xp.matmul(memories, xp.matrix_transpose(memories))
    inverse = xp.linalg.pinv(gram * gram)
    correction = xp.zeros_like(a)
    for _ in range(rounds):
        lengths = xp.sum(xp.matmul(memories, a) * memories, axis=-1, keepdims=True)
        shares = xp.matmul(inverse, lengths - 1)
        flat = a - xp.matmul(xp.matrix_transpose(memories), shares * memories)
        inner = flat + correction
        new = _semidefinite(inner)
        correction = inner - new
        violation = xp.abs(xp.sum(xp.matmul(memories, new) * memories, axis=-1) - 1)
        settled = float(xp.max(violation)) <= tol and float(xp.max(xp.abs(new - a))) <= tol
        a = new
        if settled:
            return a
    raise ArithmeticError(f"unit norms: the projection left a violation of {float(xp.max(violation)):.1e}")


def factor(a: Array, rows: int) -> Array:
    """Return W (..., rows, d) with W^T W = A, for a positive semidefinite A (..., d, d).

    Raises:
        ValueError: rows < d.
    """
    xp = array_namespace(a)
    values, vectors = xp.linalg.eigh(a)
    root = xp.sqrt(xp.clip(values, min=0.0))
    w = xp.matrix_transpose(vectors * root[..., None, :])
    d = a.shape[-1]
    if rows < d:
        raise ValueError(f"W: expected at least d = {d} rows, found {rows}")
    blank = xp.zeros((*a.shape[:-2], rows - d, d), dtype=a.dtype, device=device(a))
    return xp.concat([xp.matmul(vectors, w), blank], axis=-2)


def rows_normalised(w: Array) -> Array:
    """Return W with rows of length 1; rows of length 0 stay.  Wu et al. 2024, end of Stage I."""
    xp = array_namespace(w)
    length = xp.sqrt(xp.sum(w * w, axis=-1, keepdims=True))
    return w / xp.where(length > 0, length, xp.ones_like(length))


def _semidefinite(a: Array) -> Array:
    xp = array_namespace(a)
    values, vectors = xp.linalg.eigh((a + xp.matrix_transpose(a)) / 2)
    return xp.matmul(vectors * xp.clip(values, min=0.0)[..., None, :], xp.matrix_transpose(vectors))


def _at_least_square(w: Array) -> None:
    if w.shape[-2] < w.shape[-1]:
        raise ValueError(f"W: expected at least as many rows as columns, found shape {tuple(w.shape[-2:])}")
