"""Vertices of regular and semiregular polytopes, root systems and Kerdock arrangements, exactly."""

from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.codes.exact import GOLDEN, TRIBONACCI, Exact, Ring, Symmetry, cosine_ring

Ints = NDArray[np.int64]
Integers = NDArray[np.integer[Any]]

# Elements of Z[phi] as (integer part, coefficient of phi); 1/phi = phi - 1.
_ZERO, _ONE, _PHI, _INVERSE = (0, 0), (1, 0), (0, 1), (-1, 1)


def integer(vectors: Integers) -> Exact:
    """Return integer vectors (N, k) as exact coordinates."""
    return Exact(vectors[:, :, None])


def polygon(N: int) -> Exact:
    """The regular N-gon: 2 cos and 2 sin of 2 pi j/N in Z[2 cos(2 pi/4N)]."""
    ring = cosine_ring(4 * N)
    table = _multiples(ring, 4 * N)
    # 2 sin x = 2 cos(x - pi/2), a quarter turn being N steps of 2 pi/4N.
    return Exact(np.array([[table[4 * j % (4 * N)], table[(4 * j - N) % (4 * N)]] for j in range(N)]), ring)


def _multiples(ring: Ring, m: int) -> list[list[int]]:
    """Return 2 cos(2 pi j/m), j = 0..m-1, by the recurrence c_{j+1} = c_1 c_j - c_{j-1}."""
    one = [int(i == 0) for i in range(ring.degree)]
    step = [int(i == 1) for i in range(ring.degree)]
    out = [[2 * c for c in one], step]
    while len(out) < m:
        out.append([a - b for a, b in zip(ring.times(step, out[-1]), out[-2], strict=True)])
    return out[:m]


def simplex(n: int) -> Exact:
    """The regular simplex in R^n: n+1 points in the hyperplane of zero sum of R^(n+1)."""
    return integer((n + 1) * np.eye(n + 1, dtype=np.int64) - 1)


def cross_polytope(n: int) -> Exact:
    """Plus and minus the standard basis of R^n."""
    return integer(np.concatenate([np.eye(n, dtype=np.int64), -np.eye(n, dtype=np.int64)]))


def _signed(vector: tuple[tuple[int, int], ...]) -> list[tuple[tuple[int, int], ...]]:
    """Return all sign changes of a vector over Z[phi]."""
    choices = [[(a, b), (-a, -b)] if (a, b) != _ZERO else [_ZERO] for a, b in vector]
    return list(product(*choices))


def icosahedron() -> Exact:
    """Cyclic permutations of (0, +-1, +-phi)."""
    rows = [v[k:] + v[:k] for v in _signed((_ZERO, _ONE, _PHI)) for k in range(3)]
    return Exact(np.array(rows), GOLDEN)


def dodecahedron() -> Exact:
    """(+-1, +-1, +-1) and the cyclic permutations of (0, +-1/phi, +-phi)."""
    rows = [v[k:] + v[:k] for v in _signed((_ZERO, _INVERSE, _PHI)) for k in range(3)]
    return Exact(np.array(_signed((_ONE,) * 3) + rows), GOLDEN)


def cuboctahedron() -> Exact:
    """All permutations of (+-1, +-1, 0)."""
    return integer(roots_d(3))


def _is_odd(order: tuple[int, ...]) -> bool:
    return sum(order[i] > order[j] for i, j in combinations(range(len(order)), 2)) % 2 == 1


def snub_cube() -> Exact:
    """Even permutations of (1, 1/t, t) with an even number of minus signs, odd ones with an odd number.

    Times t, so that the coordinates are 1, t, t^2 in Z[t].
    """
    rows = []
    for order in permutations(range(3)):
        odd = _is_odd(order)
        for signs in product((1, -1), repeat=3):
            if (signs.count(-1) % 2) == odd:
                # The powers of t in (1, 1/t, t) times t.
                rows.append(
                    [
                        [s * int(p == (1, 0, 2)[k]) for p in range(3)]
                        for k, s in zip(order, signs, strict=True)
                    ]
                )
    # A third of a turn about (1, 1, 1) and a quarter about the last axis generate the rotations of the cube.
    turns = ((np.array([1, 2, 0]), np.ones(3, dtype=np.int64)), (np.array([1, 0, 2]), np.array([1, -1, 1])))
    return Exact(np.array(rows), TRIBONACCI, turns)


