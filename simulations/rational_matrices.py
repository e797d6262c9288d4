"""Exact linear algebra on rational matrices, and ways to and from floats."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = Sequence[Sequence[Any]]
Matrix = Any


def is_semidefinite(matrix: Matrix) -> bool:
    """Tell whether a symmetric rational matrix is positive semidefinite, by exact elimination."""
    rows: list[list[Any]] = matrix.tolist()
    while rows:
        pivot, head = rows[0][0], rows[0]
        if pivot < 0 or (pivot == 0 and any(x != 0 for x in head)):
            return False
        rest = rows[1:]
        rows = [
            [x - row[0] * y / pivot for x, y in zip(row[1:], head[1:], strict=True)] if pivot else row[1:]
            for row in rest
        ]
    return True


def pivots(matrix: Matrix) -> list[int]:
    """Return the columns of the leading ones of the reduced echelon form."""
    reduced, rank = matrix.rref()
    return [next(j for j in range(matrix.ncols()) if reduced[i, j] != 0) for i in range(rank)]


def null_space(matrix: Matrix) -> list[list[Any]]:
    """Return a basis of {x : matrix x = 0} as lists of rationals."""
    reduced, rank = matrix.rref()
    lead = [next(j for j in range(matrix.ncols()) if reduced[i, j] != 0) for i in range(rank)]
    found = []
    for free in sorted(set(range(matrix.ncols())) - set(lead)):
        vector = [fmpq(0)] * matrix.ncols()
        vector[free] = fmpq(1)
        for i, j in enumerate(lead):
            vector[j] = -reduced[i, free]
        found.append(vector)
    return found


def diagonal(matrix: Matrix) -> list[Any]:
    """Return the diagonal as a list."""
    return [matrix[i, i] for i in range(matrix.nrows())]


def rows_of(matrix: Matrix, indices: Sequence[int]) -> Matrix:
    """Return the matrix of the rows with these indices."""
    rows = matrix.tolist()
    return fmpq_mat([rows[i] for i in indices])


def matrix(rows: Rows) -> Matrix:
    """Return rows of rational numbers (int, Fraction, text) as a matrix."""
    return fmpq_mat([[rational(x) for x in row] for row in rows])


def rational(x: Any) -> Any:
    """Return a rational number as fmpq."""
    value = Fraction(x)
    return fmpq(value.numerator, value.denominator)


def fraction(x: Any) -> Fraction:
    """Return an fmpq as a Fraction."""
    return Fraction(int(x.p), int(x.q))


def dyadic(x: Any) -> Any:
    """A float as a rational with few digits: multiples of 2^-60."""
    return fmpq(round(float(x) * 2**60), 2**60)


def floats(matrix: Matrix) -> Floats:
    """Return the nearest floats, (rows, columns)."""
    return np.array([[float(Fraction(int(x.p), int(x.q))) for x in row] for row in matrix.tolist()])
