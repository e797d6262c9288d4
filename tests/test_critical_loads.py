"""Critical loads: solved values against mpmath and closed forms, probability bounds against simulation."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest
from scipy import integrate, special, stats

from bounds import critical_loads as loads
from bounds.exact import Real, precision
from simulations import events_energies
from simulations.streams import stream

LAMBDAS = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(8))


def mp_load(ensemble: str, lam: Fraction) -> mpmath.mpf:
    """Closed forms by another route: alpha_1 = min over q of lam (1 - q) + I(q), or I(1) if q > 1."""
    x = mpmath.mpf(lam.numerator) / lam.denominator
    if ensemble == "gaussian":
        return x - x**2 / 2 if x <= 1 else mpmath.mpf(1) / 2
    if ensemble == "binary":
        return x - mpmath.log(mpmath.cosh(x))
    q = mpmath.findroot(lambda q: q - x * (1 - q**2), (0, 1), solver="anderson")
    return x * (1 - q) - mpmath.log(1 - q**2) / 2


@pytest.mark.parametrize("ensemble", loads.ENSEMBLES)
@pytest.mark.parametrize("lam", LAMBDAS)
def test_typical_load_to_many_digits(ensemble: str, lam: Fraction) -> None:
    with mpmath.workdps(40), precision(160):
        found = loads.typical_load(ensemble, lam)
        middle = found.midpoint().ball.str(38, radius=False)
        assert abs(mpmath.mpf(middle) - mp_load(ensemble, lam)) < mpmath.mpf(10) ** -30
        assert found.upper() - found.lower() < Fraction(1, 10**30)


@pytest.mark.parametrize("ensemble", loads.ENSEMBLES)
@pytest.mark.parametrize("alpha", [0.05, 0.3, 0.6])
def test_free_entropy_is_a_constrained_maximum(ensemble: str, alpha: float) -> None:
    """Brute force over a fine grid of overlaps."""
    q = np.linspace(0, 0.999999, 400_001) * (2 if ensemble == "gaussian" else 1)
    rate = {
        "spherical": lambda: -np.log1p(-(np.minimum(q, 0.9999999) ** 2)) / 2,
        "gaussian": lambda: q**2 / 2,
        "binary": lambda: ((1 + q) * np.log1p(q) + special.xlog1py(1 - q, -np.minimum(q, 1))) / 2,
    }[ensemble]()
    for lam in (Fraction(1, 2), Fraction(3, 2)):
        best = np.max((alpha - rate + float(lam) * q)[rate <= alpha])
        found = float(loads.free_entropy(ensemble, Real(alpha), lam))
        assert best <= found + 1e-9
        assert found == pytest.approx(best, abs=2e-5)


def test_moments_of_one_overlap() -> None:
    n, lam, shift, kappa = 21, Fraction(1, 2), Fraction(3, 4), Fraction(1, 3)
    area = special.beta(0.5, (n - 1) / 2)
    value = integrate.quad(
        lambda t: (1 - t * t) ** ((n - 3) / 2) * np.exp(0.5 * n * (t - 0.75)) / area, -1, 1 / 3, epsabs=0
    )[0]
    assert float(loads.moment("spherical", n, lam, shift, kappa)) == pytest.approx(value, rel=1e-8)
    value = integrate.quad(
        lambda g: np.exp(0.5 * n * (g / np.sqrt(n) - 0.75)) * stats.norm.pdf(g), -12, np.sqrt(n) / 3
    )[0]
    assert float(loads.moment("gaussian", n, lam, shift, kappa)) == pytest.approx(value, rel=1e-7)
    value = sum(
        comb(n, k) / 2**n * np.exp(0.5 * n * (1 - 2 * k / n - 0.75))
        for k in range(n + 1)
        if 1 - Fraction(2 * k, n) <= kappa
    )
    assert float(loads.moment("binary", n, lam, shift, kappa)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("ensemble", loads.ENSEMBLES)
def test_bounds_hold_in_simulation(ensemble: str) -> None:
    """At N = 15 the bounds are not small everywhere; what they say must be true of draws."""
    n, lam, said = 15, Fraction(1, 2), 0
    for count in (3, 30, 400, 3000):
        rng = stream(0, "critical loads", ensemble, count)
        shape = (400, count)
        if ensemble == "binary":
            t = 1 - 2 * rng.binomial(n, 0.5, shape) / n
        elif ensemble == "gaussian":
            t = rng.standard_normal(shape) / np.sqrt(n)
        else:
            t = 2 * rng.beta((n - 1) / 2, (n - 1) / 2, shape) - 1
        lost = float(np.mean(np.sum(np.exp(float(lam) * n * (t - 1)), axis=-1) >= 1))
        upper = float(loads.failure_bound(ensemble, n, lam, Real(count)))
        lower = 1 - float(loads.success_bound(ensemble, n, lam, Real(count)))
        assert lower - 0.1 <= lost <= upper + 0.1
        said += upper < 0.5 or lower > 0.5
    assert said >= 2


def test_pairs_of_gaussian_patterns() -> None:
    rng = stream(0, "gaussian pairs")
    x, y = rng.standard_normal((2, 200_000, 4))
    share = np.mean(np.sum(x * y, axis=-1) >= np.sum(x * x, axis=-1))
    assert float(loads.pair_bound(4, Real(2))) / 2 == pytest.approx(share, abs=0.004)
    exact = stats.t.sf(np.sqrt(30), 30)
    assert float(loads.pair_bound(30, Real(2))) / 2 == pytest.approx(exact, rel=1e-9)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="ensemble"):
        loads.moment("cubic", 11, Fraction(1), Fraction(1), Fraction(1))
    with pytest.raises(ValueError, match="odd"):
        loads.moment("spherical", 12, Fraction(1), Fraction(1), Fraction(1))
    with pytest.raises(ValueError, match="ensemble"):
        loads.rate("cubic", Real("1/2"))


def test_one_pattern_is_always_retrieved_and_a_copy_never() -> None:
    """The event on both sides: no competitor, and far more of them than a flat softmax can tell apart."""
    alone = events_energies.pattern_not_retrieved(stream(0, "a"), 20, ensemble=0, N=9, P=1, lam=1.0)
    assert np.all(alone == 0)
    crowd = events_energies.pattern_not_retrieved(stream(0, "b"), 20, ensemble=0, N=9, P=500, lam=0.01)
    assert np.all(crowd == 1)
    away = events_energies.pattern_not_retrieved(
        stream(0, "c"), 20, ensemble=0, N=9, P=50, lam=3.0, cosine=-1.0
    )
    assert np.all(away == 1)
    some = events_energies.some_pattern_not_retrieved(stream(0, "d"), 5, ensemble=2, N=2, P=9, lam=50.0)
    assert np.all(some == 1)  # nine sign patterns in two dimensions: one occurs three times at least
    none = events_energies.some_pattern_not_retrieved(stream(0, "e"), 5, ensemble=0, N=50, P=3, lam=5.0)
    assert np.all(none == 0)
    for above in (0, 1):
        found = events_energies.load_contradicted(
            stream(0, "f"), 5, ensemble=0, N=9, P=500, lam=0.01, above=above
        )
        assert np.all(found == 1 - above)
