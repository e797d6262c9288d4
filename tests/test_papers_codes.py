"""Statements on spherical codes: their quantities against independent oracles, and wrong versions of them."""

import itertools
import json
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import Real, precision
from bounds.packing import best_bounds, certify, extremal, gegenbauer, linear
from simulations.codes import CONSTRUCTIONS, construct, isometric
from simulations.codes.algebraic import Algebraic, root_five
from simulations.codes.exact import GOLDEN, INTEGERS, TRIBONACCI, Exact, cosine_ring
from simulations.codes.golay import golay, nordstrom_robinson
from simulations.codes.graphs import clebsch, embedding, isotropic, petersen, spectrum, triangular
from simulations.codes.polytopes import integer, snub_cube
from simulations.codes.profile import profile, spans, spectral_profile
from verify import certified, code_profiles
from verify.checkers.points import check_points
from verify.context import Context
from verify.decide import decide
from verify.instances import exact_instance
from verify.papers import catalogue, dgs1977
from verify.papers.bv2008 import least_coefficient
from verify.papers.ck2007 import optimal as best
from verify.papers.ck2007 import universal
from verify.papers.splag_codes import graphs, programmes, table
from verify.vocabulary import measure

F = Fraction


def value(symbol, **point):
    with precision(192):
        batch = exact_instance({k: F(v) for k, v in point.items()})
        return measure(batch, symbol)[0]


def verdict(statement):
    return decide(check_points(statement, Context()), refute_threshold=math.log(1e6))


# -- number fields ------------------------------------------------------------

small = st.fractions(min_value=-9, max_value=9, max_denominator=12)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(small, small, small, small)
def test_arithmetic_in_the_golden_field_against_sympy(a, b, c, d):
    x, y = root_five(a, b), root_five(c, d)
    root = sympy.sqrt(5)
    u, v = (sympy.Rational(p) + sympy.Rational(q) * root for p, q in ((a, b), (c, d)))
    operations = {x + y: u + v, x - y: u - v, x * y: u * v, 3 - x: 3 - u, x**3: u**3}
    if v != 0:
        operations |= {x / y: u / v, 2 / y: 2 / v}
    for found, expected in operations.items():
        exact = sum(sympy.Rational(q) * GOLDEN.symbol**i for i, q in enumerate(found.coefficients))
        assert sympy.expand(sympy.radsimp(exact - expected)) == 0


def test_a_cubic_field():
    t = Algebraic.make(TRIBONACCI, [0, 1])
    assert t**3 == t**2 + t + 1
    assert (t - 1) / (3 - t) * (3 - t) == t - 1
    with mpmath.workdps(40):
        root = mpmath.findroot(lambda x: x**3 - x**2 - x - 1, 1.84)
        assert abs(float((t - 1) / (3 - t)) - float((root - 1) / (3 - root))) < 1e-14
    assert (t - t).fraction == 0
    assert t.fraction is None
    with pytest.raises(ValueError, match="same ring"):
        t + root_five(1, 0)
    with pytest.raises(ValueError, match="zero"):
        t / (t - t)


@pytest.mark.parametrize("k", [5, 7, 12])
def test_multiples_of_a_turn(k):
    for j in range(k):
        found = code_profiles.turn(k, j)
        assert found.ring == cosine_ring(4 * k)
        assert float(found) == pytest.approx(math.cos(2 * math.pi * j / k), abs=1e-14)


# -- profiles of codes ------------------------------------------------------------


def brute(points, tol=1e-9):
    """Size, rank, and the sorted distinct cosines with the counts at the first point, in floats."""
    gram = points @ points.T
    row = np.sort(np.delete(gram[0], 0))[::-1]
    values, counts = [], []
    for t in row:
        if values and abs(values[-1] - t) < tol:
            counts[-1] += 1
        else:
            values.append(t)
            counts.append(1)
    return len(points), int(np.linalg.matrix_rank(points, tol=1e-8)), values, counts


