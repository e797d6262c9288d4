"""Exact rationals and balls, held against fractions, high-precision mpmath, closed forms and numpy.linalg."""

import math
import operator
import pickle
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import (
    DomainError,
    Real,
    Undecided,
    beta_lower_regularised,
    e,
    escalate,
    exact_array,
    pi,
    precision,
)

quick = settings(deadline=None, derandomize=True, max_examples=60)
rationals = st.fractions(min_value=-20, max_value=20, max_denominator=10**6)
positive = st.fractions(min_value=Fraction(1, 10**6), max_value=20, max_denominator=10**6)
OVERLAP = Real.between(-1, 1)


@pytest.fixture(autouse=True)
def _bits():
    with precision(128):
        yield


def mp(x):
    return mpmath.mpf(x.numerator) / x.denominator


def assert_encloses(r, value, rel=1e-30):
    """The ball contains the mpmath value (good to 80 digits) and is not needlessly wide."""
    lo, hi = mp(r.lower()), mp(r.upper())
    slack = mpmath.mpf(10) ** -70 * (1 + abs(value))
    assert lo - slack <= value <= hi + slack
    assert hi - lo <= rel * (1 + abs(value))


# construction and exactness


def test_thirds_never_become_floats():
    third = Real(1) / 3
    assert third.is_exact
    assert third.fraction == Fraction(1, 3)
    assert repr(third) == "1/3"
    assert third + third + third == 1
    assert (exact_array([1, 2]) / 3).tolist() == [Fraction(1, 3), Fraction(2, 3)]
    assert third != 1 / 3  # the float is another number


@pytest.mark.parametrize(
    ("given_", "value"),
    [
        (3, Fraction(3)),
        ("3/7", Fraction(3, 7)),
        ("0.1", Fraction(1, 10)),
        (0.1, Fraction(0.1)),
        (Fraction(-2, 5), Fraction(-2, 5)),
        (Decimal("0.25"), Fraction(1, 4)),
        (fmpq(5, 9), Fraction(5, 9)),
        (np.int64(-4), Fraction(-4)),
        (np.uint8(200), Fraction(200)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.float64(0.1), Fraction(0.1)),
        (np.longdouble(1) / 3, Fraction(*(np.longdouble(1) / 3).as_integer_ratio())),
        (Real("2/3"), Fraction(2, 3)),
    ],
)
def test_construction_is_exact(given_, value):
    assert Real(given_).fraction == value


@pytest.mark.parametrize("bad", [True, np.bool_(False), None, 1j, np.complex128(1), [1]])
def test_construction_refuses_what_is_not_a_number(bad):
    with pytest.raises(TypeError):
        Real(bad)


@pytest.mark.parametrize("bad", [math.inf, math.nan, np.float32("nan"), "one", arb.nan(), Decimal("inf")])
def test_construction_refuses_what_has_no_value(bad):
    with pytest.raises(ValueError, match=r"real number|Invalid literal|finite"):
        Real(bad)


@quick
@given(rationals, rationals)
def test_rational_arithmetic_is_that_of_fractions(a, b):
    for op in (operator.add, operator.sub, operator.mul, operator.lt, operator.le, operator.eq, operator.ne):
        assert op(Real(a), Real(b)) == op(a, b)
        assert op(Real(a), b) == op(a, b)
        assert op(a, Real(b)) == op(a, b)
    if b:
        assert (Real(a) / b).fraction == a / b
    assert (Real(a) ** 3).fraction == a**3
    assert (-Real(a)).fraction == -a
    assert abs(Real(a)).fraction == abs(a)
    assert Real(a).floor() == math.floor(a) == math.floor(Real(a))
    assert Real(a).ceil() == math.ceil(a) == math.ceil(Real(a))
    assert float(Real(a)) == float(a)
    assert hash(Real(a)) == hash(a)


@pytest.mark.parametrize(
    ("got", "value"),
    [
        (lambda: Real("4/9").sqrt(), "2/3"),
        (lambda: Real("4/9") ** Fraction(-3, 2), "27/8"),
        (lambda: Real(8) ** Fraction(1, 3), 2),
        (lambda: Real(0) ** 0, 1),
        (lambda: Real(-1) ** 10**40, 1),
        (lambda: Real(0) ** Fraction(1, 3), 0),
        (lambda: Real(0).exp(), 1),
        (lambda: Real(1).log(), 0),
        (lambda: Real(6).gamma(), 120),
        (lambda: Real(2).lgamma(), 0),
        (lambda: Real(1).arccos(), 0),
        (lambda: Real(0).lambertw(), 0),
        (lambda: 2 ** Real(-3), "1/8"),
    ],
)
def test_rational_values_of_functions_stay_exact(got, value):
    assert got().is_exact
    assert got() == Real(value)


def test_huge_rational_powers_become_balls():
    r = Real("3/7") ** 10**9
    assert not r.is_exact
    assert r > 0
    assert float(r.log()) == pytest.approx(10**9 * math.log(3 / 7), rel=1e-14)