def cell600() -> Exact:
    """The 120 icosians: 8 times 2e_i, 16 of (+-1)^4, 96 even permutations of (+-phi, +-1, +-1/phi, 0)."""
    even = [
        p for p in permutations(range(4)) if sum(p[i] > p[j] for i, j in combinations(range(4), 2)) % 2 == 0
    ]
    rows: list[tuple[tuple[int, int], ...]] = []
    for i in range(4):
        rows += _signed(tuple((2, 0) if j == i else _ZERO for j in range(4)))
    rows += _signed((_ONE,) * 4)
    rows += [tuple(v[k] for k in p) for v in _signed((_PHI, _ONE, _INVERSE, _ZERO)) for p in even]
    return Exact(np.array(rows), GOLDEN)


def roots_d(n: int) -> Ints:
    """The roots +-e_i +- e_j of D_n, (2n(n-1), n)."""
    rows = []
    for i, j in combinations(range(n), 2):
        for a, b in product((1, -1), repeat=2):
            row = np.zeros(n, dtype=np.int64)
            row[i], row[j] = a, b
            rows.append(row)
    return np.array(rows)


def roots_e8() -> Ints:
    """The 240 roots of E_8 times 2, (240, 8), squared norm 8."""
    half = np.array([s for s in product((1, -1), repeat=8) if s.count(-1) % 2 == 0], dtype=np.int64)
    return np.concatenate([2 * roots_d(8), half])


def half_cube(n: int) -> Ints:
    """The sign vectors with an even number of minus signs, (2^(n-1), n)."""
    return np.array([s for s in product((1, -1), repeat=n) if s.count(-1) % 2 == 0], dtype=np.int64)


# Primitive polynomials of GF(2^r) as bit masks.
_FIELDS = {3: 0b1011, 5: 0b100101, 7: 0b10000011}


def _multiply(a: int, b: int, r: int) -> int:
    out = 0
    while b:
        out ^= a if b & 1 else 0
        a <<= 1
        a ^= _FIELDS[r] if a >> r else 0
        b >>= 1
    return out


def _traces(r: int) -> list[int]:
    """Return the trace to GF(2) of every element of GF(2^r)."""
    out = []
    for a in range(1 << r):
        total, power = 0, a
        for _ in range(r):
            total ^= power
            power = _multiply(power, power, r)
        out.append(total & 1)
    return out


def kerdock(k: int) -> Exact:
    """The Kerdock arrangement in R^(4^k), k = 2, 3, 4: 2^(2k-1) + 1 mutually unbiased bases and negatives.

    The quadratic forms are Kerdock's: on (x, a) in GF(2^r) + GF(2), r = 2k - 1, for every s in GF(2^r)
    Q_s(x, a) = sum_{i=1}^{(r-1)/2} Tr((s x)^(2^i + 1)) + a Tr(s x) (Kerdock 1972; MacWilliams and Sloane,
    chapter 15, section 5). A basis is the set of sign vectors (-1)^(Q_s + linear); the last is 2^k e_i.

    Raises:
        ValueError: another k.
    """
    r = 2 * k - 1
    if r not in _FIELDS:
        raise ValueError(f"Kerdock arrangements are built for k = 2, 3, 4, not {k}")
    length = 2 << r
    points = np.arange(length)
    linear = np.array([[bin(i & j).count("1") & 1 for j in points] for i in points], dtype=np.int8)
    forms = np.array([_kerdock_form(s, r) for s in range(1 << r)], dtype=np.int8)
    signs = (1 - 2 * ((forms[:, None, :] + linear[None]) % 2)).reshape(-1, length).astype(np.int8)
    axes = (1 << k) * np.eye(length, dtype=np.int8)
    vectors = np.concatenate([signs, -signs, axes, -axes])
    # Multiplying by a linear character and translating by a vector changes Q_s by an affine function only.
    plain = np.ones(length, dtype=np.int64)
    maps: list[Symmetry] = [(points, -plain)]
    for bit in (1 << b for b in range(2 * k)):
        maps.append((points, 1 - 2 * linear[bit].astype(np.int64)))
        maps.append((points ^ bit, plain))
    return Exact(vectors[:, :, None], symmetries=tuple(maps))


def _kerdock_form(s: int, r: int) -> list[int]:
    """Return the values of Q_s at all (x, a), a being the top bit of the index."""
    trace = _traces(r)
    quadratic, straight = [], []
    for x in range(1 << r):
        y = _multiply(s, x, r)
        power, total = y, 0
        for _ in range((r - 1) // 2):
            power = _multiply(power, power, r)
            total ^= trace[_multiply(power, y, r)]
        quadratic.append(total)
        straight.append(total ^ trace[y])
    return quadratic + straight
