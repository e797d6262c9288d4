"""Readings of one formula, against each other, against SciPy and against hand-made values."""

from __future__ import annotations

import math
import pickle
import xml.etree.ElementTree as ET
from fractions import Fraction
from typing import Any

import array_api_strict
import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.special
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import expr
from bounds.exact import DomainError, Real, Undecided, precision
from bounds.expr import ExpressionDomainError, UnsupportedFunction
from bounds.functions import CapArea

X, Y, D, T = sp.symbols("x y d theta")


def clipped(u: Any, lo: int, hi: int) -> Any:
    return sp.Max(sp.Min(u, hi), lo)


ONE_ARGUMENT = [
    lambda u: sp.exp(clipped(u, -9, 3)),
    sp.log,
    sp.sqrt,
    sp.sin,
    sp.cos,
    lambda u: sp.tan(u / 10),
    sp.tanh,
    lambda u: sp.cosh(clipped(u, -4, 4)),
    lambda u: sp.sinh(clipped(u, -4, 4)),
    lambda u: sp.acos(u / 3),
    sp.Abs,
    sp.floor,
    sp.ceiling,
    lambda u: sp.gamma(clipped(u, -3, 5)),
    lambda u: sp.loggamma(u),
    lambda u: sp.LambertW(u),
    lambda u: sp.LambertW(u / 8, -1),
    lambda u: CapArea(clipped(u, 2, 9), sp.Rational(4, 3)),
    lambda u: CapArea(5, u),
    lambda u: u ** sp.Rational(1, 3),
    lambda u: 1 / u,
    lambda u: u**3,
    lambda u: u ** sp.Rational(-3, 2),
]
TWO_ARGUMENTS = [
    lambda a, b: a + b,
    lambda a, b: a - b / 3,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: clipped(a, 0, 4) ** clipped(b, -3, 3),
    sp.Max,
    sp.Min,
]
RATIONALS = st.fractions(-3, 3, max_denominator=12)


def trees() -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        st.sampled_from([X, Y, X, Y, sp.pi, sp.E]),
        RATIONALS.map(lambda q: sp.Rational(q.numerator, q.denominator)),
    )

    def built(f: Any, *args: Any) -> Any:
        try:
            result = f(*args)
        except (ValueError, TypeError):  # SymPy will not compare complex constants
            return args[0]
        return args[0] if result.has(sp.zoo, sp.oo, -sp.oo, sp.nan) else result

    def grow(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            st.builds(built, st.sampled_from(ONE_ARGUMENT), children),
            st.builds(built, st.sampled_from(TWO_ARGUMENTS), children, children),
        )

    return st.recursive(leaves, grow, max_leaves=6)


def blurred(q: Fraction) -> Real:
    return Real.between(q - Fraction(1, 10**11), q + Fraction(1, 10**11))


