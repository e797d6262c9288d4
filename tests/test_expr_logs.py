"""The logarithmic reading and cap areas, far beyond the range of floats."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.integrate
import sympy as sp

from bounds import expr, expr_special
from bounds.exact import precision
from bounds.expr import SignedLog
from bounds.functions import CapArea

X, Y, D, T = sp.symbols("x y d theta")


class TestLogArrays:
    def test_far_beyond_floats(self) -> None:
        big = expr.log_arrays(
            sp.exp(-X) * sp.gamma(X) / CapArea(X, sp.Rational(1, 10)), {"x": np.array([1e5])}
        )
        with mpmath.workdps(40):
            cap = mpmath.log(expr.precise(CapArea(X, sp.Rational(1, 10)), {"x": 10**5}))
            value = -(mpmath.mpf(10) ** 5) + mpmath.loggamma(10**5) - cap
        assert big.sign == 1
        assert big.log.item() == pytest.approx(float(value), rel=1e-13)

    @pytest.mark.parametrize("u", [1e-20, 1e-3, 0.5, 1.0, 30.0])
    def test_cancellation_keeps_its_digits(self, u: float) -> None:
        small = expr.log_arrays(1 - sp.exp(-X), {"x": np.array([u])})
        assert small.log.item() == pytest.approx(math.log(-math.expm1(-u)), rel=1e-12)
        tail = expr.log_arrays(1 - sp.tanh(30 * X), {"x": np.array([u])})
        with mpmath.workdps(60):
            exact = mpmath.log(1 - mpmath.tanh(30 * mpmath.mpf(u))) if u < 30 else mpmath.log(2) - 1800
        if u < 1:
            assert tail.log.item() == pytest.approx(float(exact), rel=1e-6, abs=1e-14)

    def test_exact_cancellation(self) -> None:
        zero = expr.log_arrays(X - Y, {"x": np.array([0.3, 0.0]), "y": np.array([0.3, 0.0])})
        assert zero.sign.tolist() == [0, 0]
        assert zero.log.tolist() == [-math.inf, -math.inf]
        assert zero.defined.all()

    def test_exponent_beyond_floats(self) -> None:
        tower = expr.log_arrays(sp.exp(-sp.exp(X)), {"x": np.array([1000.0])})
        assert (tower.sign.item(), tower.log.item()) == (1.0, -math.inf)
        assert tower.defined.all()
        unknown = expr.log_arrays(sp.exp(sp.exp(X)) - sp.exp(sp.exp(2 * X)), {"x": np.array([1000.0])})
        assert not unknown.defined.any()

    @pytest.mark.parametrize("y", [-1e5, -50.0, 0.0, 1.0, 3.0, 700.0, 1e5, 1e12])
    def test_lambert_w_of_an_exponential(self, y: float) -> None:
        w = expr.log_arrays(sp.LambertW(sp.exp(X)), {"x": np.array([y])})
        log = w.log.item()
        assert w.sign == 1
        assert math.exp(log) + log == pytest.approx(y, rel=1e-14, abs=1e-15)

    @pytest.mark.parametrize("branch", [0, -1])
    @pytest.mark.parametrize("y", [-1e5, -800.0, -50.0, -3.0, -2.0, -1.5, -1.01])
    def test_lambert_w_of_a_small_negative_number(self, y: float, branch: int) -> None:
        w = expr.log_arrays(sp.LambertW(-sp.exp(X), branch), {"x": np.array([y])})
        assert w.sign == -1
        with mpmath.workdps(30):
            exact = mpmath.log(-mpmath.lambertw(-mpmath.exp(mpmath.mpf(y)), branch).real)
        assert w.log.item() == pytest.approx(float(exact), rel=1e-12)

    def test_signed_log_input(self) -> None:
        x = SignedLog(np.array([1.0, -1.0, 1.0]), np.array([-1e5, 2.0, 0.0]), np.array([True, True, False]))
        product = expr.log_arrays(X**3 * Y, {"x": x, "y": 2.0})
        assert product.defined.tolist() == [True, True, False]
        assert product.sign[:2].tolist() == [1, -1]
        np.testing.assert_allclose(product.log[:2], [-3e5 + math.log(2), 6 + math.log(2)])

    def test_huge_rationals(self) -> None:
        value = expr.log_arrays(sp.Integer(-(10**400)) * X, {"x": 1.0})
        assert (value.sign, value.log) == (-1, pytest.approx(400 * math.log(10)))
        assert expr.arrays(sp.Integer(-(10**400)) * X, {"x": 1.0}).value == -math.inf

    def test_extremes_and_integer_parts(self) -> None:
        env = {"x": np.array([-3.0, 3.0, -1e-300, 0.0]), "y": np.array([2.0, 4.0, 0.0, 0.0])}
        for formula in (
            sp.Max(X, Y),
            sp.Min(X, Y),
            sp.floor(X),
            sp.ceiling(X),
            sp.floor(X / 7 * 14),
            sp.Abs(X),
        ):
            logs, linear = expr.log_arrays(formula, env), expr.arrays(formula, env)
            np.testing.assert_allclose(logs.sign * np.exp(logs.log), linear.value, rtol=1e-12)
        tiny = expr.log_arrays(sp.ceiling(sp.exp(X)), {"x": np.array([-1e5])})
        assert (tiny.sign.item(), tiny.log.item()) == (1.0, 0.0)


class TestCapArea:
    @pytest.mark.parametrize("d", [2, 3, 4, 17])
    @pytest.mark.parametrize("theta", [0.2, 1.0, 1.6, 3.0])
    def test_against_the_integral(self, d: int, theta: float) -> None:
        """The share of directions within theta of a pole: an integral of sin^(d-2)."""
        part, whole = (
            scipy.integrate.quad(lambda t: math.sin(t) ** (d - 2), 0, end)[0] for end in (theta, math.pi)
        )
        env = {"d": d, "theta": theta}
        assert expr.arrays(CapArea(D, T), env).value == pytest.approx(part / whole, rel=1e-9)
        assert np.exp(expr.log_arrays(CapArea(D, T), env).log) == pytest.approx(part / whole, rel=1e-9)
        assert float(expr.ball(CapArea(D, T), env)) == pytest.approx(part / whole, rel=1e-9)
        assert float(expr.precise(CapArea(D, T), env)) == pytest.approx(part / whole, rel=1e-9)

    @pytest.mark.parametrize("d", [300, 10_000])
    @pytest.mark.parametrize("theta", [1e-3, 0.3, 1.2])
    def test_tiny_caps(self, d: int, theta: float) -> None:
        with mpmath.workdps(30):
            exact = float(mpmath.log(expr.precise(CapArea(D, T), {"d": d, "theta": theta}, dps=30)))
        assert float(expr_special.log_cap_area(d, theta)) == pytest.approx(exact, rel=1e-12)

    def test_about_the_equator_in_balls(self) -> None:
        with precision(128):
            half = expr.ball(CapArea(D, sp.acos(X)), {"d": 5, "x": 0})
            assert half.contains(Fraction(1, 2))
            above = expr.ball(CapArea(5, T), {"theta": Fraction(157, 100)})
            below = expr.ball(CapArea(5, sp.pi - T), {"theta": Fraction(157, 100)})
            assert (above + below).contains(1)
            assert above < below

    def test_symbolic_values_and_derivative(self) -> None:
        assert CapArea(D, 0) == 0
        assert CapArea(D, sp.pi / 2) == sp.Rational(1, 2)
        assert CapArea(D, sp.pi) == 1
        assert CapArea(1, 0) != 0
        slope = float(expr.precise(sp.diff(CapArea(5, T), T), {"theta": 1}))
        step = [
            float(expr.precise(CapArea(5, T), {"theta": Fraction(1) + Fraction(s, 10**6)})) for s in (-1, 1)
        ]
        assert slope == pytest.approx((step[1] - step[0]) / 2e-6, rel=1e-8)
        assert sp.diff(CapArea(D, T), D).has(sp.Derivative) or sp.diff(CapArea(D, T), D).has(sp.Subs)
