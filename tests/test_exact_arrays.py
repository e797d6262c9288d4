"""Arrays of exact numbers, duals and enclosures, held against NumPy, mpmath and closed forms."""

import math
import operator
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import (
    DomainError,
    Dual,
    Real,
    Undecided,
    as_real,
    directional_derivative,
    enclose_fixed_point,
    enclose_max,
    enclose_min,
    euclidean_norm,
    exact_array,
    precision,
    spectral_norm,
)

quick = settings(deadline=None, derandomize=True, max_examples=60)
rationals = st.fractions(min_value=-20, max_value=20, max_denominator=10**6)
OVERLAP = Real.between(-1, 1)


@pytest.fixture(autouse=True)
def _bits():
    with precision(128):
        yield


def mp(x):
    return mpmath.mpf(x.numerator) / x.denominator


# object arrays


def test_arrays_of_reals_follow_numpy():
    a = exact_array([["1/3", 2], [-1, "0.5"]])
    f = a.astype(float)
    np.testing.assert_array_equal(a > 0, f > 0)
    assert (a > 0).dtype == bool
    np.testing.assert_array_equal(a == a.T, f == f.T)
    np.testing.assert_array_equal(np.sort(a.ravel()).astype(float), np.sort(f.ravel()))
    np.testing.assert_array_equal(np.argsort(a, axis=1), np.argsort(f, axis=1))
    np.testing.assert_array_equal(np.argmax(a, axis=0), np.argmax(f, axis=0))
    assert np.max(a) == 2
    assert np.sum(a) == Fraction(11, 6)
    assert np.mean(a) == Fraction(11, 24)
    assert np.cumsum(a)[-1] == Fraction(11, 6)
    assert (a @ a)[0, 0] == Fraction(1, 9) - 2
    assert np.where(a > 0, a, 0)[1, 0] == 0
    for fn in (np.exp, np.tanh, np.sin, np.cos, np.expm1, np.arctan):
        np.testing.assert_allclose(fn(a).astype(float), fn(f), rtol=1e-15)
    positive_ = np.abs(a)
    for fn in (np.log, np.sqrt, np.log1p):
        np.testing.assert_allclose(fn(positive_).astype(float), fn(np.abs(f)), rtol=1e-15)


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_scalars_broadcast_over_arrays(op):
    third, numbers = Real("1/3"), exact_array([1, 2, 3])
    for array in (numbers, np.array([1.0, 2.0, 3.0]), np.array([1, 2, 3])):
        for got in (op(third, array), op(array, third)):
            assert isinstance(got, np.ndarray)
            assert all(type(x) is Real for x in got)
    assert type(op(np.float64(2), third)) is Real
    assert type(op(third, np.float64(2))) is Real
    assert type(op(np.int64(2), third)) is Real
    assert (np.array([1.0, 0.25]) < third).tolist() == [False, True]
    assert (third > np.array([1.0, 0.25])).tolist() == [False, True]
    assert type(np.exp(third)) is Real


def test_exact_array_shapes():
    assert exact_array("1/3").shape == ()
    assert exact_array([]).shape == (0,)
    assert exact_array(np.zeros((2, 0))).shape == (2, 0)
    with pytest.raises(TypeError):
        exact_array([True])
    with pytest.raises(TypeError):
        exact_array([[1], [1, 2]])
    assert as_real(2) == 2


def test_enclosed_extremes():
    a = np.array([[Real(1), OVERLAP + 1], [Real("1/3"), Real("1/2")]])
    top = enclose_max(a)
    assert top[0].contains(1)
    assert top[0].contains(2)
    assert top[0] > Fraction(9, 10)
    assert top[1].is_exact
    assert top[1] == Fraction(1, 2)
    assert enclose_min(exact_array([3, "1/7", 2])) == Fraction(1, 7)
    assert enclose_max(exact_array([[1, 5], [7, 2]]), axis=0).tolist() == [7, 5]
    assert enclose_max(exact_array([[1, 5], [7, 2]]), axis=None) == 7
    with pytest.raises(ValueError, match="no numbers"):
        enclose_max(exact_array([]))


@quick
@given(st.lists(st.tuples(rationals, rationals, st.fractions(0, 1)), min_size=1, max_size=6))
def test_enclosed_maximum_contains_every_choice(items):
    points = [min(a, b) + t * abs(a - b) for a, b, t in items]
    wide = np.array([Real.between(min(a, b), max(a, b)) for a, b, _ in items], dtype=object)
    assert enclose_max(wide).contains(max(points))
    assert enclose_min(wide).contains(min(points))


# norms


