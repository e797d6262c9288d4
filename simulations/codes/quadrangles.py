"""Codes of generalised quadrangles of order (q, q^2) over prime fields: sharp, and not always unique.

A q-clan gives a quadrangle of order (q^2, q) as a coset geometry (Kantor 1980; Payne 1985); the graph of its
lines, adjacent where they meet, is strongly regular with ((q+1)(q^3+1), q(q^2+1), q-1, q^2+1).  Its least
eigenspace holds a code of as many points in dimension q(q^2-q+1) with the cosines -1/q and 1/q^2, sharp
(Cameron, Goethals and Seidel 1978; Cohn and Kumar 2007).  Two clans may give graphs that are not isomorphic.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Clan = Callable[[int], tuple[int, int, int]]
"""t -> (x, y, z), the upper triangular matrix ((x, y), (0, z)) of the clan."""


def classical(q: int) -> Clan:
    """Return the clan ((t, 0), (0, -n t)), n a non-square: its quadrangle is that of a quadric.

    Raises:
        ValueError: q is not an odd prime.
    """
    if q < 3 or any(q % k == 0 for k in range(2, q)):
        raise ValueError(f"q: expected an odd prime, found {q}")
    n = next(k for k in range(2, q) if pow(k, (q - 1) // 2, q) != 1)
    return lambda t: (t % q, 0, -n * t % q)


def fisher_thas_walker(q: int) -> Clan:
    """Return the clan ((t, 3 t^2), (0, 3 t^3)), for q = 2 mod 3 (Fisher and Thas 1979; Walker 1976).

    Raises:
        ValueError: q is not an odd prime with q = 2 mod 3.
    """
    if q % 3 != 2 or q < 3 or any(q % k == 0 for k in range(2, q)):
        raise ValueError(f"q: expected an odd prime with q = 2 mod 3, found {q}")
    return lambda t: (t % q, 3 * t * t % q, 3 * t**3 % q)


def line_graph(q: int, clan: Clan) -> Ints:
    """Return the adjacency matrix of the lines of the quadrangle of a clan, order (q+1)(q^3+1).

    The lines are one for each subgroup A_t of the Kantor family and the cosets A_t g; A_t = {(a, a X a^T,
    a (X + X^T))} in the group of the (a, c, b) with product (a + a', c + c' + b a'^T, b + b').
    """
    vectors = np.array(list(itertools.product(range(q), repeat=2)))
    group = np.array([(a, b, c, d, e) for (a, b), c, (d, e) in itertools.product(vectors, range(q), vectors)])
    families = [_subgroup(q, vectors, clan(t)) for t in range(q)]
    zero = np.zeros((q * q, 1), dtype=int)
    families.append(np.hstack([zero, zero, zero, vectors]))
    first = len(families)
    cosets, stars = [], []
    for number, members in enumerate(families):
        labels = _cosets(q, members, group)
        cosets.append(first + number * q**3 + labels)
        centre = np.repeat(members, q, axis=0)
        centre[:, 2] = np.tile(np.arange(q), len(members))
        stars.append(_cosets(q, centre, group))
    adjacent = np.zeros(((q + 1) * (q**3 + 1),) * 2, dtype=np.int64)
    adjacent[:first, :first] = 1
    for t, (labels, wide) in enumerate(zip(cosets, stars, strict=True)):
        adjacent[t, labels] = adjacent[labels, t] = 1
        # Two cosets in one coset of the larger group meet in a point of their own.
        for star in np.unique(wide):
            inside = np.unique(labels[wide == star])
            adjacent[np.ix_(inside, inside)] = 1
        for other in cosets[:t]:
            adjacent[labels, other] = adjacent[other, labels] = 1
    np.fill_diagonal(adjacent, 0)
    return adjacent


def _subgroup(q: int, vectors: Ints, clan: tuple[int, int, int]) -> Ints:
    x, y, z = clan
    a, b = vectors[:, 0], vectors[:, 1]
    middle = (a * a * x + a * b * y + b * b * z) % q
    return np.stack([a, b, middle, (2 * a * x + b * y) % q, (a * y + 2 * b * z) % q], axis=1)


def _cosets(q: int, members: Ints, group: Ints) -> Ints:
    """Return the number of the coset members * g of every g: cosets are numbered by their first element."""
    place = q ** np.arange(5)[::-1]
    least = np.full(len(group), np.iinfo(np.int64).max)
    for m in members:
        product = (m + group) % q
        product[:, 2] = (m[2] + group[:, 2] + m[3] * group[:, 0] + m[4] * group[:, 1]) % q
        least = np.minimum(least, product @ place)
    return np.unique(least, return_inverse=True)[1].reshape(-1)


def strongly_regular(adjacent: Ints) -> tuple[int, int, int, int] | None:
    """Return (order, degree, common neighbours of adjacent vertices, of others), None if they vary."""
    square = adjacent @ adjacent
    own = np.eye(len(adjacent), dtype=bool)
    parts = [np.unique(square[where]) for where in (own, adjacent == 1, (adjacent == 0) & ~own)]
    if any(len(p) != 1 for p in parts):
        return None
    return len(adjacent), int(parts[0][0]), int(parts[1][0]), int(parts[2][0])