def design_strength(points):
    """Largest t such that all sums over pairs of P_1, ..., P_t vanish, in floats."""
    rank = int(np.linalg.matrix_rank(points, tol=1e-8))
    gram = np.clip(points @ points.T, -1, 1).ravel()
    sums = gegenbauer.matrix(rank, gram, 13).sum(axis=0)
    return next(k - 1 for k in range(1, 14) if abs(sums[k]) > 1e-6 * len(gram))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "icosahedron",
            "dodecahedron",
            "snub-cube",
            "petersen-derived",
            "half-5-cube-derived",
            "isotropic-2",
        ),
        *("24-cell", "600-cell", "gosset", "isotropic-3-derived", "nordstrom-robinson", "smith", "m22", "E6"),
        "polygon-9",
    ],
)
def test_profiles_against_floats(name):
    code = construct(name)
    found = profile(code.exact)
    size, rank, values, counts = brute(code.points)
    assert (found.size, found.rank, list(found.counts)) == (size, rank, counts)
    assert [float(t) for t in found.cosines] == pytest.approx(values, abs=1e-12)
    assert found.kinds == 1
    assert found.strength == design_strength(code.points)


def test_profile_of_a_code_whose_points_see_different_things():
    # Two orthogonal pairs and one more point.
    found = profile(integer(np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1]])))
    assert found.kinds == 2
    assert found.strength == 0


def test_all_vertices_of_the_snub_cube_are_equivalent():
    exact = snub_cube()
    assert profile(exact).orbits == 1
    assert profile(Exact(exact.vectors, exact.ring)).orbits == 24
    reflection = (np.arange(3), np.array([1, 1, -1]))
    with pytest.raises(ValueError, match="does not map"):
        profile(Exact(exact.vectors, exact.ring, (reflection,)))


@pytest.mark.parametrize("graph", [petersen, clebsch, lambda: isotropic(3), lambda: triangular(6)])
def test_spectral_profiles_against_coordinates(graph):
    adjacency = graph()
    by_square, by_rows = spectral_profile(adjacency), profile(embedding(adjacency))
    assert (by_square.size, by_square.rank, by_square.counts) == (by_rows.size, by_rows.rank, by_rows.counts)
    assert [t.fraction for t in by_square.cosines] == [t.fraction for t in by_rows.cosines]
    assert by_square.strength == by_rows.strength
    eigenvalues = np.linalg.eigvalsh(adjacency.astype(float))
    found = spectrum(adjacency)
    assert sorted({round(x) for x in eigenvalues}) == [found.least, found.other, found.degree]
    assert by_square.rank == np.sum(np.abs(eigenvalues - found.least) < 1e-6)


def test_graphs_that_are_not_strongly_regular_are_refused():
    path = np.diag(np.ones(3, dtype=np.int64), 1)
    with pytest.raises(ValueError, match="strongly regular"):
        spectrum(path + path.T)
    pentagon = np.array([[int((i - j) % 5 in (1, 4)) for j in range(5)] for i in range(5)])
    with pytest.raises(ValueError, match="not integers"):
        spectrum(pentagon)
    with pytest.raises(ValueError, match="symmetric"):
        spectrum(path)


def test_the_nordstrom_robinson_code():
    words = nordstrom_robinson()
    assert words.shape == (256, 16)
    distances = {int(np.sum(a != b)) for a, b in itertools.combinations(words, 2)}
    assert distances == {6, 8, 10, 16}
    assert spans(words) > 8  # not linear: more than log2(256) independent words
    assert spans(golay()) == 12


def test_the_order_of_points_depends_on_the_set_alone():
    rng = np.random.default_rng(2)
    vectors = rng.integers(-3, 4, (200, 6, 2)).astype(np.int8)
    twice = np.concatenate([vectors, vectors[:5]])  # equal points have equal hashes: sorted by their bytes
    for points in (np.unique(vectors, axis=0), twice):
        mixed = points[rng.permutation(len(points))]
        assert np.array_equal(points[Exact._order(points)], mixed[Exact._order(mixed)])


def test_constructions_that_are_listed_twice_are_isometric():
    for a, b in (
        ("petersen", "petersen-derived"),
        ("half-5-cube", "half-5-cube-derived"),
        ("schlaefli", "isotropic-2"),
    ):
        assert isometric(construct(a).points, construct(b).points)
        assert CONSTRUCTIONS[b].again


# -- the table ------------------------------------------------------------

SMALL = [row for row in table.ROWS if row.size <= 300]


@pytest.mark.parametrize("row", SMALL, ids=lambda row: row.key)
def test_a_wrong_row_is_refuted(row):
    """One number of a row changed: the statement must say fail, with the number that the code has."""
    (cosine, count), *others = row.seen
    wrong = [
        table.Row(*(getattr(row, f) if f != "size" else row.size + 2 for f in row.__dataclass_fields__)),
        table.Row(*(getattr(row, f) if f != "n" else row.n + 1 for f in row.__dataclass_fields__)),
        table.Row(
            *(
                getattr(row, f) if f != "seen" else ((cosine, count + 1), *others)
                for f in row.__dataclass_fields__
            )
        ),
    ]
    for version in wrong:
        found = verdict(table.statement(version))
        assert found.verdict == "refuted"
    assert verdict(table.statement(row)).verdict == "proved"


