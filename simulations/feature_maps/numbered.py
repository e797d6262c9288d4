"""Linear feature maps W (D, d) by number: identity, random, orthogonal, of low rank, badly conditioned.

Entries are small dyadic fractions where the kind allows it, so that a witness can be read; every entry is a
float and thereby an exact number.
"""

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.streams import stream

Floats = NDArray[np.float64]
Rows = list[list[Fraction]]

KINDS = (
    "identity",
    "square",
    "double",
    "fourfold",
    "half",
    "one feature",
    "rank one",
    "deficient",
    "badly conditioned",
    "orthogonal",
)
DRAWS = 5
NUMBER = len(KINDS) * DRAWS
"""How many maps there are in every dimension d."""
CONDITION = 1e8


@cache
def feature_map(number: int, d: int) -> Floats:
    """Return W (D, d) of a number from 0 to NUMBER - 1; the kind is ``KINDS[number % len(KINDS)]``.

    D is d for "identity", "square", "rank one", "deficient" (one column repeats another), "badly conditioned"
    (singular values from 1 to 1e-8) and "orthogonal", 2 d for "double", 4 d for "fourfold", half of d for
    "half", and 1 for "one feature".

    Raises:
        ValueError: a number outside the range, or d below 1.
    """
    if not 0 <= number < NUMBER or d < 1:
        raise ValueError(f"feature map: expected 0 <= number < {NUMBER} and d >= 1, found {number} and {d}")
    kind = KINDS[number % len(KINDS)]
    rng = stream(0, "feature map", d, number)
    rows = {"double": 2 * d, "fourfold": 4 * d, "half": max(1, d // 2), "one feature": 1}.get(kind, d)
    w = np.round(4 * rng.standard_normal((rows, d))) / 4
    if kind == "identity":
        return np.eye(d)
    if kind == "rank one":
        return np.outer(w[:, 0], np.round(4 * rng.standard_normal(d)) / 4)
    if kind == "deficient" and d > 1:
        w[:, 0] = w[:, 1]
    if kind in ("badly conditioned", "orthogonal"):
        q, _ = np.linalg.qr(rng.standard_normal((d, d)))
        w = q * np.geomspace(1, 1 / CONDITION, d) if kind == "badly conditioned" else q
    return np.asarray(w, dtype=float)


def exact_rows(w: Floats) -> Rows:
    """The entries of a float matrix as the dyadic rationals they are."""
    return [[Fraction(float(x)) for x in row] for row in w]


def exact_gram(rows: Rows) -> Rows:
    """W^T W of an exact matrix."""
    return [
        [sum((r[i] * r[j] for r in rows), Fraction(0)) for j in range(len(rows[0]))]
        for i in range(len(rows[0]))
    ]


def reduced(rows: Rows) -> tuple[Rows, list[int]]:
    """Reduced row echelon form of an exact matrix and the columns of its pivots; their number is the rank."""
    a, pivots = [list(r) for r in rows], list[int]()
    for column in range(len(a[0]) if a else 0):
        top = len(pivots)
        found = next((i for i in range(top, len(a)) if a[i][column] != 0), None)
        if found is None:
            continue
        a[top], a[found] = a[found], a[top]
        lead = a[top][column]
        a[top] = [x / lead for x in a[top]]
        for i, row in enumerate(a):
            if i != top and row[column] != 0:
                factor = row[column]
                a[i] = [x - factor * y for x, y in zip(row, a[top], strict=True)]
        pivots.append(column)
    return a[: len(pivots)], pivots


def exact_rank(rows: Rows) -> int:
    """Rank of an exact matrix."""
    return len(reduced(rows)[1])


def kernel_vector(rows: Rows) -> list[Fraction]:
    """An exact vector v != 0 with W v = 0 and largest entry 1 in size; the zero vector if there is none."""
    echelon, pivots = reduced(rows)
    d = len(rows[0])
    free = next((j for j in range(d) if j not in pivots), None)
    if free is None:
        return [Fraction(0)] * d
    v = [Fraction(int(j == free)) for j in range(d)]
    for row, pivot in zip(echelon, pivots, strict=True):
        v[pivot] = -row[free]
    size = max(abs(x) for x in v)
    return [x / size for x in v]


@cache
def rank_of(number: int, d: int) -> int:
    """Rank of ``feature_map(number, d)``, exactly."""
    return exact_rank(exact_rows(feature_map(number, d)))


@cache
def kernel_of(number: int, d: int) -> tuple[Fraction, ...]:
    """``kernel_vector`` of ``feature_map(number, d)``."""
    return tuple(kernel_vector(exact_rows(feature_map(number, d))))


def square_factor(gram: Rows) -> tuple[Rows, list[Fraction]]:
    """L (d, d) and pivots D (d) of an exact positive semidefinite matrix A = L diag(D) L^T, exactly.

    diag(sqrt(D)) L^T is then a d x d matrix V with V^T V = A, as is the symmetric root of A.

    Raises:
        ValueError: the matrix is not positive semidefinite.
    """
    n = len(gram)
    a = [list(r) for r in gram]
    lower: Rows = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    pivots = list[Fraction]()
    for k in range(n):
        pivot = a[k][k]
        if pivot < 0 or (pivot == 0 and any(a[i][k] != 0 for i in range(k, n))):
            raise ValueError(f"gram: expected a positive semidefinite matrix, found the pivot {pivot}")
        pivots.append(pivot)
        for i in range(k + 1, n):
            lower[i][k] = a[i][k] / pivot if pivot else Fraction(0)
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                a[i][j] -= lower[i][k] * a[k][j]
    return lower, pivots


def exact_product(a: Rows, b: Rows) -> Rows:
    """The product of exact matrices."""
    columns: Any = list(zip(*b, strict=True))
    return [[sum((x * y for x, y in zip(row, c, strict=True)), Fraction(0)) for c in columns] for row in a]