class TestReadingsAgree:
    @settings(deadline=None, derandomize=True, max_examples=250)
    @given(trees(), RATIONALS, RATIONALS)
    def test_random_trees(self, tree: Any, x: Fraction, y: Fraction) -> None:
        """The oracle is a ball over slightly blurred arguments: it decides both the value and the domain."""
        env = {"x": x, "y": y}
        linear = expr.arrays(tree, {k: np.array([float(v)]) for k, v in env.items()})
        logs = expr.log_arrays(tree, {k: np.array([float(v)]) for k, v in env.items()})
        try:
            with precision(200):
                around = expr.ball(tree, {k: blurred(v) for k, v in env.items()})
        except DomainError:
            assert not np.any(linear.defined)
            assert not np.any(logs.defined)
            assert linear.left
            assert logs.left
            with pytest.raises(DomainError):
                expr.precise(tree, env)
            return
        except Undecided:
            return
        lo, hi = float(around.lower()), float(around.upper())
        if hi - lo > 1e-3 * (1 + abs(lo)):
            return
        slack = 1e-9 * max(1.0, abs(lo))
        assert np.all(linear.defined)
        assert lo - slack <= linear.value.item() <= hi + slack
        assert np.all(logs.defined)
        assert lo - slack <= (logs.sign * np.exp(logs.log)).item() <= hi + slack
        exact = expr.precise(tree, env, dps=40)
        with precision(200), mpmath.workdps(60):
            sharp = expr.ball(tree, env)
            middle = mpmath.mpf(sharp.lower().numerator) / sharp.lower().denominator
            assert abs(exact - middle) <= mpmath.mpf(10) ** -30 * max(1, abs(middle))

    def test_the_ball_reading_keeps_one_third_exact(self) -> None:
        """lambdify turns 1/3 into a float, which a ball then takes for exact."""
        value = expr.ball(X / 3 + sp.Rational(1, 7), {"x": 1})
        assert value.is_exact
        assert value.fraction == Fraction(10, 21)
        with precision(200):
            third = expr.ball(sp.exp(X / 3), {X: 1})
            end = third.lower()
        with mpmath.workdps(70):
            root = mpmath.exp(mpmath.mpf(1) / 3)
            assert abs(mpmath.mpf(end.numerator) / end.denominator - root) < 1e-55

    def test_equal_subexpressions_are_evaluated_once(self) -> None:
        formula = sp.log(X) + sp.log(X) ** 2 + sp.sin(sp.log(X) / 3)
        reading = expr.arrays(formula, {"x": np.array([-1.0, 2.0])})
        assert reading.left == ((sp.log(X), 1),)

    def test_functions_which_sympy_introduces(self) -> None:
        for formula, value in [
            (sp.tan(X + sp.pi / 2), -1 / math.tan(0.4)),
            (sp.asin(X), math.asin(0.4)),
            (sp.Abs(sp.exp(X)), math.exp(0.4)),
        ]:
            assert expr.arrays(formula, {"x": 0.4}).value == pytest.approx(value)
            assert float(expr.ball(formula, {"x": "0.4"})) == pytest.approx(value)

    def test_ball_and_symbol_environments(self) -> None:
        assert expr.ball(X * Y, {X: Real("1/3"), "y": sp.Rational(3, 5)}).fraction == Fraction(1, 5)
        with mpmath.workdps(60):
            for third in (sp.Rational(1, 3), Fraction(1, 3)):
                assert abs(expr.precise(X, {"x": third}) - mpmath.mpf(1) / 3) < 1e-50


class TestNamespaces:
    FORMULA = sp.exp(-X) + sp.sqrt(X) * sp.LambertW(X) + CapArea(D, X / 4) + sp.Max(X, 2) ** Y - sp.gamma(X)

    def expected(self, x: np.ndarray[Any, Any], y: float, d: float) -> np.ndarray[Any, Any]:
        cap = scipy.special.betainc((d - 1) / 2, 0.5, np.sin(x / 4) ** 2) / 2
        w = scipy.special.lambertw(x).real
        return np.exp(-x) + np.sqrt(x) * w + cap + np.maximum(x, 2) ** y - scipy.special.gamma(x)

    @pytest.mark.parametrize("name", ["numpy", "array_api_strict", "torch"])
    def test_same_values_everywhere(self, name: str) -> None:
        xp = pytest.importorskip(name)
        x = np.linspace(0.1, 5, 9)
        env = {"x": xp.asarray(x), "y": 0.5, "d": 7}
        value = expr.arrays(self.FORMULA, env, xp).value
        assert type(value) is type(xp.asarray(x))
        np.testing.assert_allclose(np.asarray(value), self.expected(x, 0.5, 7), rtol=1e-13)
        logs = expr.log_arrays(self.FORMULA, env, xp)
        np.testing.assert_allclose(
            np.asarray(logs.sign * xp.exp(logs.log)), self.expected(x, 0.5, 7), rtol=1e-11
        )

    @pytest.mark.parametrize("name", ["numpy", "array_api_strict", "torch"])
    def test_masks_everywhere(self, name: str) -> None:
        xp = pytest.importorskip(name)
        env = {"x": xp.asarray([-1.0, 0.0, 1.0])}
        for reading in (expr.arrays(sp.log(X), env, xp), expr.log_arrays(sp.log(X), env, xp)):
            assert np.asarray(reading.defined).tolist() == [False, False, True]
            assert reading.left == ((sp.log(X), 2),)

    def test_single_precision_is_kept(self) -> None:
        for xp in (np, array_api_strict):
            x = xp.asarray([0.5, 2.0], dtype=xp.float32)
            assert expr.arrays(self.FORMULA, {"x": x, "y": 2, "d": 3}, xp).value.dtype == xp.float32
            assert expr.log_arrays(self.FORMULA, {"x": x, "y": 2, "d": 3}, xp).log.dtype == xp.float32

    def test_integer_arrays_and_read_only_arrays(self) -> None:
        x = np.arange(1, 4)
        x.flags.writeable = False
        np.testing.assert_array_equal(expr.arrays(X / 2, {"x": x}).value, [0.5, 1, 1.5])

    def test_broadcasting(self) -> None:
        env = {"x": np.ones((3, 1)), "y": np.array([1.0, -1.0])}
        reading = expr.arrays(X + sp.sqrt(Y), env)
        assert reading.value.shape == reading.defined.shape == (3, 2)
        assert reading.left == ((sp.sqrt(Y), 1),)

    def test_complex_arrays_are_refused(self) -> None:
        with pytest.raises(TypeError, match="complex"):
            expr.arrays(X, {"x": np.array([1j])})


