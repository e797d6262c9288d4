"""e-processes against numerical integration, exact crossing probabilities and tests that must fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from verify.eprocess import (
    BernoulliTest,
    Counts,
    confidence_interval,
    log_e_against,
    log_e_for,
    log_e_mean_above,
    log_e_mean_below,
    log_e_paths,
    mean_interval,
    prefix,
    running_sup,
)

Array = Any
Decision = Callable[[Array, Array], Array]
steady = settings(deadline=None, derandomize=True, max_examples=60)
LOG20 = float(np.log(20.0))


# --- values -----------------------------------------------------------------------------------------


def quadrature(s: int, n: int, delta: str, *, upper: bool) -> float:
    """The mixture as an integral over q = sin^2 t, where the arcsine density is constant."""
    with mp.workdps(30):
        d = mp.mpf(delta)
        border = mp.asin(mp.sqrt(d))
        low, high = (border, mp.pi / 2) if upper else (mp.mpf(0), border)
        peak, width = mp.asin(mp.sqrt(mp.mpf(s) / n)), 1 / mp.sqrt(4 * n)
        cuts = [low, high] + [peak + k * width for k in (-30, -10, -3, 0, 3, 10, 30)]
        cuts = sorted(c for c in cuts if low <= c <= high)

        def ratio(t: Any) -> Any:
            return (mp.sin(t) ** 2 / d) ** s * (mp.cos(t) ** 2 / (1 - d)) ** (n - s)

        return float(mp.log(mp.quad(ratio, cuts) / (high - low)))


CASES = [
    (0, 1, "0.05"), (1, 1, "0.05"), (0, 74, "0.05"), (9, 90, "0.05"), (3, 100, "0.3"), (60, 100, "0.3"),
    (2, 2000, "0.001"), (40, 2000, "0.001"), (1990, 2000, "0.9"), (1, 10**6, "1e-9"), (5, 7, "1e-40"),
    (300, 300, "0.999"), (250_000, 10**6, "0.26"),
]  # fmt: skip


@pytest.mark.parametrize(("s", "n", "delta"), CASES)
def test_mixtures_agree_with_quadrature(s: int, n: int, delta: str) -> None:
    for function, upper in ((log_e_against, True), (log_e_for, False)):
        expected = quadrature(s, n, delta, upper=upper)
        value = float(function(s, n, float(delta)))
        if expected > -600:
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-7)
        else:  # too small for a double: less evidence than there is, never more
            assert value <= expected + 1e-6


def test_exact_limits() -> None:
    grid = [0.0, 1e-300, 0.3, 1.0]
    assert np.allclose(log_e_against(0, 0, grid), 0.0, atol=1e-12)
    assert np.allclose(log_e_for(0, 0, grid), 0.0, atol=1e-12)
    # delta = 0: a single failure is proof; without one it is the plain mixture over (0, 1].
    assert log_e_against(1, 5, 0.0) == np.inf
    assert log_e_against(0, 1, 0.0) == pytest.approx(np.log(0.5))
    assert log_e_for([0, 5], 5, 0.0).tolist() == [0.0, 0.0]
    # delta = 1: the mirror image.
    assert log_e_for(4, 5, 1.0) == np.inf
    assert log_e_for(1, 1, 1.0) == pytest.approx(np.log(0.5))
    assert log_e_against([0, 5], 5, 1.0).tolist() == [0.0, 0.0]
    # Bounds outside [0, 1] say nothing, or something impossible.
    assert log_e_against(3, 5, [1.5, -0.1]).tolist() == [0.0, np.inf]
    assert log_e_for(3, 5, [-0.1, 1.5]).tolist() == [0.0, np.inf]


def test_underflow_is_no_evidence() -> None:
    assert log_e_against(0, 10**6, 0.9) == -np.inf
    assert log_e_for(10**6, 10**6, 1e-9) == -np.inf
    # Large evidence does not overflow.
    assert float(log_e_against(10**6, 10**6, 1e-9)) == pytest.approx(10**6 * np.log(1e9), rel=1e-4)


def test_broadcasting_and_bad_input() -> None:
    assert log_e_against(np.arange(3)[:, None], 5, [0.1, 0.2]).shape == (3, 2)
    for s, n, d in ((2, 1, 0.5), (-1, 1, 0.5), (0, np.inf, 0.5), (0, 1, np.nan), (np.nan, 1, 0.5)):
        with pytest.raises(ValueError, match=r"must|not a number"):
            log_e_against(s, n, d)
        with pytest.raises(ValueError, match=r"must|not a number"):
            log_e_for(s, n, d)


@steady
@given(st.integers(1, 400), st.floats(0, 1), st.floats(1e-6, 1 - 1e-6))
def test_mirror_image(n: int, share: float, delta: float) -> None:
    s = int(share * n)
    a, b = float(log_e_against(s, n, delta)), float(log_e_for(n - s, n, 1.0 - delta))
    assert a == b or a == pytest.approx(b, rel=1e-6, abs=1e-6)


def test_published_numbers_of_trials() -> None:
    """Zero failures support delta at 5 % after 74 (0.05), 3787 (1e-3) and 3.8 million (1e-6) trials."""
    n = np.arange(1, 4000)
    assert int(n[log_e_for(0, n, 0.05) >= LOG20][0]) == 74
    assert int(n[log_e_for(0, n, 1e-3) >= LOG20][0]) == 3787
    low, high = log_e_for(0, [3.7e6, 3.9e6], 1e-6)
    assert low < LOG20 <= high


# --- error control ----------------------------------------------------------------------------------


def against(delta: float) -> Decision:
    return lambda s, n: log_e_against(s, n, delta) >= LOG20


def supports(delta: float) -> Decision:
    return lambda s, n: log_e_for(s, n, delta) >= LOG20


def peeking(delta: float) -> Decision:
    """The exact one-sided binomial test at 5 %, applied anew at every look: wrong on purpose."""
    return lambda s, n: binom.sf(s - 1, n, delta) <= 0.05


def crossing_law(decide: Decision, p: float, looks: int) -> Array:
    """P(decided within n trials), n = 1..looks, exactly: the law of (S_n, undecided) by recursion."""
    mass, decided, law = np.zeros(looks + 1), 0.0, np.zeros(looks)
    mass[0] = 1.0
    for n in range(1, looks + 1):
        mass[1:] = mass[1:] * (1 - p) + mass[:-1] * p
        mass[0] *= 1 - p
        alive = np.flatnonzero(mass > 1e-14)
        stop = alive[decide(alive.astype(float), float(n))]
        decided += float(mass[stop].sum())
        mass[stop] = 0.0
        law[n - 1] = decided
    return law


def simulated_alarms(decide: Decision, p: float, looks: int, replicates: int = 2000) -> float:
    """Share of replicates in which any look decides; each distinct (S, n) is evaluated once."""
    rng = np.random.Generator(np.random.Philox(key=20_240_101))
    n = np.arange(1, looks + 1)
    codes = np.empty((replicates, looks), dtype=np.int64)
    for row in codes:
        row[:] = np.cumsum(rng.random(looks) < p) * (looks + 1) + n
    seen = np.zeros((looks + 1) ** 2, dtype=bool)
    seen[codes.ravel()] = True
    pairs = np.flatnonzero(seen)
    alarm = np.zeros(seen.size, dtype=bool)
    alarm[pairs] = decide((pairs // (looks + 1)).astype(float), (pairs % (looks + 1)).astype(float))
    return float(alarm[codes].any(axis=1).mean())


@pytest.mark.parametrize(("p", "looks"), [(0.3, 1500), (0.05, 3000), (0.01, 3000)])
def test_false_alarms_under_continuous_looking(p: float, looks: int) -> None:
    assert simulated_alarms(against(p), p, looks) < 0.05
    assert simulated_alarms(supports(p), p, looks) < 0.05
    assert simulated_alarms(peeking(p), p, looks) > 0.15, "the calibration must catch a test that peeks"


def test_false_alarms_exactly() -> None:
    for p in (0.3, 0.02):
        refuted, supported = (crossing_law(make(p), p, 1000)[-1] for make in (against, supports))
        assert max(refuted, supported) < 0.05
        # Inside the null there are fewer alarms than on its border.
        assert crossing_law(against(p), 0.8 * p, 1000)[-1] < refuted
        assert crossing_law(supports(p), 1.2 * p, 1000)[-1] < supported
    assert crossing_law(peeking(0.3), 0.3, 1000)[-1] > 0.15


def test_power_is_not_lost() -> None:
    refuting = crossing_law(against(0.05), 0.10, 600)
    assert 200 <= 1 + int(np.searchsorted(refuting, 0.5)) <= 225, "the median number of trials"
    supporting = crossing_law(supports(0.05), 0.01, 600)
    assert supporting[-1] > 0.95


# --- the running test -------------------------------------------------------------------------------

chunk = st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 40)).map(
    lambda t: Counts(t[0], t[1], sum(t))
)


@steady
@given(st.lists(chunk, max_size=8), st.data())
def test_order_of_completion_does_not_matter(chunks: list[Counts], data: st.DataObject) -> None:
    """Chunks that come back in any order, read through the prefix, give what ordered chunks give."""
    ordered = BernoulliTest(0.2).update(chunks)
    arrived: dict[int, Counts] = {}
    test, used = BernoulliTest(0.2), 0
    for index in data.draw(st.permutations(range(len(chunks)))):
        arrived[index] = chunks[index]
        ready = prefix(arrived)
        test = test.update(ready[used:])
        used = len(ready)
        assert test == BernoulliTest(0.2).update(chunks[:used])
    assert test == ordered
    assert (test.sup_against, test.sup_for) == running_sup(chunks, 0.2)


def test_prefix_stops_at_the_gap() -> None:
    assert prefix({}) == []
    assert prefix({1: "b", 2: "c"}) == []
    assert prefix({3: "d", 0: "a", 1: "b"}) == ["a", "b"]


def test_reading_in_order_of_completion_would_be_caught() -> None:
    """The negative control of the prefix rule: the same chunks in another order give another supremum."""
    chunks = [Counts(0, 0, 50), Counts(0, 0, 50), Counts(20, 0, 50)]
    assert running_sup(chunks, 0.1)[0] < running_sup(chunks[::-1], 0.1)[0]


def test_supremum_remembers_the_best_look() -> None:
    test = BernoulliTest(0.1).update([Counts(10, 0, 20)])
    later = test.update([Counts(0, 0, 500)])
    assert later.sup_against == test.sup_against == pytest.approx(float(log_e_against(10, 20, 0.1)))
    assert later.log_against < later.sup_against
    assert later.log_for == pytest.approx(float(log_e_for(10, 520, 0.1)))
    assert (later.failures, later.trials) == (10, 520)
    against_path, for_path = log_e_paths([Counts(10, 0, 20), Counts(0, 0, 500)], 0.1)
    assert against_path.tolist() == [test.log_against, later.log_against]
    assert for_path.tolist() == [test.log_for, later.log_for]
    assert BernoulliTest(0.1).update([]) == BernoulliTest(0.1)


@pytest.mark.parametrize("counts", [Counts(14, 7, 60), Counts(1, 3, 200)])
def test_ambiguous_trials_never_help_a_verdict(counts: Counts) -> None:
    test = BernoulliTest(0.1).update([counts])
    outcomes = [
        BernoulliTest(0.1).update([Counts(counts.failures + k, 0, counts.trials)])
        for k in range(counts.ambiguous + 1)
    ]
    assert test.sup_against == min(o.sup_against for o in outcomes)
    assert test.sup_for == min(o.sup_for for o in outcomes)
    assert test.log_against == min(o.log_against for o in outcomes)
    assert test.log_for == min(o.log_for for o in outcomes)
    low, high = test.interval(0.05)
    assert low == min(o.interval(0.05)[0] for o in outcomes)
    assert high == max(o.interval(0.05)[1] for o in outcomes)


def test_support_border_may_be_wider() -> None:
    strict, wide = BernoulliTest(0.05), BernoulliTest(0.05, support_delta=0.06)
    chunks = [Counts(20, 0, 500)]
    assert wide.update(chunks).sup_for > strict.update(chunks).sup_for
    assert wide.update(chunks).sup_against == strict.update(chunks).sup_against


@pytest.mark.parametrize("bad", [Counts(-1, 0, 5), Counts(3, 3, 5), Counts(0, -1, 5)])
def test_impossible_counts_are_refused(bad: Counts) -> None:
    with pytest.raises(ValueError, match="chunk"):
        BernoulliTest(0.1).update([bad])


# --- intervals --------------------------------------------------------------------------------------


@steady
@given(st.integers(0, 500), st.floats(0, 1), st.sampled_from([0.5, 0.05, 1e-3]))
def test_interval_is_the_set_not_refuted(n: int, share: float, alpha: float) -> None:
    s = int(share * n)
    low, high = (float(v) for v in confidence_interval(s, n, alpha))
    assert 0 <= low <= (s / n if n else 0) <= high <= 1
    level = np.log(2 / alpha)
    grid = np.linspace(0, 1, 401)
    refuted = (log_e_against(s, n, grid) >= level) | (log_e_for(s, n, grid) >= level)
    assert np.array_equal(refuted, (grid <= low) & (low > 0) | (grid >= high) & (high < 1))


def test_interval_edges() -> None:
    low, high = confidence_interval([0, 50, 100], 100, 0.05)
    assert low[0] == 0.0
    assert high[2] == 1.0
    assert low[1] == pytest.approx(1 - high[1], rel=1e-12)
    # Rare events: the limits keep their relative accuracy.
    tiny_low, tiny_high = confidence_interval(3, 10**9, 0.05)
    assert log_e_against(3, 10**9, tiny_low) == pytest.approx(np.log(40), abs=1e-6)
    assert log_e_for(3, 10**9, tiny_high) == pytest.approx(np.log(40), abs=1e-6)
    # The price of looking all the time: wider than Clopper-Pearson, but not by much.
    fixed = binom.interval(0.95, 1000, 0.1)
    wide = np.diff(np.ravel(confidence_interval(100, 1000, 0.05)))[0] / ((fixed[1] - fixed[0]) / 1000)
    assert 1.2 < wide < 2.9


def test_interval_refuses_bad_input() -> None:
    for alpha in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="alpha"):
            confidence_interval(1, 2, alpha)
    with pytest.raises(ValueError, match="counts"):
        confidence_interval(3, 5, 0.05, ambiguous=3)


# --- bounded means ----------------------------------------------------------------------------------


@steady
@given(st.floats(0.02, 0.98), st.integers(1, 7))
def test_betting_is_fair_at_the_border(m: float, steps: int) -> None:
    """Over all 2^n outcomes of a coin with mean m, E has mean exactly 1; inside the null below 1."""
    outcomes = np.array(list(itertools.product([0.0, 1.0], repeat=steps)))
    for function, inside in ((log_e_mean_above, m / 2), (log_e_mean_below, (1 + m) / 2)):
        e = np.exp(function(outcomes, m)[:, -1])
        for p, expected in ((m, 1.0), (inside, None)):
            chance = np.prod(np.where(outcomes == 1, p, 1 - p), axis=1)
            mean = float(e @ chance)
            assert mean == pytest.approx(1.0, rel=1e-9) if expected else mean < 1.0


def test_betting_false_alarms_and_power() -> None:
    rng = np.random.Generator(np.random.Philox(key=7))
    x = rng.beta(0.5, 2.0, size=(500, 400))  # mean 0.2
    assert np.mean(log_e_mean_above(x, 0.2).max(axis=1) >= LOG20) < 0.05
    assert np.mean(log_e_mean_below(x, 0.2).max(axis=1) >= LOG20) < 0.05
    assert np.mean(log_e_mean_above(x, 0.13).max(axis=1) >= LOG20) > 0.95
    assert np.mean(log_e_mean_below(x, 0.28).max(axis=1) >= LOG20) > 0.95


def test_betting_limits_and_mirror() -> None:
    x = np.array([0.0, 0.25, 0.0])
    assert log_e_mean_above(x, 0.0).tolist() == [0.0, np.inf, np.inf]
    assert log_e_mean_below(1 - x, 1.0).tolist() == [0.0, np.inf, np.inf]
    assert log_e_mean_above(x, 1.0).tolist() == [0.0] * 3
    assert log_e_mean_below(x, 0.0).tolist() == [0.0] * 3
    assert log_e_mean_above(x, -0.1).tolist() == [np.inf] * 3
    assert log_e_mean_below(x, 1.1).tolist() == [np.inf] * 3
    assert log_e_mean_above([], 0.5).shape == (0,)
    assert np.allclose(log_e_mean_above(x, 0.3), log_e_mean_below(1 - x, 0.7), rtol=1e-12)
    assert np.all(log_e_mean_above(np.zeros(10**4), 0.5)[-1] < -1)
    assert log_e_mean_above(x, [0.1, 0.2]).shape == (2, 3)


def test_mean_interval() -> None:
    rng = np.random.Generator(np.random.Philox(key=9))
    x = rng.beta(2, 5, size=1000)
    low, high = mean_interval(x, 0.05)
    assert low < x.mean() < high
    assert high - low < 0.05
    level, grid = np.log(40), np.linspace(0, 1, 300)
    refuted = [max(log_e_mean_above(x, m)[-1], log_e_mean_below(x, m)[-1]) >= level for m in grid]
    assert np.array_equal(refuted, (grid <= low) | (grid >= high))
    assert mean_interval([], 0.05) == (0.0, 1.0)
    for constant in (0.0, 0.1, 1.0):
        low, high = mean_interval([constant] * 60, 0.05)
        assert low <= constant <= high


def test_means_refuse_bad_input() -> None:
    for bad in ([1.1], [-0.1], [np.nan]):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            log_e_mean_above(bad, 0.5)
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            mean_interval(bad, 0.05)
    with pytest.raises(ValueError, match="not a number"):
        log_e_mean_below([0.5], np.nan)
    with pytest.raises(ValueError, match="alpha"):
        mean_interval([0.5], 0.0)
    with pytest.raises(ValueError, match="one sequence"):
        mean_interval([[0.5]], 0.1)