# functions against mpmath

REAL_LINE = ["exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "expm1"]
HALF_LINE = {"log": "log", "log1p": "log1p", "sqrt": "sqrt", "gamma": "gamma", "lgamma": "loggamma"}


@quick
@given(rationals)
def test_functions_on_the_real_line_enclose_mpmath(x):
    with mpmath.workdps(80):
        for name in REAL_LINE:
            assert_encloses(getattr(Real(x), name)(), getattr(mpmath, name)(mp(x)), 1e-25)
        assert_encloses(Real(x).arctan(), mpmath.atan(mp(x)))


@quick
@given(positive, rationals)
def test_functions_on_the_half_line_enclose_mpmath(x, y):
    with mpmath.workdps(80):
        for name, theirs in HALF_LINE.items():
            assert_encloses(getattr(Real(x), name)(), getattr(mpmath, theirs)(mp(x)), 1e-25)
        assert_encloses(Real(x).digamma(), mpmath.digamma(mp(x)), 1e-25)
        assert_encloses(Real(x) ** y, mpmath.power(mp(x), mp(y)), 1e-25)
        assert_encloses(
            Real(x) ** (Real(y).exp() / 10**8), mpmath.power(mp(x), mpmath.exp(mp(y)) / 10**8), 1e-25
        )
        assert_encloses(Real(x).lambertw(), mpmath.lambertw(mp(x)).real)


@quick
@given(st.fractions(min_value=-1, max_value=1, max_denominator=10**6))
def test_functions_on_the_unit_interval_enclose_mpmath(x):
    with mpmath.workdps(80):
        assert_encloses(Real(x).arccos(), mpmath.acos(mp(x)))
        assert_encloses(Real(x).arcsin(), mpmath.asin(mp(x)))
        share = (x + 1) / 2
        got = beta_lower_regularised("5/2", "1/2", share)
        assert_encloses(got, mpmath.betainc(2.5, 0.5, 0, mp(share), regularized=True), 1e-25)
        if -Fraction(36, 100) < x < 0:
            for branch in (0, -1):
                assert_encloses(Real(x).lambertw(branch), mpmath.lambertw(mp(x), branch).real)


@quick
@given(positive, positive, st.fractions(min_value=0, max_value=1, max_denominator=1000))
def test_wide_balls_contain_the_image_of_every_point(a, b, t):
    lo, hi = min(a, b), max(a, b)
    x = lo + t * (hi - lo)
    wide = Real.between(lo, hi)
    with mpmath.workdps(80):
        for name in [*REAL_LINE, *HALF_LINE]:
            try:
                got = getattr(wide, name)()
            except Undecided:
                continue
            assert_encloses(got, getattr(mpmath, HALF_LINE.get(name, name))(mp(x)), mpmath.inf)
    for n in (2, 3, -2):
        assert (wide**n).contains(x**n)
        shifted = Real.between(lo - 10, hi - 10)
        if n > 0:
            assert (shifted**n).contains((x - 10) ** n)
            assert abs(shifted).contains(abs(x - 10))


def test_monotone_functions_of_wide_balls_are_tight():
    image = Real.between(-5, 5).tanh()
    assert -1 < image < 1
    assert Real.between(-1, 2) ** 2 > -1e-8  # not the product of two independent balls, which reaches -2
    assert float(beta_lower_regularised(2, 3, Real.between("1/10", "9/10")).upper()) < 1


def test_constants():
    with mpmath.workdps(80):
        assert_encloses(pi(), +mpmath.pi)
        assert_encloses(e(), +mpmath.e)


# domains and certified comparisons


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Real("-1/3").log(),
        lambda: Real(0).log(),
        lambda: Real(-1).sqrt(),
        lambda: Real(-1).log1p(),
        lambda: Real("3/2").arccos(),
        lambda: Real(-2).arcsin(),
        lambda: Real(-3).gamma(),
        lambda: Real("-1/2").lgamma(),
        lambda: Real("-2/5").lambertw(),
        lambda: Real("-2/5").lambertw(-1),
        lambda: Real(0).lambertw(-1),
        lambda: Real(1) / 0,
        lambda: pi() / 0,
        lambda: pi() / Real(arb(0)),
        lambda: Real(0) ** -1,
        lambda: Real(0) ** Fraction(-1, 2),
        lambda: Real(-8) ** Fraction(1, 3),
        lambda: (-pi()) ** Fraction(1, 2),
        lambda: beta_lower_regularised(1, 1, 2),
        lambda: beta_lower_regularised(0, 1, "1/2"),
    ],
)
def test_arguments_outside_the_domain_are_named(bad):
    with pytest.raises(DomainError) as caught:
        bad()
    assert caught.value.operation
    assert caught.value.argument
    assert pickle.loads(pickle.dumps(caught.value)).argument == caught.value.argument


def test_domain_error_text():
    with pytest.raises(DomainError, match=r"^log of -1/3$"):
        Real("-1/3").log()