OUTSIDE = [
    (sp.log(X), 0),
    (sp.log(X), -1),
    (sp.sqrt(X), -1),
    (X ** sp.Rational(1, 3), -8),
    (X**Y, -8),
    (1 / X, 0),
    (X ** sp.Rational(-1, 2), 0),
    (X ** sp.Rational(-1, 3), 0),
    (sp.LambertW(X), -1),
    (sp.LambertW(X, -1), -1),
    (sp.LambertW(X, -1), 0),
    (sp.LambertW(X, -1), 1),
    (sp.acos(X), 2),
    (sp.acos(X), -2),
    (sp.gamma(X), 0),
    (sp.gamma(X), -2),
    (sp.loggamma(X), 0),
    (sp.loggamma(X), -1),
    (CapArea(3, X), 4),
    (CapArea(3, X), -1),
    (CapArea(X, 1), 1),
    (sp.Mul(0, sp.log(X), evaluate=False), -1),
    (sp.Mul(X, sp.zoo, evaluate=False), 1),
    (sp.sqrt(-2) * X, 1),
]


class TestDomain:
    @pytest.mark.parametrize(("formula", "x"), OUTSIDE, ids=[f"{f} at {v}" for f, v in OUTSIDE])
    def test_every_reading_refuses(self, formula: Any, x: int) -> None:
        env = {"x": np.array([float(x)]), "y": np.array([0.5])}
        for reading in (expr.arrays(formula, env), expr.log_arrays(formula, env)):
            assert not reading.defined.any()
            assert sum(count for _, count in reading.left) == 1
        assert np.isnan(expr.arrays(formula, env).value).all()
        numbers = {"x": Fraction(x), "y": Fraction(1, 2)}
        with pytest.raises(ExpressionDomainError):
            expr.precise(formula, numbers)
        with pytest.raises(ExpressionDomainError) as caught:
            expr.ball(formula, numbers)
        assert formula.has(caught.value.subexpression)
        assert str(caught.value.subexpression) in str(caught.value)

    def test_the_guilty_part_is_named(self) -> None:
        formula = sp.exp(X) + 3 * sp.log(1 - X * Y) ** 2
        with pytest.raises(ExpressionDomainError) as caught:
            expr.ball(formula, {"x": 2, "y": 1})
        assert caught.value.subexpression == sp.log(1 - X * Y)
        assert caught.value.operation == "log"
        again = pickle.loads(pickle.dumps(caught.value))
        assert (again.operation, again.subexpression) == ("log", sp.log(1 - X * Y))
        reading = expr.arrays(formula, {"x": np.array([2.0, 0.5, np.nan]), "y": 1.0})
        assert reading.left == ((X, 1), (sp.log(1 - X * Y), 1)) or reading.left == (
            (sp.log(1 - X * Y), 1),
            (X, 1),
        )
        assert reading.defined.tolist() == [False, True, False]

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_nan_and_infinity_in_the_input(self, bad: float) -> None:
        for reading in (expr.arrays(X + 1, {"x": [bad, 1.0]}), expr.log_arrays(X + 1, {"x": [bad, 1.0]})):
            assert reading.defined.tolist() == [False, True]
            assert reading.left == ((X, 1),)
        with pytest.raises(DomainError):
            expr.precise(X, {"x": bad})
        with pytest.raises(ValueError, match="real number"):
            expr.ball(X, {"x": bad})

    def test_the_border_belongs_to_the_domain(self) -> None:
        closed = [(sp.sqrt(X), 0, 0), (sp.acos(X), 1, 0), (CapArea(3, X), 0, 0), (sp.LambertW(X), 0, 0)]
        closed += [(X ** sp.Rational(2, 3), 0, 0), (X**Y, 0, 0), (X**0, 0, 1)]
        for formula, x, value in closed:
            assert expr.arrays(formula, {"x": np.array([float(x)]), "y": 2.5}).value == value
            logs = expr.log_arrays(formula, {"x": np.array([float(x)]), "y": 2.5})
            assert logs.sign == value
            assert expr.ball(formula, {"x": x, "y": Fraction(5, 2)}) == value

    def test_a_ball_on_the_border_is_undecided(self) -> None:
        with pytest.raises(Undecided):
            expr.ball(sp.sqrt(sp.sin(X) ** 2 + sp.cos(X) ** 2 - 1), {"x": 1})

    def test_zero_times_undefined_is_undefined(self) -> None:
        formula = Y * sp.log(X)
        assert not expr.arrays(formula, {"x": -1.0, "y": 0.0}).defined
        assert not expr.log_arrays(formula, {"x": -1.0, "y": 0.0}).defined

    def test_overflow_is_infinite_and_defined(self) -> None:
        reading = expr.arrays(sp.exp(X), {"x": np.array([1000.0])})
        assert reading.value[0] == math.inf
        assert reading.defined.all()
        lost = expr.arrays(sp.exp(X) - sp.exp(2 * X), {"x": np.array([1000.0])})
        assert not lost.defined.any()
        assert np.isnan(lost.value).all()
        assert lost.left

    def test_powers_of_negative_numbers(self) -> None:
        for n, value in [(2, 4.0), (3, -8.0), (-1, -0.5), (0, 1.0)]:
            env = {"x": np.array([-2.0]), "y": np.array([float(n)])}
            assert expr.arrays(X**Y, env).value == value
            logs = expr.log_arrays(X**Y, env)
            assert logs.sign * np.exp(logs.log) == pytest.approx(value)
            assert expr.ball(X**Y, {"x": -2, "y": n}).fraction == Fraction(value)


