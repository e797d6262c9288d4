"""Codes with exact coordinates against their distance distributions in the literature."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

from simulations.codes import CONSTRUCTIONS, best_known, construct, construction, constructions, known
from simulations.codes.exact import GOLDEN, TRIBONACCI, Exact, cosine_ring
from simulations.codes.golay import golay, octads
from simulations.codes.graphs import embedding, hoffman_singleton, petersen

F = Fraction

# Counts seen from one point and design strength, as in Conway and Sloane, Cohn and Kumar 2007,
# Delsarte, Goethals and Seidel 1977.
RATIONAL = {
    "cuboctahedron": (3, {F(-1): 1, F(-1, 2): 4, F(0): 2, F(1, 2): 4}, 3),
    "petersen": (4, {F(-2, 3): 3, F(1, 6): 6}, 2),
    "24-cell": (4, {F(-1): 1, F(-1, 2): 8, F(0): 6, F(1, 2): 8}, 5),
    "half-5-cube": (5, {F(-3, 5): 5, F(1, 5): 10}, 3),
    "schlaefli": (6, {F(-1, 2): 10, F(1, 4): 16}, 4),
    "E6": (6, {F(-1): 1, F(-1, 2): 20, F(0): 30, F(1, 2): 20}, 5),
    "gosset": (7, {F(-1): 1, F(-1, 3): 27, F(1, 3): 27}, 5),
    "E7": (7, {F(-1): 1, F(-1, 2): 32, F(0): 60, F(1, 2): 32}, 5),
    "E8": (8, {F(-1): 1, F(-1, 2): 56, F(0): 126, F(1, 2): 56}, 7),
    "kerdock-16": (16, {F(-1): 1, F(-1, 4): 128, F(0): 30, F(1, 4): 128}, 5),
    "gewirtz": (20, {F(-2, 5): 10, F(1, 15): 45}, 2),
    "hoffman-singleton": (21, {F(-3, 7): 7, F(1, 21): 42}, 2),
    "m22": (21, {F(-3, 8): 16, F(1, 12): 60}, 2),
    "isotropic-3": (21, {F(-1, 3): 30, F(1, 9): 81}, 3),
    "smith": (21, {F(-2, 7): 56, F(1, 7): 105}, 3),
    "higman-sims": (22, {F(-4, 11): 22, F(1, 11): 77}, 3),
    "mclaughlin": (22, {F(-1, 4): 112, F(1, 6): 162}, 4),
    "leech-891": (22, {F(-1, 2): 42, F(-1, 8): 512, F(1, 4): 336}, 5),
    "equiangular-552": (23, {F(-1): 1, F(-1, 5): 275, F(1, 5): 275}, 5),
    "isotropic-4": (52, {F(-1, 4): 68, F(1, 16): 256}, 3),
    "simplex-6": (6, {F(-1, 6): 6}, 2),
    "cross-polytope-5": (5, {F(-1): 1, F(0): 8}, 3),
}
LARGE = {
    "barnes-wall": (
        16,
        {F(-1): 1, F(-1, 2): 280, F(-1, 4): 1024, F(0): 1710, F(1, 4): 1024, F(1, 2): 280},
        7,
    ),
    "kerdock-64": (64, {F(-1): 1, F(-1, 8): 2048, F(0): 126, F(1, 8): 2048}, 5),
    "leech-4600": (23, {F(-1): 1, F(-1, 3): 891, F(0): 2816, F(1, 3): 891}, 7),
    "leech": (
        24,
        {F(-1): 1, F(-1, 2): 4600, F(-1, 4): 47104, F(0): 93150, F(1, 4): 47104, F(1, 2): 4600},
        11,
    ),
    "isotropic-5": (105, {F(-1, 5): 130, F(1, 25): 625}, 3),
}


def gegenbauer(n, k, t):
    """P_k with P_k(1) = 1 by the three-term recurrence, exactly."""
    before, here = t * 0 + 1, t
    if k == 0:
        return before
    for j in range(1, k):
        before, here = here, ((2 * j + n - 2) * t * here - j * before) / (j + n - 2)
    return here


def moments(n, distribution, strength):
    """Sums of P_k over one row of the Gram matrix, k = 1 .. strength + 1."""
    return [
        sum(count * gegenbauer(n, k, t) for t, count in distribution.items()) + 1
        for k in range(1, strength + 2)
    ]


def check(name, expected):
    n, counts, strength = expected
    code = construct(name)
    planned = construction(name)
    assert code.points.shape == (sum(counts.values()) + 1, n) == (planned.N, planned.n)
    (distribution, _), *others = code.exact.distributions()
    assert not others  # every point sees the same
    assert {F(int(t.p), int(t.q)): c for t, c in distribution} == counts
    assert code.max_cosine_enclosure == (max(counts), max(counts))
    assert code.max_cosine_exact == sympy.Rational(max(counts).numerator, max(counts).denominator)
    assert np.allclose(np.linalg.norm(code.points, axis=1), 1, atol=1e-14)
    seen = np.sort(code.points @ code.points[0])
    listed = sorted([1.0, *(float(t) for t, c in counts.items() for _ in range(c))])
    assert np.allclose(seen, listed, atol=1e-13)
    sums = moments(n, counts, strength)
    assert all(value == 0 for value in sums[:-1])
    # One degree more does not vanish, unless the code is antipodal and the degree odd.
    assert sums[-1] != 0


@pytest.mark.parametrize("name", RATIONAL)
def test_distribution(name):
    n, counts, strength = RATIONAL[name]
    check(name, (n, counts, strength))


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_distribution_of_large_codes(name):
    check(name, LARGE[name])


def test_leech_vectors_of_a_row():
    # One row of the Gram matrix from the integers themselves; all rows are for the slow test.
    from simulations.codes.golay import leech

    vectors = leech().astype(np.float64)
    assert np.all(np.sum(vectors**2, axis=1) == 32)
    kinds, counts = np.unique(vectors @ vectors[100_000], return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {
        -32.0: 1,
        -16.0: 4600,
        -8.0: 47104,
        0.0: 93150,
        8.0: 47104,
        16.0: 4600,
        32.0: 1,
    }


GOLD = (1 + sympy.sqrt(5)) / 4
SMALL = (sympy.sqrt(5) - 1) / 4
HALF = sympy.Rational(1, 2)


@pytest.mark.parametrize(
    ("name", "expected", "strength"),
    [
        ("icosahedron", {-1: 1, -1 / sympy.sqrt(5): 5, 1 / sympy.sqrt(5): 5}, 5),
        (
            "600-cell",
            {-1: 1, -GOLD: 12, GOLD: 12, -HALF: 20, HALF: 20, -SMALL: 12, SMALL: 12, 0: 30},
            11,
        ),
        (
            "dodecahedron",
            {
                -1: 1,
                -sympy.sqrt(5) / 3: 3,
                sympy.sqrt(5) / 3: 3,
                -sympy.Rational(1, 3): 6,
                sympy.Rational(1, 3): 6,
            },
            5,
        ),
    ],
)
def test_golden_codes(name, expected, strength):
    code = construct(name)
    ((distribution, orbits),) = code.exact.distributions()
    assert orbits == code.N
    assert {sympy.nsimplify(sympy.simplify(t)): c for t, c in distribution} == {
        sympy.nsimplify(sympy.simplify(t)): c for t, c in expected.items()
    }
    sums = moments(code.n, {sympy.sympify(t): c for t, c in expected.items()}, strength)
    assert all(sympy.expand(value) == 0 for value in sums[:-1])
    assert sympy.expand(sums[-1]) != 0
    low, high = code.max_cosine_enclosure
    assert low < max(expected, key=float) < high
    assert high - low < F(1, 2**200)


def test_snub_cube():
    code = construct("snub-cube")
    with mpmath.workdps(60):
        t = mpmath.findroot(lambda x: x**3 - x**2 - x - 1, 1.84)
        s = (t - 1) / (3 - t)
        low, high = (mpmath.mpf(q.numerator) / q.denominator for q in code.max_cosine_enclosure)
        assert abs(low - s) < mpmath.mpf(10) ** -50
        assert abs(high - s) < mpmath.mpf(10) ** -50
    ((distribution, _),) = code.exact.distributions()
    assert distribution[-1][1] == 5
    gram = code.points @ code.points.T - 2 * np.eye(24)
    assert gram.max() == pytest.approx(float(s), abs=1e-14)


@pytest.mark.parametrize("N", [3, 4, 5, 6, 7, 12, 16, 23])
def test_polygon(N):
    code = construct(f"polygon-{N}")
    assert code.points.shape == (N, 2)
    low, high = code.max_cosine_enclosure
    with mpmath.workdps(60):
        s = mpmath.cos(2 * mpmath.pi / N)
        assert mpmath.mpf(low.numerator) / low.denominator <= s + mpmath.mpf(10) ** -55
        assert mpmath.mpf(high.numerator) / high.denominator >= s - mpmath.mpf(10) ** -55
    assert high - low < F(1, 2**200)
    ((distribution, _),) = code.exact.distributions()
    cosines = [float(t) for t, c in distribution for _ in range(c)]
    assert np.allclose(cosines, np.sort(np.cos(2 * np.pi * np.arange(1, N) / N)), atol=1e-12)


def test_a_large_polygon_has_an_enclosure_only():
    code = construct("polygon-1000")
    assert code.exact is None
    low, high = code.max_cosine_enclosure
    assert low < np.cos(2 * np.pi / 1000) < high or abs(float(low) - np.cos(2 * np.pi / 1000)) < 1e-15
    assert high - low < F(1, 2**200)


def test_products_beyond_floats_are_exact():
    # 10^8 squared is no sum of floats to the last digit.
    big = Exact(np.array([[10**8 + 1, 10**8], [10**8, 10**8 + 1]])[:, :, None])
    assert big.gram(slice(0, 1)).tolist() == [[[2 * 10**16 + 2 * 10**8 + 1], [2 * 10**16 + 2 * 10**8]]]
    assert big.largest == (F(2 * 10**16 + 2 * 10**8, 2 * 10**16 + 2 * 10**8 + 1),)


@pytest.mark.parametrize("name", ["D5", "P9a", "P12a", "icosahedron-minus-1"])
def test_codes_that_are_not_distance_invariant(name):
    code = construct(name)
    planned = construction(name)
    assert code.points.shape == (planned.N, planned.n)
    gram = code.points @ code.points.T - 2 * np.eye(code.N)
    assert gram.max() == pytest.approx(code.max_cosine, abs=1e-14)
    assert code.max_cosine == pytest.approx(known()[code.n, code.N].max_cosine, abs=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["new-signs-19", "new-signs-20", "new-signs-21", "lambda-23", "kerdock-256"])
def test_large_records(name):
    code = construct(name)
    planned = construction(name)
    assert code.points.shape == (planned.N, planned.n)
    assert code.max_cosine_enclosure[0] == code.max_cosine_enclosure[1]
    assert code.max_cosine == known()[code.n, code.N].max_cosine
    sample = code.points[:: code.N // 200]
    assert (sample @ code.points.T).round(9).max() == 1
    assert np.sort((sample @ code.points.T).round(9), axis=1)[:, -2].max() == code.max_cosine
    assert len(np.unique(code.points.round(6), axis=0)) == code.N


def test_every_record_of_the_table_is_matched_by_its_construction():
    for row in known().values():
        for planned in CONSTRUCTIONS.values():
            if planned.record and (planned.n, planned.N) == (row.n, row.N) and row.N < 300:
                code = best_known(row.n, row.N)
                assert abs(code.max_cosine - row.max_cosine) < 1e-15


def test_golay_code():
    weights, counts = np.unique(golay().sum(axis=1), return_counts=True)
    assert dict(zip(weights.tolist(), counts.tolist(), strict=True)) == {
        0: 1,
        8: 759,
        12: 2576,
        16: 759,
        24: 1,
    }
    assert len(np.unique(golay(), axis=0)) == 4096
    # Steiner system S(5, 8, 24): some five points lie in exactly one octad.
    for five in ([0, 1, 2, 3, 4], [0, 5, 11, 17, 23], [2, 7, 8, 19, 22]):
        assert np.sum(np.all(octads()[:, five] == 1, axis=1)) == 1


def test_rankin_codes():
    for n in range(1, 9):
        for N in range(2, 2 * n + 1):
            code = best_known(n, N)
            s = F(-1, N - 1) if n + 1 >= N else F(0)
            assert code.points.shape == (N, n)
            assert code.max_cosine_enclosure == (s, s)
            assert np.linalg.matrix_rank(code.points) == (N - 1 if n + 1 >= N else n)


def test_best_known_gives_records_only():
    assert best_known(3, 20) is None
    assert best_known(4, 25) is None
    assert best_known(3, 12).name == "icosahedron"
    assert best_known(2, 9).name == "polygon-9"


def test_constructions_of_a_dimension():
    assert [code.N for code in constructions(4)] == [5, 8, 10, 24, 120]
    assert [code.N for code in constructions(7)] == [8, 14, 56, 126]


@pytest.mark.parametrize("name", ["nothing", "polygon-2", "simplex-0", "kerdock-32", ""])
def test_unknown_names(name):
    with pytest.raises(ValueError, match="a construction is one of"):
        construct(name)


@pytest.mark.parametrize(("n", "N"), [(0, 2), (3, 1), (1, 3)])
def test_no_such_code(n, N):
    with pytest.raises(ValueError, match="a code needs"):
        best_known(n, N)


def test_exact_vectors_are_checked():
    with pytest.raises(ValueError, match="one squared norm"):
        Exact(np.array([[1, 0], [1, 1]])[:, :, None])
    with pytest.raises(ValueError, match="exact coordinates are"):
        Exact(np.array([[1, 0], [0, 1]]))
    with pytest.raises(OverflowError):
        _ = Exact(np.array([[10**10, 0], [0, 10**10]])[:, :, None]).largest
    turn = (np.array([1, 0]), np.array([1, 1]))
    false = Exact(np.array([[3, 4], [3, -4]])[:, :, None], symmetries=(turn,))
    with pytest.raises(ValueError, match="does not map the code to itself"):
        _ = false.largest


def test_symmetries_only_save_work():
    with_symmetries = construct("kerdock-16").exact
    without = Exact(with_symmetries.vectors)
    assert len(with_symmetries.representatives) < 20
    assert without.largest == with_symmetries.largest
    assert without.distributions()[0][0] == with_symmetries.distributions()[0][0]


def test_embedding_refuses_other_graphs():
    path = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])
    with pytest.raises(ValueError, match="not strongly regular"):
        embedding(path)
    assert embedding(petersen()).rank == 4
    assert np.all(hoffman_singleton().sum(axis=1) == 7)


@pytest.mark.parametrize("ring", [GOLDEN, TRIBONACCI, cosine_ring(28)])
def test_ring_arithmetic_against_sympy(ring):
    rng = np.random.default_rng(1)
    x = sympy.Symbol("x")
    minimal = sympy.Poly(list(reversed(ring.minimal)), x)
    for _ in range(5):
        a, b = rng.integers(-9, 10, (2, ring.degree)).tolist()
        b[0] += 40  # not zero
        product = sympy.Poly(a[::-1], x) * sympy.Poly(b[::-1], x)
        remainder = product.rem(minimal).all_coeffs()[::-1]
        ours = ring.times(a, b)
        assert ours == [int(c) for c in remainder] + [0] * (ring.degree - len(remainder))
        quotient = ring.ratio(a, b)
        back = [sum(q * F(c) for q, c in zip(quotient, col, strict=True)) for col in columns(ring, b)]
        assert back == a


def columns(ring, b):
    """Rows of the matrix of multiplication by b."""
    images = [ring.times(b, [int(i == j) for j in range(ring.degree)]) for i in range(ring.degree)]
    return [[images[i][k] for i in range(ring.degree)] for k in range(ring.degree)]