def test_norm_of_a_box_around_zero_is_enclosed_from_zero():
    box = np.array([Real.between("-1/1000", "1/1000"), Real(0)], dtype=object)
    norm = euclidean_norm(box)
    assert norm.contains(0)
    assert norm.contains(Fraction(1, 1000))
    assert norm.upper() < Fraction(2, 1000)


@quick
@given(st.lists(rationals, min_size=1, max_size=5))
def test_norm_of_rationals_contains_the_exact_one(row):
    square = sum(v * v for v in row)
    norm = euclidean_norm(exact_array(row))
    assert norm.lower() ** 2 <= square <= norm.upper() ** 2
    assert norm.upper() - norm.lower() <= Fraction(1, 10**30) * (1 + norm.upper())


# spectral norm


def test_spectral_norm_of_diagonals_is_exact():
    assert spectral_norm([["-1/3"]]) == Fraction(1, 3)
    assert spectral_norm(np.eye(3)) == 1
    assert spectral_norm(np.zeros((2, 2))) == 0


def test_spectral_norm_with_repeated_eigenvalues():
    v = exact_array([1, 2, 3, 4])
    reflection = 2 * np.outer(v, v) / 30 - np.eye(4, dtype=int)  # eigenvalues 1, -1, -1, -1
    norm = spectral_norm(reflection)
    assert norm.contains(1)
    assert norm.upper() - norm.lower() < Fraction(1, 10**35)
    golden = spectral_norm([[1, 1], [1, 0]])
    assert golden.lower() < (1 + Real(5).sqrt()).upper() / 2
    assert golden.upper() > (1 + Real(5).sqrt()).lower() / 2
    assert golden.upper() - golden.lower() < Fraction(1, 10**35)


@quick
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_spectral_norm_agrees_with_lapack(d, seed):
    m = np.random.default_rng(seed).normal(size=(d, d))
    m = m + m.T
    assert float(spectral_norm(m)) == pytest.approx(np.linalg.norm(m, 2), rel=1e-12)


def test_spectral_norm_of_balls_contains_the_members():
    middle = np.array([[2.0, 1.0], [1.0, -1.0]])
    blurred = exact_array(middle) + OVERLAP * Real("1/1000")
    norm = spectral_norm(blurred)
    for s in (-1e-3, 0, 1e-3):
        assert float(norm.lower()) <= np.linalg.norm(middle + s, 2) <= float(norm.upper())
    zero = spectral_norm(np.full((2, 2), OVERLAP, dtype=object))
    assert zero.contains(0)
    assert zero.contains(2)


@pytest.mark.parametrize("bad", [[[1, 2], [3, 4]], [[1, 2]], [1], np.zeros((0, 0))])
def test_spectral_norm_refuses(bad):
    with pytest.raises(ValueError, match=r"symmetric|square"):
        spectral_norm(bad)


# duals


@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sinh",
        "cosh",
        "arccos",
        "arcsin",
        "arctan",
        "gamma",
        "lgamma",
        "lambertw",
        "floor",
        "ceil",
    ],
)
def test_dual_slopes_are_derivatives(name):
    theirs = {"arccos": "acos", "arcsin": "asin", "arctan": "atan", "lgamma": "loggamma"}.get(name, name)
    got = getattr(Dual("3/7", 2), name)()
    with mpmath.workdps(60):
        slope = mpmath.diff(lambda t: mpmath.re(getattr(mpmath, theirs)(t)), mpmath.mpf(3) / 7)
        assert abs(mp(got.tangent.lower()) - 2 * slope) < 1e-20
    assert repr(got.value) == repr(getattr(Real("3/7"), name)())


def test_dual_arithmetic_is_exact():
    x = Dual(Fraction(2, 3), 1)
    got = (x**3 - 1 / x + 5 * x - abs(-x) / 2 + 2.0 * x) / (1 + x)
    t = Fraction(2, 3)
    top, slope = t**3 - 1 / t + Fraction(13, 2) * t, 3 * t**2 + 1 / t**2 + Fraction(13, 2)
    assert got.value.fraction == top / (1 + t)
    assert got.tangent.fraction == (slope * (1 + t) - top) / (1 + t) ** 2
    power = x**x
    assert power.tangent.contains(0) is False
    assert float(power.tangent) == pytest.approx((2 / 3) ** (2 / 3) * (math.log(2 / 3) + 1), rel=1e-14)
    assert float((2**x).tangent) == pytest.approx(2 ** (2 / 3) * math.log(2), rel=1e-14)
    assert (x**0).tangent == 0
    assert (Dual(0, 1) ** 2).tangent == 0
    assert type(Real(2) * x) is Dual
    assert type(np.float64(2) * x) is Dual
    assert x < 1
    assert x >= Fraction(2, 3)
    assert x == Fraction(2, 3)
    assert float(x) == 2 / 3