def test_the_counts_of_every_row_add_up():
    # A row that contradicts itself would be refuted whatever the code.
    for row in table.ROWS:
        assert 1 + sum(c for _, c in row.seen) == row.size
        # The trace identity of a 1-design and of a 2-design.
        assert sympy.simplify(1 + sum(c * t for t, c in row.seen)) == 0
        assert sympy.simplify(1 + sum(c * t**2 for t, c in row.seen) - sympy.Rational(row.size, row.n)) == 0


def test_a_derived_code_by_hand():
    # The roots of E_8 at 60 degrees to one: 56 points with cosines (c - 1/4)/(3/4).
    step = graphs._step(0, 0)
    assert (step.size, step.misses) == (56, 0)
    assert step.after == (step.before - F(1, 4)) / F(3, 4)
    assert value(graphs.derived_misses, chain=2, step=1) == 0


# -- extremal polynomials ------------------------------------------------------------


def weight_mean(n, f):
    """The mean of f over the inner product of two random unit vectors in R^n, by quadrature."""

    def w(t):
        return (1 - t * t) ** (mpmath.mpf(n - 3) / 2)

    return mpmath.quad(lambda t: f(t) * w(t), [-1, 0, 1]) / mpmath.quad(w, [-1, 0, 1])


@pytest.mark.parametrize("n", [3, 5, 8])
def test_products_and_means(n):
    roots = [F(1, 2), F(-1, 3), F(-1, 3), F(-1)]
    c = extremal.product(n, roots)
    for t in (F(0), F(2, 7), F(-4, 5)):
        p = gegenbauer.values(n, t, len(c) - 1)
        assert sum(a * b for a, b in zip(c, p, strict=True)) == math.prod(t - r for r in roots)
    mean = weight_mean(n, lambda t: mpmath.fprod(t - mpmath.mpf(r.numerator) / r.denominator for r in roots))
    assert float(c[0]) == pytest.approx(float(mean), rel=1e-10)