@pytest.mark.parametrize(
    "open_",
    [
        lambda: OVERLAP.log(),
        lambda: OVERLAP.sqrt(),
        lambda: OVERLAP.floor(),
        lambda: OVERLAP.lgamma(),
        lambda: OVERLAP.gamma(),
        lambda: 1 / OVERLAP,
        lambda: OVERLAP**-2,
        lambda: OVERLAP ** Fraction(1, 3),
        lambda: (OVERLAP + 1).arccos(),
        lambda: Real.between(1, 2).tan(),
        lambda: Real.between("-1/2", "-1/10").lambertw(),
        lambda: Real.between("-1/10", "1/10").lambertw(-1),
        lambda: Real(-2) ** pi(),
        lambda: OVERLAP < 0,
        lambda: OVERLAP >= 0,
        lambda: OVERLAP == 0,
        lambda: OVERLAP != 0,
        lambda: bool(OVERLAP),
        lambda: pi() == pi(),
        lambda: np.max(np.array([OVERLAP, Real(0)])),
        lambda: OVERLAP.fraction,
        lambda: Real(10).exp().exp().exp().exp(),
    ],
)
def test_straddling_balls_are_undecided_never_guessed(open_):
    with pytest.raises((Undecided, DomainError)) as caught:
        open_()
    # (-2)**pi: the exponent certainly is no integer, so this one has no real value
    assert isinstance(caught.value, Undecided) or "power" in caught.value.operation


def test_disjoint_balls_compare():
    root = Real(2).sqrt()
    assert Fraction(141, 100) < root < Fraction(142, 100)
    assert root <= 1.5
    assert operator.ge(1.5, root)
    assert root != Real(3).sqrt()
    assert operator.eq(root, 1) is False
    assert root.floor() == 1
    assert root.ceil() == 2
    assert (Real("1/2") == "1/2") is False  # text is not a number in a comparison


def test_truth_values_are_refused_in_arithmetic():
    for op in (operator.mul, operator.add, operator.eq, operator.lt):
        with pytest.raises(TypeError):
            op(Real(1), np.bool_(True))
    with pytest.raises(TypeError):
        exact_array([1, 2]) * np.array([True, False])
    with pytest.raises(TypeError):
        hash(pi())


def test_precision_is_restored_and_escalates():
    before = ctx.prec
    with pytest.raises(ZeroDivisionError), precision(300):
        raise ZeroDivisionError
    assert ctx.prec == before
    with pytest.raises(ValueError, match="2 bits"), precision(1):
        pass
    # e^(-100) is about 2^(-144), so 128 bits cannot tell
    seen = []

    def close_call():
        seen.append(ctx.prec)
        return (Real(-100).exp() + 1) > 1

    assert escalate(close_call, start=32)
    assert seen == [32, 64, 128, 256]
    with pytest.raises(Undecided):
        escalate(lambda: Real(2).sqrt() ** 2 == 2, cap=512)


def test_endpoints_and_outward_floats():
    third = Real(Fraction(1, 3))
    lo, hi = third.outward()
    assert lo < Fraction(1, 3) < hi
    assert math.nextafter(lo, 1) == hi
    assert Real(0.5).outward() == (0.5, 0.5)
    tiny, huge = Real(-(10**5)).exp(), Real(10**5).exp()
    assert tiny.outward() == (0.0, 5e-324)
    assert huge.outward() == (math.nextafter(math.inf, 0), math.inf)
    assert (-huge).outward() == (-math.inf, -math.nextafter(math.inf, 0))
    assert float(huge) == math.inf
    assert float(Real(10**400)) == math.inf
    very_tiny = Real(-(10**8)).exp()
    assert very_tiny.lower() == 0
    assert 0 < very_tiny.upper() < Fraction(1, 2**10**6)
    assert (-very_tiny).upper() == 0
    with pytest.raises(OverflowError):
        Real(10**8).exp().upper()
    root = Real(2).sqrt()
    assert root.lower() ** 2 < 2 < root.upper() ** 2
    with precision(20):
        lo, hi = Real(2).sqrt().outward()
        assert lo < math.sqrt(2) < hi


def test_between():
    assert Real.between("1/3", "1/3").is_exact
    with pytest.raises(ValueError, match="empty"):
        Real.between(2, 1)
    assert Real.between(1, 2).contains("3/2")
    assert not Real.between(1, 2).contains("5/2")


def test_text_and_pickles():
    assert repr(Real("-3/7")) == "-3/7"
    assert repr(Real(1).exp()).startswith("[2.71828182845904523")
    assert f"{Real(1).exp():.3f}" == "2.718"
    for r in (Real("3/7"), Real(2).sqrt(), Real.between(-3, "1/7")):
        back = pickle.loads(pickle.dumps(r))
        assert back.is_exact == r.is_exact
        # a radius is kept to 30 bits, rounded up
        assert back.lower() <= r.lower()
        assert back.upper() >= r.upper()
        assert back.upper() - back.lower() <= (r.upper() - r.lower()) * Fraction(100000001, 100000000)