class TestErrors:
    READINGS = (expr.arrays, expr.log_arrays, expr.precise, expr.ball)

    @pytest.mark.parametrize("reading", READINGS)
    def test_floats_unknown_functions_missing_symbols(self, reading: Any) -> None:
        with pytest.raises(ValueError, match=r"0\.5"):
            reading(X + sp.Float("0.5"), {"x": 1})
        with pytest.raises(ValueError, match=r"1\.5"):
            reading(1.5, {"x": 1})
        with pytest.raises(UnsupportedFunction, match="zeta"):
            reading(1 + sp.zeta(X), {"x": 3})
        with pytest.raises(UnsupportedFunction, match="branch 1"):
            reading(sp.LambertW(X, 1), {"x": 3})
        with pytest.raises(KeyError, match="y"):
            reading(X + Y, {"x": 1})
        with pytest.raises(TypeError, match="relation"):
            reading(X < Y, {"x": 1, "y": 2})

    def test_sides(self) -> None:
        assert tuple(expr.sides(sp.Le(X, Y))) == (X, Y)
        assert tuple(expr.sides(sp.Ge(X, Y))) == (Y, X)
        lhs, rhs = expr.sides(sp.Gt(X, Y))
        assert (lhs, rhs) == (Y, X)
        assert expr.sides(sp.Gt(X, Y)).strict
        assert not expr.sides(sp.Ge(X, Y)).strict
        assert expr.sides(sp.Lt(X, Y)).strict
        assert expr.sides(sp.Eq(X, Y)).equality
        for other in (sp.Ne(X, Y), sp.true, X):
            with pytest.raises(TypeError):
                expr.sides(other)


class TestTypesetting:
    FORMULA = sp.exp(-X / 3) * sp.sqrt(Y) + sp.LambertW(X, -1) + CapArea(D, T) ** 2 + sp.pi - sp.E

    def test_mathml_is_well_formed(self) -> None:
        for shown in (self.FORMULA, sp.Le(X, self.FORMULA), sp.Integer(1)):
            root = ET.fromstring(expr.mathml(shown))
            assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
            assert len(root) == 1
        text = "".join(ET.fromstring(expr.mathml(CapArea(D, T))).itertext())
        assert text == "Ad(θ)"

    def test_latex_and_plain(self) -> None:
        assert r"A_{d}\left(\theta\right)" in expr.latex(CapArea(D, T))
        assert expr.latex(sp.Le(X, Y)) == r"x \leq y"
        assert "A_{d}^{2}" in expr.latex(CapArea(D, T) ** 2)
        assert expr.plain(sp.Rational(1, 3) * X).splitlines() == ["x", "─", "3"]
        assert "≤" in expr.plain(sp.Le(X, Y))
        with pytest.raises(ValueError, match=r"0\.5"):
            expr.latex(X + sp.Float("0.5"))