@pytest.mark.parametrize(("n", "s"), [(3, F(4, 5)), (4, F(1, 2)), (8, F(1, 3)), (24, F(1, 2)), (2, F(1, 3))])
def test_levenshtein_polynomial_and_quadrature(n, s):
    degree = extremal.degree_at(n, s)
    found = extremal.levenshtein_polynomial(n, degree, s)
    assert found.polynomial.degree() == degree
    bound = extremal.value(n, degree, s)
    assert extremal.ratio(n, found.polynomial) == bound
    assert min(gegenbauer.expand(n, found.polynomial)) >= 0
    with precision(192):
        rule = extremal.quadrature(n, found, degree)
        assert 1 / rule.rho == bound
        # The rule integrates all powers up to the degree.
        for j in range(degree + 1):
            exact = (
                weight_mean(n, lambda t, j=j: t**j)
                if n > 2
                else mpmath.mpf(math.comb(j, j // 2) * (1 - j % 2)) / 2**j
            )
            total = rule.rho + sum((w * t**j for w, t in zip(rule.weights, rule.nodes, strict=True)), Real(0))
            assert float(total) == pytest.approx(float(exact), abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_bound_is_continuous_at_the_ends(n):
    for degree in range(1, 9):
        assert extremal.jump(n, degree) == 0
        end = extremal.adjacent(n, (degree + 1) // 2, even=degree % 2 == 0)
        with precision(256):
            zero = -extremal.largest_zero_gap(end, F(0))
            low, high = (float(extremal.value(n, m, zero)) for m in (degree, degree + 1))
        assert low == pytest.approx(high, rel=1e-12)
    # The bounds of two degrees differ where neither ends.
    assert extremal.value(n, 3, F(1, 100)) != extremal.value(n, 4, F(1, 100))


def test_a_wrong_degree_has_no_rule():
    n, s = 4, F(1, 2)
    degree = extremal.degree_at(n, s)
    found = extremal.levenshtein_polynomial(n, degree, s)
    with precision(128), pytest.raises(ArithmeticError):
        extremal.quadrature(n, found, degree + 2)


@pytest.mark.parametrize("n", [3, 5, 11])
def test_dual_measures_bound_the_linear_programme_from_below(n):
    hint = linear.solve(n, 0.5, 12)
    found = extremal.dual(n, F(1, 2), 12, hint)
    table_ = gegenbauer.matrix(n, np.array([float(t) for t in found.nodes]), 12)
    sums = np.array([float(a) for a in found.weights]) @ table_
    assert np.all(sums[1:] >= -1 - 1e-9)
    assert float(found.value) == pytest.approx(hint.value, rel=1e-6)
    assert found.value <= F(hint.value) * (1 + F(1, 10**7))
    # Weak duality against a polynomial that has nothing to do with the solver.
    f = extremal.levenshtein_polynomial(n, extremal.degree_at(n, F(1, 2)), F(1, 2)).polynomial
    assert found.value <= extremal.ratio(n, f)


def test_largest_zeros():
    p = extremal.adjacent(3, 2, even=True)  # P_2 of dimension 5: zeros +-1/sqrt 5
    with precision(128):
        assert float(extremal.largest_zero_gap(p, F(1, 2))) == pytest.approx(0.5 - 5**-0.5)
    exact = extremal.adjacent(8, 3, even=True)  # P_3 of dimension 10: zeros 0 and +-1/2
    with precision(128):
        assert extremal.largest_zero_gap(exact, F(1, 2)).fraction == 0
        assert extremal.largest_zero_gap(exact, F(0)) < 0  # a zero, and not the largest


# -- certificates and energies ------------------------------------------------------------


def test_the_certificate_of_the_600_cell():
    found = best.optimal(code_profiles.number("600-cell"), 0)
    assert found.ratio == 120
    points = construct("600-cell").points
    gram = np.clip(points @ points.T, -1, 1)
    coefficients, _ = best._andreev(4, code_profiles.view_of(code_profiles.number("600-cell")).cosines)
    f = np.array([float(c) for c in coefficients])
    t = np.linspace(-1, float((1 + math.sqrt(5)) / 4), 4001)
    assert np.max(gegenbauer.matrix(4, t, 17) @ f) < 1e-12
    assert np.all(np.abs(f[[11, 12, 13]]) == 0)
    assert f.min() >= 0
    # The theorem on the code itself: the sum of f over all pairs is N f(1).
    assert (gegenbauer.matrix(4, gram.ravel(), 17) @ f).sum() == pytest.approx(120 * f.sum())


def test_equality_needs_both_conditions():
    number = code_profiles.number
    sharp = dgs1977.equality(number("E8"), 0, 0)
    assert (sharp.attained, sharp.zeros, sharp.design) == (True, True, True)
    shifted = dgs1977.equality(number("E8"), 0, 3)
    assert (shifted.admissible, shifted.attained, shifted.zeros, shifted.design) == (True, False, False, True)
    other = dgs1977.equality(number("24-cell"), 0, 0)
    assert (other.attained, other.zeros, other.design) == (False, True, False)


@pytest.mark.parametrize(
    ("kind", "p"), [(universal.RIESZ, F(3)), (universal.GAUSS, F(2)), (universal.POWER, F(9))]
)
@pytest.mark.parametrize("name", ["icosahedron", "schlaefli", "600-cell"])
def test_interpolants_and_energies(name, kind, p):
    code = code_profiles.number(name)
    points = construct(name).points
    gram = points @ points.T
    f = {
        universal.RIESZ: lambda r: r ** -float(p),
        universal.GAUSS: lambda r: np.exp(-float(p) * r),
        universal.POWER: lambda r: (5 - r) ** float(p),
    }[kind]
    pairs = gram[~np.eye(len(gram), dtype=bool)]
    energy = value(universal.energy, code=code, k=0, kind=kind, p=p)
    assert float(energy) == pytest.approx(f(2 - 2 * pairs).sum(), rel=1e-10)
    with precision(192):
        h = universal.interpolant(code, 0, kind, p)
        for t in set(np.round(pairs, 9)):
            assert float(
                universal._ball(h(Real(float(t))) if kind == universal.GAUSS else h(F(float(t))))
            ) == pytest.approx(f(2 - 2 * t), rel=1e-6)
    n, count = points.shape[1], len(points)
    low = count**2 * float(h.coefficients[0]) - count * sum(float(c) for c in h.coefficients)
    assert low == pytest.approx(float(energy), rel=1e-9)
    # A random set has more energy.
    x = np.random.default_rng(5).normal(size=(count, n))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    other = (x @ x.T)[~np.eye(count, dtype=bool)]
    assert f(2 - 2 * other).sum() > float(energy)


def test_competitors_have_the_size_of_the_code():
    for i, (name, k, _) in enumerate(universal.COMPETITORS):
        seen = code_profiles.view_of(code_profiles.number(name), k)
        pairs = universal._competitor(i)
        assert sum(pairs.values()) == seen.size * (seen.size - 1)
        assert np.linalg.matrix_rank(universal.COMPETITORS[i][2]()) <= seen.n


# -- three-point certificates ------------------------------------------------------------


@pytest.mark.parametrize("name", certified.THREE_POINT)
def test_stored_certificates_hold_and_tampered_ones_do_not(name):
    good = certified.certificate(name)  # raises where it does not hold
    if name in ("kissing-4", "kissing-5", "cosine-4-24"):
        return  # the same rules, a second each
    tampered = json.loads(json.dumps(good))
    tampered["size"] -= good["size"] // 10 + 1
    assert not certify(tampered).valid


def test_intervals_contain_what_is_known():
    assert certified.largest_size(4, "1/6") == 10
    assert certified.largest_size(20, "1/15") == 56
    assert certified.largest_size(3, "1/2") >= best_bounds(3, "1/2").lower
    for n, size, s in (
        (4, 10, 1 / 6),
        (3, 7, 0.21013831273060307),
        (3, 9, 1 / 3),
        (4, 24, 0.5),
        (20, 56, 1 / 15),
    ):
        assert float(certified.least_cosine(n, size)) <= s + 1e-12
    assert certified.closed_cosine(3, 12) == sympy.sqrt(5) / 5
    assert float(certified.found_cosine(3, 7, 8)) == pytest.approx(0.21013831273060307, abs=1e-12)


def test_sums_over_triples():
    assert least_coefficient(4, 6, 3, 0) >= 0
    # det(t + M) of an indefinite matrix has a negative coefficient.
    from verify.papers.bv2008 import _coefficients

    matrix = np.array([[F(1), F(2)], [F(2), F(1)]], dtype=object)
    assert _coefficients(matrix) == -3
    assert _coefficients(np.array([[F(2), F(1)], [F(1), F(2)]], dtype=object)) == 1


def test_ball_proofs():
    found = programmes._by_balls(0)
    name, _, degree = programmes.ANGLES[0]
    assert name == "icosahedron"
    assert 12 <= (found.total - found.top) / (1 - found.top) < F(121, 10)
    hint = linear.solve(3, 5**-0.5, degree)
    assert float(found.total) == pytest.approx(hint.value, abs=1e-6)
    # |P_k'| is largest at 1.
    assert programmes._slope(4, 5) == F(5 * 7, 3)


# -- verdicts ------------------------------------------------------------

SEARCHED = {"bv2009.petersen", "cdll2024.sharp"}
"""Optimality that no certificate at hand proves: a search decides."""
CHEAP = ["code.srg-embedding", "code.golay", "lev.low", "lev.vs-lp", "dgs1977.equality", *sorted(SEARCHED)]


@pytest.mark.parametrize("key", CHEAP)
def test_verdicts(key):
    found = verdict(catalogue()[key])
    assert found.verdict == ("not refuted" if key in SEARCHED else "proved")


def test_rows_of_the_integers_are_rational():
    assert Algebraic.make(INTEGERS, [F(2, 3)]).fraction == F(2, 3)


@pytest.mark.parametrize(("kind", "p"), [(universal.RIESZ, 2), (universal.GAUSS, 5), (universal.POWER, 30)])
def test_the_interpolant_of_the_600_cell_stays_below(kind, p):
    point = {"code": universal.CELL, "k": 0, "kind": kind, "p": p}
    assert value(universal.margin, **point) > 0
    with precision(192):
        h = universal.interpolant(universal.CELL, 0, kind, F(p))
        for i in range(-199, 199):
            t = F(i, 200) + F(1, 1009)
            at = Real(t) if kind == universal.GAUSS else t
            assert universal._ball(universal.potential(kind, F(p), at)[0] - h(at)) > 0
    assert min(float(c) for c in h.coefficients[:11]) > 0
    assert [float(h.coefficients[i]) for i in universal.ABSENT] == [0, 0, 0]
