"""Strongly regular graphs and their spectral embeddings as codes of two cosines."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from simulations.codes.exact import Exact
from simulations.codes.golay import hexads

Ints = NDArray[np.int64]


def embedding(adjacency: Ints) -> Exact:
    """Return the rows of the projection on the eigenspace of the negative eigenvalue, over the integers.

    For a connected strongly regular graph with integer eigenvalues k > r > theta the projection is
    (A - k)(A - r) up to a factor (Delsarte, Goethals and Seidel 1977): v points in dimension mult(theta)
    with cosines theta/k at edges and (-1 - theta)/(v - k - 1) elsewhere.

    Raises:
        ValueError: the matrix is not that of such a graph.
    """
    v = len(adjacency)
    degree, common, other = _parameters(adjacency)
    # r + theta = lambda - mu and r theta = mu - k.
    root = ((common - other) ** 2 + 4 * (degree - other)) ** 0.5
    r = round((common - other + root) / 2)
    one = np.eye(v, dtype=np.int64)
    rows = (adjacency - degree * one) @ (adjacency - r * one)
    theta = common - other - r
    if np.any(rows @ adjacency != theta * rows) or theta >= 0:
        raise ValueError("the graph has no negative integer eigenvalue besides its degree and one more")
    return Exact((rows // np.gcd.reduce(rows, axis=None))[:, :, None])


def _parameters(adjacency: Ints) -> tuple[int, int, int]:
    """Return (k, lambda, mu) of a strongly regular graph from A^2 = k + lambda A + mu (J - 1 - A)."""
    square = adjacency @ adjacency
    apart = 1 - adjacency - np.eye(len(adjacency), dtype=np.int64)
    found = []
    for mask in (np.eye(len(adjacency), dtype=np.int64), adjacency, apart):
        values = np.unique(square[mask == 1])
        if len(values) != 1:
            raise ValueError("the graph is not strongly regular")
        found.append(int(values[0]))
    return found[0], found[1], found[2]


def _graph(vertices: list[object], joined: NDArray[np.bool_]) -> Ints:
    a = (joined | joined.T).astype(np.int64)
    assert len(vertices) == len(a)
    np.fill_diagonal(a, 0)
    return a


def _disjointness(blocks: list[frozenset[int]]) -> Ints:
    """Join blocks that have no point in common."""
    return np.array([[int(not a & b) for b in blocks] for a in blocks])


def petersen() -> Ints:
    """Pairs of five things, joined when disjoint: srg(10, 3, 0, 1)."""
    return _disjointness([frozenset({i, j}) for i in range(5) for j in range(i)])


def hoffman_singleton() -> Ints:
    """Five pentagons and five pentagrams (Robertson): srg(50, 7, 0, 1)."""
    a = np.zeros((50, 50), dtype=np.int64)
    for h, j in product(range(5), repeat=2):
        a[5 * h + j, 5 * h + (j + 1) % 5] = 1
        a[25 + 5 * h + j, 25 + 5 * h + (j + 2) % 5] = 1
        for i in range(5):
            a[5 * h + j, 25 + 5 * i + (h * i + j) % 5] = 1
    return np.maximum(a, a.T)


def m22() -> Ints:
    """The blocks of S(3, 6, 22), joined when disjoint: srg(77, 16, 0, 4)."""
    return _disjointness(hexads())


def gewirtz() -> Ints:
    """The blocks of S(3, 6, 22) that avoid a point, joined when disjoint: srg(56, 10, 0, 2)."""
    return _disjointness([h for h in hexads() if 0 not in h])


def higman_sims() -> Ints:
    """A vertex, the 22 points and the 77 blocks of S(3, 6, 22): srg(100, 22, 0, 6)."""
    blocks = hexads()
    a = np.zeros((100, 100), dtype=np.int64)
    a[0, 1:23] = 1
    for i, block in enumerate(blocks):
        a[[1 + p for p in block], 23 + i] = 1
    a = np.maximum(a, a.T)
    a[23:, 23:] = _disjointness(blocks)
    return a


def isotropic(q: int) -> Ints:
    """Points of the elliptic quadric in PG(5, q), joined when on a line of it; q = 2, 3, 4 or an odd prime.

    The collinearity graph of a generalised quadrangle GQ(q, q^2) (Cameron, Goethals and Seidel 1978).
    The form is x0 x1 + x2 x3 + N(x4, x5) with N anisotropic.

    Raises:
        ValueError: another q.
    """
    if q == 4 or q == 2:
        return _isotropic_even(q)
    if q < 3 or any(q % p == 0 for p in range(2, int(q**0.5) + 1)):
        raise ValueError(f"isotropic points are built for q = 2, 4 and odd primes, not {q}")
    squares = {x * x % q for x in range(q)}
    non_square = next(x for x in range(2, q) if x not in squares)
    form = np.zeros((6, 6), dtype=np.int64)
    form[0, 1] = form[2, 3] = form[4, 4] = 1
    form[5, 5] = -non_square
    x = np.array(list(product(range(q), repeat=6)))
    first = x[np.arange(len(x)), np.argmax(x != 0, axis=1)]
    x = x[first == 1]
    x = x[np.einsum("ni,ij,nj->n", x, form, x) % q == 0]
    joined = x @ (form + form.T) @ x.T % q == 0
    np.fill_diagonal(joined, False)
    return np.asarray(joined, dtype=np.int64)


# GF(4) = {0, 1, w, w + 1} as two bits: products.
_GF4 = np.array([[0, 0, 0, 0], [0, 1, 2, 3], [0, 2, 3, 1], [0, 3, 1, 2]])


def _isotropic_even(q: int) -> Ints:
    """x0 x1 + x2 x3 + x4^2 + x4 x5 + c x5^2 with c = 1 (q = 2), w (q = 4): t^2 + t + c has no root."""
    c = {2: 1, 4: 2}[q]
    times = _GF4[:q, :q]
    x = np.array(list(product(range(q), repeat=6)))
    first = x[np.arange(len(x)), np.argmax(x != 0, axis=1)]
    x = x[first == 1].T
    value = times[x[0], x[1]] ^ times[x[2], x[3]] ^ times[x[4], x[4]] ^ times[x[4], x[5]]
    x = x[:, (value ^ times[c, times[x[5], x[5]]]) == 0]
    a, b = x[:, :, None], x[:, None, :]
    # The polar form Q(x + y) - Q(x) - Q(y).
    polar = np.zeros((x.shape[1], x.shape[1]), dtype=np.int64)
    for i, j in ((0, 1), (2, 3), (4, 5)):
        polar ^= times[a[i], b[j]] ^ times[a[j], b[i]]
    joined = polar == 0
    np.fill_diagonal(joined, False)
    return np.asarray(joined, dtype=np.int64)
