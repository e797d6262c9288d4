"""Top-K against all admissible selections, 50 digits, exact rationals, balls and finite differences."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from array_kinds import convert
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import Real, Undecided, exact_array, precision
from simulations.streams import stream
from simulations.variants import DENSE, jacobian, variant
from simulations.variants.dense import softmax
from simulations.variants.topk import places, topk

quick = settings(deadline=None, derandomize=True, max_examples=60)
# Multiples of 1/4: ties are frequent, and equal scores are equal as floats.
SCORES = st.lists(st.integers(-12, 12).map(lambda n: n / 4), min_size=1, max_size=6)


def selections(v, k):
    """All sets of min(k, M) indices none of which is beaten by an index left out."""
    everything = range(len(v))
    for chosen in itertools.combinations(everything, min(k, len(v))):
        others = [v[i] for i in everything if i not in chosen]
        if not others or min(v[i] for i in chosen) >= max(others):
            yield chosen


def brute_force(v, k, reading):
    """The mean over all admissible selections, by loops."""
    chosen = list(selections(v, k))
    total = np.zeros(len(v))
    for s in chosen:
        below = sum(math.exp(v[i]) for i in (s if reading == "B" else range(len(v))))
        for i in s:
            total[i] += math.exp(v[i]) / below
    return total / len(chosen)


@quick
@given(SCORES, st.integers(1, 7), st.sampled_from("AB"))
def test_weights_are_the_mean_over_all_admissible_selections(v, k, reading):
    got = topk(k, reading).weights(np.array(v), np)
    np.testing.assert_allclose(got, brute_force(v, k, reading), rtol=1e-13, atol=0)
    assert np.count_nonzero(got) >= min(k, len(v))
    logs = topk(k, reading).log_weights(np.array(v), np)
    np.testing.assert_allclose(np.exp(logs), got, rtol=1e-13)


def test_brute_force_catches_dropped_scores_filled_with_zero():
    v, k = np.array([-1.0, -2.0, -3.0, 0.5]), 2
    oracle = brute_force(list(v), k, "B")
    wrong = softmax(np.where(places(v, k, np) > 0, v, 0.0), np)
    assert np.max(np.abs(topk(k).weights(v, np) - oracle)) < 1e-15
    assert np.max(np.abs(wrong - oracle)) > 0.1


@pytest.mark.parametrize("reading", ["A", "B"])
def test_all_memories_kept_is_the_dense_model(reading):
    memories, x = stream(1, "topk").standard_normal((5, 3)), stream(2, "topk").standard_normal(3)
    for k in (5, 9):
        model = topk(k, reading)
        np.testing.assert_allclose(model.update(memories, x, 1.7), DENSE.update(memories, x, 1.7), rtol=1e-14)
    for beta in (1e-8, 1.0, 1e4):
        energy = topk(5).energy(memories, x, beta)
        assert float(energy) == pytest.approx(float(DENSE.energy(memories, x, beta)), rel=1e-14)
    np.testing.assert_allclose(
        jacobian(topk(5), memories, x, 2.0), jacobian(DENSE, memories, x, 2.0), rtol=1e-12
    )


def test_one_place_is_the_best_memory_and_an_antipodal_tie_is_shared():
    memories = np.array([[1.0], [-1.0]])
    assert topk(1).update(memories, np.array([0.1]), 3.0) == 1.0
    assert topk(1).update(memories, np.array([0.0]), 3.0) == 0.0
    assert list(places(np.array([2.0, 1.0, 1.0, 1.0]), 2, np)) == [1, 1 / 3, 1 / 3, 1 / 3]


@quick
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=6),
    st.tuples(st.integers(-6, 6), st.integers(-6, 6)),
    st.sampled_from([0.125, 0.5, 2.0, 32.0]),
)
def test_energy_is_the_least_over_sub_memories_and_descends_at_ties_too(k, rows, x, beta):
    memories, x = np.array(rows) / 2, np.array(x) / 4
    model, size = topk(k), min(k, len(rows))
    largest = np.max(np.sum(memories**2, axis=1))

    def least(y):
        values = []
        for s in itertools.combinations(range(len(rows)), size):
            z = [float(np.dot(memories[i], y)) for i in s]
            top = max(z)
            total = math.log(sum(math.exp(beta * (a - top)) for a in z)) / beta + top
            values.append(float(y @ y) / 2 + largest / 2 - total + math.log(size) / beta)
        return min(values)

    moved = model.update(memories, x, beta)
    assert float(model.energy(memories, x, beta)) == pytest.approx(least(x), abs=1e-12 * (1 + largest))
    drop = least(x) - float(model.energy(memories, moved, beta))
    assert drop >= np.sum((x - moved) ** 2) / 2 - 1e-12 * (1 + largest + float(x @ x))


def test_the_descent_catches_all_tied_memories_counted_whole():
    memories, x, beta = np.array([[1.0, 0.0], [0.5, 1.0], [0.5, -1.0]]), np.array([3.0, 0.0]), 0.5
    model = topk(2)

    def slack(moved):
        lost = model.energy(memories, x, beta) - model.energy(memories, moved, beta)
        return float(lost) - np.sum((x - moved) ** 2) / 2

    assert slack(model.update(memories, x, beta)) >= 0
    assert slack(DENSE.update(memories, x, beta)) < -0.05  # three memories for two places


@pytest.mark.parametrize("k", [1, 2, 4])
def test_gradient_and_jacobian_by_finite_differences_away_from_ties(k):
    memories, x = stream(3, "topk").standard_normal((6, 4)), stream(4, "topk").standard_normal(4)
    model, beta, h = topk(k), 1.3, 1e-6

    def difference(f):
        return [(f(x + s) - f(x - s)) / (2 * h) for s in h * np.eye(4)]

    slope = difference(lambda y: model.energy(memories, y, beta))
    np.testing.assert_allclose(slope, x - model.update(memories, x, beta), atol=1e-8)
    numeric = difference(lambda y: model.update(memories, y, beta))
    np.testing.assert_allclose(jacobian(model, memories, x, beta), numeric, atol=1e-8)


def test_log_weights_against_fifty_digits_where_weights_underflow():
    v = np.array([3000.0, -1000.0, 2000.5, -5000.0])
    with mpmath.workdps(50):
        e = [mpmath.exp(mpmath.mpf(a)) for a in v]
        below = {"A": mpmath.fsum(e), "B": e[0] + e[1] + e[2]}
        for reading, total in below.items():
            got = topk(3, reading).log_weights(v, np)
            true = [float(mpmath.log(e[i] / total)) for i in range(3)]
            np.testing.assert_allclose(got[:3], true, rtol=1e-15, atol=1e-15)
            assert got[3] == -np.inf


def test_places_of_exact_numbers_and_of_balls():
    third = [Fraction(1, 3), Fraction(1, 3), Fraction(1, 3) - Fraction(1, 10**40), Fraction(-1)]
    assert list(places(exact_array(third), 3, np)) == [1, 1, 1, 0]
    assert list(places(exact_array(third), 1, np)) == [Fraction(1, 2), Fraction(1, 2), 0, 0]
    wide = [Real.between("11/10", "2"), Real.between("3/2", "5/2"), Real("1/2"), Real("0")]
    # The first two overlap, but both are certainly among the two largest.
    assert list(places(exact_array(wide), 2, np)) == [1, 1, 0, 0]
    with pytest.raises(Undecided):
        places(exact_array(wide), 1, np)
    with pytest.raises(Undecided):  # the second may exceed the first, though its middle does not
        places(exact_array([Real("8/5"), Real.between("0", "3")]), 1, np)
    with precision(200):
        close = [Real(1), Real(1) + (Real("1e-60") / 3).sqrt(), Real(0)]
        assert list(places(exact_array(close), 1, np)) == [0, 1, 0]
    with pytest.raises(Undecided):  # the same irrational number twice
        places(exact_array([Real(2).sqrt(), Real(2).sqrt(), Real(0)]), 1, np)
    assert list(places(exact_array([[1, 2], [4, 3]]), 1, np).ravel()) == [0, 1, 1, 0]


@pytest.mark.parametrize("reading", ["A", "B"])
def test_balls_enclose_the_float_model(reading):
    memories, x = stream(5, "topk").standard_normal((6, 3)), stream(6, "topk").standard_normal(3)
    exact = topk(2, reading).update(exact_array(memories), exact_array(x), exact_array(3))
    np.testing.assert_allclose(exact.astype(float), topk(2, reading).update(memories, x, 3.0), rtol=1e-13)
    weights = topk(2, reading).weights(3 * exact_array(memories @ x), np)
    assert sum(w == 0 for w in weights) == 4
    if reading == "B":
        energy = topk(2).energy(exact_array(memories), exact_array(x), exact_array(3))
        assert float(energy) == pytest.approx(float(topk(2).energy(memories, x, 3.0)), rel=1e-13)
    assert bool(sum(weights) < 1) if reading == "A" else sum(weights).contains(1)
    logs = topk(2, reading).log_weights(3 * exact_array(memories @ x), np)
    floats = topk(2, reading).log_weights(3 * (memories @ x), np)
    np.testing.assert_allclose([float(a) for a in logs], floats, rtol=1e-12)


@pytest.mark.parametrize("kind", ["read-only", "strict", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["topk:k=3,reading=A", "topk:k=3,reading=B", "topk:k=1"])
def test_backends_and_batches_agree(kind, dtype, name):
    model, tolerance = variant(name), 1e-13 if dtype == "float64" else 1e-5
    rng = stream(7, "topk")
    memories, query, beta = (
        rng.standard_normal((4, 6, 3)),
        rng.standard_normal((4, 3)),
        rng.uniform(0.5, 5, 4),
    )
    query[0] = 0  # all scores tied
    one = [model.update(memories[i], query[i], beta[i]) for i in range(4)]
    arrays = [convert(kind, a.astype(dtype)) for a in (memories, query, beta)]
    got = model.update(*arrays)
    assert str(got.dtype).endswith(dtype)
    np.testing.assert_allclose(np.asarray(got), one, rtol=tolerance, atol=tolerance)
    if model.energy is not None:
        energies = [float(model.energy(memories[i], query[i], beta[i])) for i in range(4)]
        np.testing.assert_allclose(
            np.asarray(model.energy(*arrays)), energies, rtol=tolerance, atol=tolerance
        )


@pytest.mark.parametrize("reading", ["A", "B"])
def test_edges(reading):
    model = topk(2, reading)
    assert list(model.update(np.array([[2.0]]), np.array([-1.0]), 1e300)) == [2.0]
    huge = model.update(np.array([[1.0], [0.5], [0.25]]), np.array([1.0]), 1e8)
    assert huge == pytest.approx(1.0)
    same = model.weights(np.zeros(4), np)
    np.testing.assert_allclose(same, 0.25 if reading == "B" else 0.125)
    assert np.isnan(model.weights(np.array([1.0, np.nan, 0.0]), np)).any()
    assert np.isnan(topk(1).weights(np.array([1.0, np.nan, 0.0]), np)).any()
    assert (topk(2, reading).energy is None) == (reading == "A")


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="k: expected at least 1, found 0"):
        topk(0)
    with pytest.raises(ValueError, match="reading: expected A or B, found 'C'"):
        variant("topk:reading=C")
