"""Strongly regular graphs and their spectral embeddings as codes of two cosines."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simulations.codes.exact import Exact
from simulations.codes.golay import hexads

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Spectrum:
    """A strongly regular graph with integer eigenvalues: degree k > other > least.

    ``square`` holds the entries of A^2 on the diagonal, at edges and elsewhere: (k, lambda, mu).
    """

    size: int
    degree: int
    other: int
    least: int
    square: tuple[int, int, int]


def spectrum(adjacency: Ints) -> Spectrum:
    """Return the parameters and eigenvalues of a strongly regular graph from its adjacency matrix (v, v).

    From A^2 = k + lambda A + mu (J - 1 - A), all entries being compared: the eigenvalues other than k are the
    roots of x^2 - (lambda - mu) x - (k - mu).

    Raises:
        ValueError: the graph is not strongly regular, or its eigenvalues are not integers, or all are >= 0.
    """
    degree, common, other = _parameters(adjacency)
    square = (common - other) ** 2 + 4 * (degree - other)
    root = math.isqrt(square)
    if root * root != square or (common - other + root) % 2:
        raise ValueError("the graph has eigenvalues that are not integers")
    r, theta = (common - other + root) // 2, (common - other - root) // 2
    if theta >= 0:
        raise ValueError("the graph has no negative eigenvalue besides its degree and one more")
    return Spectrum(len(adjacency), degree, r, theta, (degree, common, other))


def embedding(adjacency: Ints) -> Exact:
    """Return the rows of the projection on the eigenspace of the negative eigenvalue, over the integers.

    For a connected strongly regular graph with integer eigenvalues k > r > theta the projection is
    (A - k)(A - r) up to a factor (Delsarte, Goethals and Seidel 1977): v points in dimension mult(theta)
    with cosines theta/k at edges and (-1 - theta)/(v - k - 1) elsewhere.

    Raises:
        ValueError: the matrix is not that of such a graph.
    """
    found = spectrum(adjacency)
    one = np.eye(found.size, dtype=np.int64)
    rows = _product(adjacency - found.degree * one, adjacency - found.other * one)
    if np.any(_product(rows, adjacency) != found.least * rows):
        raise ValueError("the graph has more than three eigenvalues")
    return Exact((rows // np.gcd.reduce(rows, axis=None))[:, :, None])


def _product(a: Ints, b: Ints) -> Ints:
    """Multiply integer matrices through floats; every partial sum stays below 2^53, so it is exact."""
    if len(a) * float(np.abs(a).max()) * float(np.abs(b).max()) >= 2**53:
        return a @ b
    return np.asarray((a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64))


def _square(adjacency: Ints) -> Ints:
    """Return A^2 of a 0/1 matrix; single precision is exact below 2^24."""
    if len(adjacency) >= 2**24 or not np.all((adjacency == 0) | (adjacency == 1)):
        raise ValueError("an adjacency matrix has entries 0 and 1")
    a = adjacency.astype(np.float32)
    return np.asarray((a @ a).astype(np.int64))


def _parameters(adjacency: Ints) -> tuple[int, int, int]:
    """Return (k, lambda, mu) of a strongly regular graph from A^2 = k + lambda A + mu (J - 1 - A)."""
    square = _square(adjacency)
    own = np.eye(len(adjacency), dtype=bool)
    edge = adjacency == 1
    if np.any(edge & own) or np.any(edge != edge.T):
        raise ValueError("the adjacency matrix of a graph is symmetric without loops")
    found = []
    for mask in (own, edge, ~(edge | own)):
        values = square[mask]
        if not values.size or values.min() != values.max():
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


def clebsch() -> Ints:
    """Sign vectors of R^5 with an even number of minus signs, joined at distance four: srg(16, 5, 0, 2)."""
    words = np.array([w for w in product((0, 1), repeat=5) if sum(w) % 2 == 0])
    return np.asarray(np.sum(words[:, None] != words[None], axis=2) == 4, dtype=np.int64)


def triangular(n: int) -> Ints:
    """Pairs of n things, joined when they meet: srg(n(n-1)/2, 2(n-2), n-2, 4)."""
    pairs = [frozenset({i, j}) for i in range(n) for j in range(i)]
    return np.array([[int(len(a & b) == 1) for b in pairs] for a in pairs])


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