def test_duals_say_no_where_there_is_no_derivative():
    for bad in (lambda x: abs(x), lambda x: x.sqrt(), lambda x: x.floor()):
        assert bad(Dual(0)).tangent == 0  # a constant: nothing moves
        with pytest.raises(DomainError):
            bad(Dual(0, 1))


def test_directional_derivative_of_array_code():
    def log_sum_exp(x):
        return np.log(np.exp(x).sum())

    x, v = exact_array(["1/3", "1/2", -1]), exact_array([1, -2, "1/7"])
    value, slope = directional_derivative(log_sum_exp, x, v)
    weights = np.exp(x.astype(float)) / np.exp(x.astype(float)).sum()
    assert float(slope) == pytest.approx(weights @ v.astype(float), rel=1e-14)
    assert float(value) == pytest.approx(np.log(np.exp(x.astype(float)).sum()), rel=1e-15)
    m = exact_array([[1, 2, 3], [4, 5, 6]])
    values, slopes = directional_derivative(lambda q: m @ q, x, v)
    assert (values == m @ x).all()
    assert (slopes == m @ v).all()
    _, constant = directional_derivative(lambda q: exact_array([1, 2]), x, v)
    assert (constant == 0).all()
    with pytest.raises(ValueError, match="shape"):
        directional_derivative(log_sum_exp, x, v[:2])


# fixed points


def tanh_twice(x):
    return np.tanh(2 * x)


def tanh_twice_slope(x):
    return np.diag(2 - 2 * np.tanh(2 * x) ** 2)


@pytest.mark.parametrize("bits", [64, 128, 1000])
def test_fixed_point_of_tanh_is_enclosed_tightly(bits):
    with precision(bits), mpmath.workdps(400):
        exact = mpmath.findroot(lambda x: x - mpmath.tanh(2 * x), 0.957)
        found = enclose_fixed_point(tanh_twice, tanh_twice_slope, np.array([0.95]))
        assert found.shape == (1,)
        assert mp(found[0].lower()) <= exact <= mp(found[0].upper())
        assert found[0].upper() - found[0].lower() < Fraction(1, 2 ** (bits // 2))
    unstable = enclose_fixed_point(tanh_twice, tanh_twice_slope, np.array([0.0]))
    assert unstable[0].contains(0)


def softmax(z):
    w = np.exp(z - z[0].midpoint())
    return w / w.sum()


def test_fixed_point_of_attention_is_near_the_iterated_floats():
    m = np.random.default_rng(5).normal(size=(6, 3))
    exact, beta = exact_array(m), 4
    x = m[0]
    for _ in range(500):
        w = np.exp(beta * m @ x - (beta * m @ x).max())
        x = w / w.sum() @ m

    def update(x):
        return softmax(beta * (exact @ x)) @ exact

    def jacobian(x):
        p = softmax(beta * (exact @ x))
        return beta * (exact.T @ (p[:, None] * exact) - np.outer(p @ exact, p @ exact))

    found = enclose_fixed_point(update, jacobian, x)
    np.testing.assert_allclose(found.astype(float), x, atol=1e-12)
    assert max(r.upper() - r.lower() for r in found) < Fraction(1, 10**30)


@pytest.mark.parametrize(
    ("update", "slope", "error", "words"),
    [
        (lambda x: x + 1, lambda x: exact_array([[1]]), ArithmeticError, "singular"),
        (lambda x: x + 1 + x * x, lambda x: (1 + 2 * x)[:, None], ArithmeticError, "no fixed point"),
        (lambda x: x + x * x, lambda x: (1 + 2 * x)[:, None], Undecided, "Krawczyk"),  # a double root
        (lambda x: np.log(x - 5), lambda x: 1 / (x - 5)[:, None], ArithmeticError, "left the domain"),
        (
            lambda x: np.tanh(2 * x),
            lambda x: exact_array([[50]]) + 0 * x,
            ArithmeticError,
            "settle",
        ),  # wrong slope
        (lambda x: x[:0], lambda x: exact_array([[0]]), ValueError, "shape"),
        (lambda x: x / 2, lambda x: x, ValueError, "shape"),
    ],
)
def test_fixed_point_refuses(update, slope, error, words):
    with pytest.raises(error, match=words):
        enclose_fixed_point(update, slope, np.array([0.3]))


@pytest.mark.parametrize("guess", [[], [math.nan], [[0.5]], 0.5])
def test_fixed_point_refuses_bad_guesses(guess):
    with pytest.raises(ValueError, match="guess"):
        enclose_fixed_point(tanh_twice, tanh_twice_slope, guess)
