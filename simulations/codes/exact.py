"""Vectors over a ring Z[a] of algebraic integers: exact inner products, distance distributions, enclosures.

An element of Z[a] is its integer coefficients by 1, a, a^2, ... (last axis of an array). Matrix products
of integers go through floats where every partial sum stays below 2^53, so they are exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx, fmpq_mat, fmpz_mat, fmpz_poly
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Ints = NDArray[np.int64]
Enclosure = tuple[Fraction, Fraction]
Distribution = list[tuple[Any, int]]
# A signed permutation: coordinate i goes to place[i] and is multiplied by sign[i].
Symmetry = tuple[Ints, Ints]

_BITS = 256
# Elements of the largest Gram block.
_BLOCK = 1 << 22
# An odd multiplier of a hash modulo 2^64 (that of Knuth's linear congruential generator).
_HASH = 6364136223846793005


@dataclass(frozen=True)
class Ring:
    """Z[a] for a real root a of a monic irreducible polynomial.

    Attributes:
        minimal: coefficients of the polynomial, constant term first, the leading 1 included.
        near: a float that lies nearer to a than to the other real roots.
        symbol: a as a SymPy number.
    """

    minimal: tuple[int, ...]
    near: float
    symbol: Any

    @property
    def degree(self) -> int:
        return len(self.minimal) - 1

    @cached_property
    def reduction(self) -> Ints:
        """The powers 1, a, ..., a^(2 degree - 2) in the basis, (2 degree - 1, degree)."""
        d = self.degree
        powers = [[int(i == j) for j in range(d)] for i in range(d)]
        while len(powers) < 2 * d - 1:
            shifted = [0, *powers[-1]]
            powers.append([shifted[j] - shifted[d] * self.minimal[j] for j in range(d)])
        return np.array(powers, dtype=np.int64)

    def times(self, x: Sequence[int], y: Sequence[int]) -> list[int]:
        """Multiply two elements."""
        long = [0] * (2 * self.degree - 1)
        for i, a in enumerate(x):
            for j, b in enumerate(y):
                long[i + j] += int(a) * int(b)
        return [
            sum(c * int(r[k]) for c, r in zip(long, self.reduction, strict=True)) for k in range(self.degree)
        ]

    def ratio(self, x: Sequence[int], y: Sequence[int]) -> tuple[Fraction, ...]:
        """Return x/y in the field, as rational coefficients by powers of a."""
        d = self.degree
        columns = [self.times(y, [int(i == j) for j in range(d)]) for i in range(d)]
        matrix = fmpq_mat(d, d, [columns[j][i] for i in range(d) for j in range(d)])
        solution = matrix.solve(fmpq_mat(d, 1, [int(c) for c in x]))
        return tuple(Fraction(int(q.p), int(q.q)) for q in solution.entries())

    def ball(self, coefficients: Sequence[Fraction]) -> arb:
        """Enclose the number with these coefficients, to the precision of the flint context."""
        total = arb(0)
        for c in reversed(coefficients):
            total = total * self._root() + arb(c.numerator) / c.denominator
        return total

    def _root(self) -> arb:
        return _root_at(self, ctx.prec)

    def number(self, coefficients: Sequence[Fraction]) -> Any:
        """Return the number with these coefficients as a SymPy number."""
        terms = [
            sympy.Rational(c.numerator, c.denominator) * self.symbol**i for i, c in enumerate(coefficients)
        ]
        return sympy.expand(sympy.Add(*terms))


@lru_cache(maxsize=256)
def _root_at(ring: Ring, _precision: int) -> arb:
    """The generator of a ring at the precision of the context, which the second argument repeats."""
    if ring.degree == 1:
        return arb(-ring.minimal[0])
    found: Any = fmpz_poly(list(ring.minimal)).complex_roots()
    roots: list[arb] = [root.real for root, _ in found if root.imag == 0]
    return min(roots, key=lambda root: abs(_centre(root) - ring.near))


INTEGERS = Ring((0, 1), 0.0, sympy.Integer(0))
GOLDEN = Ring((-1, -1, 1), 1.618, (1 + sympy.sqrt(5)) / 2)
TRIBONACCI = Ring((-1, -1, -1, 1), 1.839, sympy.CRootOf(sympy.Poly("x**3-x**2-x-1", sympy.Symbol("x")), 0))


def cosine_ring(m: int) -> Ring:
    """Return Z[2 cos(2 pi/m)], m >= 5."""
    minimal = fmpz_poly.cos_minpoly(m)
    value = 2 * np.cos(2 * np.pi / m)
    return Ring(tuple(int(c) for c in minimal.coeffs()), float(value), 2 * sympy.cos(2 * sympy.pi / m))


@dataclass(frozen=True)
class Exact:
    """The points of a code before scaling: vectors of one squared norm over a ring.

    Attributes:
        vectors: (N, k, degree of the ring) integers; k may exceed the dimension that they span.
        ring: where the coordinates lie.
        symmetries: signed permutations of the coordinates that map the set to itself. What is asked of
            all pairs is then asked of one point of each orbit only. That they do is checked.

    Raises:
        ValueError: shape; squared norms that differ; a symmetry that is none (on first use).
        OverflowError: inner products beyond 64 bits.
    """

    vectors: Integers
    ring: Ring = INTEGERS
    symmetries: tuple[Symmetry, ...] = ()

    def __post_init__(self) -> None:
        if self.vectors.ndim != 3 or self.vectors.shape[2] != self.ring.degree:
            raise ValueError(f"exact coordinates are (N, k, {self.ring.degree}), not {self.vectors.shape}")
        dots = self._combined(lambda a, b: np.sum(self._operand[:, :, a] * self._operand[:, :, b], axis=1))
        if not np.all(dots == dots[0]):
            raise ValueError("the points of a code have one squared norm; found several")

    @cached_property
    def _operand(self) -> Any:
        """The vectors as floats where products of floats are exact, as Python integers otherwise."""
        largest = np.abs(self.vectors).max(axis=(0, 1)).astype(np.float64)
        d, k = self.ring.degree, self.vectors.shape[1]
        sizes = sum(
            largest[a] * largest[b] * np.abs(self.ring.reduction[a + b]).astype(np.float64)
            for a in range(d)
            for b in range(d)
        )
        return self.vectors.astype(np.float64 if k * np.max(sizes) < 2**53 else object)

    def _combined(self, product: Callable[[int, int], Any]) -> Ints:
        """Return the ring elements sum_{a,b} product(a, b) alpha^(a+b), (..., degree)."""
        d = self.ring.degree
        parts: list[Any] = [0] * d
        shape: tuple[int, ...] = ()
        for a in range(d):
            for b in range(d):
                dot = product(a, b)
                shape = np.shape(dot)
                for c, factor in enumerate(self.ring.reduction[a + b].tolist()):
                    parts[c] = parts[c] + factor * dot if factor else parts[c]
        return np.stack([np.broadcast_to(part, shape) for part in parts], axis=-1).astype(np.int64)

    @cached_property
    def norm(self) -> tuple[int, ...]:
        """The common squared norm, an element of the ring."""
        first = self._operand[0]
        dots = self._combined(lambda a, b: np.sum(first[:, a] * first[:, b]))
        return tuple(int(c) for c in dots)

    def gram(self, rows: slice | Ints) -> Ints:
        """Return the inner products of the rows with all points, (R, N, degree)."""
        left, right = self._operand[rows], self._operand
        return self._combined(lambda a, b: left[:, :, a] @ right[:, :, b].T)

    def cosine(self, element: Sequence[int]) -> tuple[Fraction, ...]:
        """Return an inner product divided by the squared norm, as coefficients by powers of a."""
        return self.ring.ratio([int(c) for c in element], self.norm)

    @cached_property
    def representatives(self) -> Ints:
        """One point of each orbit of the symmetries, after a check that they are symmetries."""
        count = len(self.vectors)
        if not self.symmetries:
            return np.arange(count)
        order = self._order(self.vectors)
        sorted_here = self.vectors[order]
        graph = []
        for place, sign in self.symmetries:
            moved = np.empty_like(self.vectors)
            moved[:, place] = self.vectors * sign.astype(self.vectors.dtype)[:, None]
            other = self._order(moved)
            if not np.array_equal(moved[other], sorted_here):
                raise ValueError("a stated symmetry does not map the code to itself")
            graph.append((other, order))
        i = np.concatenate([a for a, _ in graph])
        j = np.concatenate([b for _, b in graph])
        _, label = connected_components(coo_array((np.ones(len(i)), (i, j)), shape=(count, count)))
        return np.unique(label, return_index=True)[1]

    @staticmethod
    def _order(vectors: Integers) -> Ints:
        """Return an order of the points that depends on the set alone.

        By a hash where it tells all points apart, else by their bytes.
        """
        flat = np.ascontiguousarray(vectors).reshape(len(vectors), -1)
        keys = np.zeros(len(flat), dtype=np.uint64)
        for column in flat.T:
            keys = keys * np.uint64(_HASH) + column.astype(np.int64).view(np.uint64)
        order = np.argsort(keys, kind="stable")
        if np.all(np.diff(keys[order]) != 0):
            return order
        rows = flat.view(np.dtype((np.void, flat.shape[1] * flat.itemsize)))[:, 0]
        return np.argsort(rows, kind="stable")

    def distribution(self, point: int) -> Distribution:
        """Return the cosines seen from one point, itself left out, as SymPy numbers in rising order."""
        return self._named(self._count(np.array([point]))[0])

    def _named(self, counts: dict[tuple[int, ...], int]) -> Distribution:
        """Replace inner products by cosines, sorted by value."""
        cosines = [(self.cosine(element), count) for element, count in counts.items()]
        ordered = sorted(cosines, key=lambda pair: _centre(self.ring.ball(pair[0])))
        return [(self.ring.number(c), count) for c, count in ordered]

    def _count(self, points: Ints) -> list[dict[tuple[int, ...], int]]:
        """Return for each point how often each inner product with the other points occurs."""
        out = []
        step = max(1, _BLOCK // (len(self.vectors) * self.ring.degree))
        for start in range(0, len(points), step):
            rows = points[start : start + step]
            for row, values in zip(rows, self.gram(rows), strict=True):
                kinds, counts = _distinct(np.delete(values, row, axis=0))
                out.append({tuple(k): c for k, c in zip(kinds.tolist(), counts.tolist(), strict=True)})
        return out

    def distributions(self) -> list[tuple[Distribution, int]]:
        """Return the distance distributions that occur, each with the number of orbits it occurs on.

        One entry means that the code is distance-invariant: every point sees the same. Without stated
        symmetries every point is an orbit of its own.
        """
        return [(self._named(counts), orbits) for counts, orbits in self._kinds()]

    def profiles(self) -> list[dict[tuple[int, ...], int]]:
        """Return the distance distributions that occur, as counts by inner product (in the ring)."""
        return [counts for counts, _ in self._kinds()]

    def view(self, point: int = 0) -> dict[tuple[int, ...], int]:
        """Return what one point sees: the number of other points by inner product (in the ring)."""
        return self._count(np.array([point]))[0]

    def _kinds(self) -> list[tuple[dict[tuple[int, ...], int], int]]:
        """Return the distinct counts over one point of each orbit, with the number of orbits."""
        seen: dict[tuple[tuple[tuple[int, ...], int], ...], int] = {}
        for counts in self._count(self.representatives):
            key = tuple(sorted(counts.items()))
            seen[key] = seen.get(key, 0) + 1
        return [(dict(key), orbits) for key, orbits in seen.items()]

    @cached_property
    def largest(self) -> tuple[Fraction, ...]:
        """The largest cosine of two different points, over all pairs."""
        kinds: set[tuple[int, ...]] = set()
        reps = self.representatives
        step = max(1, _BLOCK // (len(self.vectors) * self.ring.degree))
        for start in range(0, len(reps), step):
            rows = reps[start : start + step]
            values = self.gram(rows)
            if self.ring.degree == 1:
                values[np.arange(len(rows)), rows] = np.iinfo(np.int64).min
                kinds.add((int(values.max()),))
                continue
            near = values @ self._powers
            near[np.arange(len(rows)), rows] = -np.inf
            # Floats of such size err by far less than this; ties are settled exactly.
            slack = 1e-10 * float(np.abs(values).max()) * float(np.abs(self._powers).sum())
            kinds.update(tuple(k) for k in _distinct(values[near >= near.max() - slack])[0].tolist())
        return self._greatest([self.cosine(k) for k in kinds])

    def _greatest(self, cosines: list[tuple[Fraction, ...]]) -> tuple[Fraction, ...]:
        """Compare by balls; distinct elements are distinct numbers, so enough bits separate them."""
        best = cosines[0]
        for other in cosines[1:]:
            bits = _BITS
            while other != best:
                with ctx.workprec(bits):
                    difference = self.ring.ball([a - b for a, b in zip(other, best, strict=True)])
                    if difference > 0:
                        best = other
                    if not difference.contains(0):
                        break
                bits *= 2
        return best

    def enclosure(self) -> Enclosure:
        """Return rationals around the largest cosine; equal where it is rational."""
        if not any(self.largest[1:]):
            return self.largest[0], self.largest[0]
        with ctx.workprec(_BITS):
            ball = self.ring.ball(self.largest)
            return fraction(ball.lower()), fraction(ball.upper())

    @cached_property
    def rank(self) -> int:
        """The dimension of the span, exact over the integers, numerically over other rings."""
        if self.ring.degree > 1:
            return int(np.linalg.matrix_rank(self._real()))
        v = self.vectors[:, :, 0].astype(np.float64)
        return int(fmpz_mat((v.T @ v).astype(np.int64).tolist()).rank())

    @property
    def _powers(self) -> Floats:
        """1, a, a^2, ... in floats."""
        units = np.eye(self.ring.degree, dtype=int).tolist()
        return np.array([_centre(self.ring.ball([Fraction(c) for c in unit])) for unit in units])

    def _real(self) -> Floats:
        return np.asarray(self.vectors.astype(np.float64) @ self._powers, dtype=np.float64)

    def points(self) -> Floats:
        """Return unit vectors (N, rank), in coordinates of the span where it is not the whole space."""
        v = self._real()
        if self.rank < v.shape[1]:
            _, axes = np.linalg.eigh(v.T @ v)
            v = v @ axes[:, -self.rank :]
        return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _distinct(values: Ints) -> tuple[Ints, Ints]:
    """Return the distinct rows of (M, degree) integers and their counts."""
    if values.shape[1] == 1:
        kinds, counts = np.unique(values[:, 0], return_counts=True)
        return kinds[:, None], counts
    low = values.min(axis=0)
    sizes = values.max(axis=0) - low + 1
    if float(np.prod(sizes.astype(np.float64))) >= 2**62:
        return np.unique(values, axis=0, return_counts=True)
    strides = np.concatenate([[1], np.cumprod(sizes[:-1])])
    _, first, counts = np.unique((values - low) @ strides, return_index=True, return_counts=True)
    return values[first], counts


def _centre(ball: arb) -> float:
    return float(ball.mid())


def fraction(end: arb) -> Fraction:
    """Return the midpoint of a ball, a dyadic rational."""
    mantissa, exponent = end.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
