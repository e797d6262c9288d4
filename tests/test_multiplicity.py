"""Holm against a worked example and closed testing; averages of e-processes against their exact law."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.eprocess import Counts, log_e_against, log_e_paths
from verify.multiplicity import anytime_p, average_log_e, carry_forward, holm, sup_of_average

steady = settings(deadline=None, derandomize=True, max_examples=100)


def test_anytime_p() -> None:
    assert anytime_p([0.0, -5.0, -np.inf, np.inf, np.log(20)]).tolist() == pytest.approx([1, 1, 1, 0, 0.05])
    with pytest.raises(ValueError, match="not a number"):
        anytime_p(np.nan)


def test_holm_textbook() -> None:
    """p = 0.01, 0.04, 0.03, 0.005 at 5 %: the two smallest are rejected, and 0.03 <= 0.05/2 fails."""
    result = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}, 0.05)
    assert result.rejected == {"a", "d"}
    assert result.adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


def closed_testing(p: dict[str, float], alpha: float) -> set[str]:
    """Reject i if Bonferroni rejects every intersection hypothesis that contains i (Marcus et al. 1976)."""
    subsets = [set(c) for k in range(1, len(p) + 1) for c in itertools.combinations(p, k)]
    kept = [c for c in subsets if len(c) * min(p[i] for i in c) > alpha]
    return {i for i in p if not any(i in c for c in kept)}


grid_p = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.005, 0.01, 0.0125, 0.02, 0.05, 1.0]))


@steady
@given(st.dictionaries(st.sampled_from("abcdef"), grid_p, max_size=6), st.sampled_from([0.05, 0.2, 0.6]))
def test_holm_is_closed_testing_with_bonferroni(p: dict[str, float], alpha: float) -> None:
    result = holm(p, alpha)
    assert result.rejected == closed_testing(p, alpha)
    for name, adjusted in result.adjusted.items():
        assert p[name] <= adjusted <= 1.0
        if 1e-9 < adjusted < 0.999:  # the adjusted p-value is the level at which the id enters
            assert name in holm(p, adjusted * (1 + 1e-9)).rejected
            assert name not in holm(p, adjusted * (1 - 1e-9)).rejected


@steady
@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1), st.data())
def test_rejections_stay_when_evidence_grows(p: dict[str, float], data: st.DataObject) -> None:
    later = {name: value * data.draw(st.floats(0, 1)) for name, value in p.items()}
    assert holm(p, 0.3).rejected <= holm(later, 0.3).rejected


def test_holm_refuses_bad_input() -> None:
    for bad in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="'x'"):
            holm({"x": bad}, 0.05)
    with pytest.raises(ValueError, match="alpha"):
        holm({"x": 0.5}, 0.0)
    assert holm({}, 0.05).rejected == frozenset()


def test_average_values() -> None:
    log_e = np.log([[1.0, 4.0], [3.0, 0.5]])
    assert np.exp(average_log_e(log_e)) == pytest.approx([2.0, 2.25])
    assert np.exp(average_log_e(log_e, [3, 1])) == pytest.approx([1.5, 3.125])
    assert average_log_e([[-np.inf], [0.0]])[0] == pytest.approx(np.log(0.5))
    assert average_log_e([[-np.inf], [-np.inf]])[0] == -np.inf
    assert average_log_e([[np.inf], [0.0]], [0, 1])[0] == 0.0
    assert average_log_e([[np.inf], [-np.inf]])[0] == np.inf
    assert average_log_e([800.0, 900.0]) == pytest.approx(900 - np.log(2))


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], [1, np.nan], [[1, 1]]])
def test_average_refuses_bad_weights(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        average_log_e([[0.0], [0.0]], weights)


def test_average_refuses_bad_values() -> None:
    for bad in (np.array([]), np.array(1.0), np.zeros((0, 3))):
        with pytest.raises(ValueError, match="at least one"):
            average_log_e(bad)
    with pytest.raises(ValueError, match="not a number"):
        average_log_e([[np.nan]])


def test_carry_forward() -> None:
    stacked = carry_forward([np.array([1.0, 2.0, 3.0]), np.array([5.0]), np.array([])])
    assert stacked.tolist() == [[1, 2, 3], [5, 5, 5], [0, 0, 0]]
    assert carry_forward([]).shape == (0, 0)
    assert sup_of_average([np.array([])]) == 0.0


def test_average_first_and_maximum_second() -> None:
    """Two points that peak at different looks: the maxima must not be averaged."""
    paths = [np.log([8.0, 1.0]), np.log([1.0, 8.0])]
    assert sup_of_average(paths) == pytest.approx(np.log(4.5))
    wrong = average_log_e(np.array([p.max() for p in paths]))
    assert wrong == pytest.approx(np.log(8.0))
    assert sup_of_average([np.log([0.5])]) == 0.0
    peak, flat = log_e_paths([Counts(9, 0, 20), Counts(0, 0, 80)], 0.1)[0], np.zeros(2)
    assert sup_of_average([peak, flat]) == pytest.approx(np.logaddexp(peak[0], 0.0) - np.log(2))


def test_false_alarms_of_the_average_and_of_the_wrong_order() -> None:
    """Twelve points on the border of the null at 20 %: right order below the level, wrong order above it."""
    rng = np.random.Generator(np.random.Philox(key=3))
    alpha, looks, points = 0.2, 400, 12
    n = np.arange(1, looks + 1)
    table = log_e_against(np.minimum(n[:, None], np.arange(looks + 1)), n[:, None], 0.3)
    right = wrong = 0
    for _ in range(400):
        s = np.cumsum(rng.random((points, looks)) < 0.3, axis=1)
        paths = table[n - 1, s]
        right += sup_of_average(list(paths)) >= -np.log(alpha)
        wrong += average_log_e(paths.max(axis=1)) >= -np.log(alpha)
    assert right / 400 < alpha
    assert wrong > 1.5 * right
