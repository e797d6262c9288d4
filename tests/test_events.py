"""Random events against exact probabilities and against plain iteration."""

import math

import numpy as np
import pytest

from simulations import events
from simulations.ensembles import sphere
from simulations.streams import stream


def close_to(outcome, probability):
    """Within five standard deviations of the binomial law, nothing undecided."""
    n = len(outcome)
    assert set(np.unique(outcome)) <= {0, 1}
    return abs(np.mean(outcome == 1) - probability) <= 5 * math.sqrt(probability * (1 - probability) / n)


def softmax_limits(memories, beta, steps=2500):
    """Plain iteration from every memory of sets (n, M, d)."""
    x = memories.copy()
    for _ in range(steps):
        z = beta * x @ memories.transpose(0, 2, 1)
        p = np.exp(z - z.max(axis=-1, keepdims=True))
        x = (p / p.sum(axis=-1, keepdims=True)) @ memories
    return x


@pytest.mark.parametrize("theta", [0.1, 1.0, 2.5])
def test_one_pair_on_circle_and_sphere(theta):
    circle = events.min_angle_below(stream(1, "circle"), 4000, d=2, M=2, theta=theta)
    assert close_to(circle, theta / math.pi)
    ball = events.min_angle_below(stream(1, "ball"), 4000, d=3, M=2, theta=theta)
    assert close_to(ball, (1 - math.cos(theta)) / 2)


@pytest.mark.parametrize("count", [3, 10])
def test_spacings_on_the_circle(count):
    """All spacings of M points on a circle exceed theta with probability (1 - M theta/(2 pi))^(M-1)."""
    theta = 0.4 * 2 * math.pi / count**2
    outcome = events.min_angle_below(stream(2, "spacing", count), 6000, d=2, M=count, theta=theta)
    assert close_to(outcome, 1 - (1 - count * theta / (2 * math.pi)) ** (count - 1))


def test_angles_beyond_a_half_turn_and_single_patterns():
    assert np.all(events.min_angle_below(stream(0, "x"), 5, d=3, M=2, theta=4.0) == 1)
    assert np.all(events.min_angle_below(stream(0, "x"), 5, d=3, M=1, theta=1.0) == 0)
    with pytest.raises(ValueError, match="two points"):
        events.scaled_min_angle(stream(0, "x"), 5, d=3, M=1)


def test_mean_angle_of_a_pair():
    """The mean angle is pi/2 in every dimension; M^(2/(d-1)) = 4 on the circle and 2 on the sphere."""
    for d, factor in ((2, 4.0), (3, 2.0)):
        values = events.scaled_min_angle(stream(3, "mean", d), 5000, d=d, M=2)
        assert values.shape == (5000,)
        assert np.all((values >= 0) & (values <= factor * math.pi))
        assert np.mean(values) == pytest.approx(factor * math.pi / 2, abs=0.1 * factor)


def test_no_storage_below_the_bifurcation():
    outcome = events.not_all_stored(stream(0, "low"), 7, model="dense", d=5, M=2, m=2.0, beta=0.2)
    assert outcome.tolist() == [1] * 7
    alone = events.not_all_stored(stream(0, "low"), 7, model="dense", d=5, M=1, m=2.0, beta=0.2)
    assert alone.tolist() == [0] * 7


SETS = [(2, 3, 3.0), (3, 4, 4.0), (3, 6, 10.0), (8, 5, 6.0), (4, 3, 1.5)]


@pytest.mark.parametrize(("d", "M", "beta"), SETS)
def test_dense_storage_against_plain_iteration(d, M, beta):
    """A failure is a pair with one limit or with spheres that must meet; a success has M distinct limits."""
    name = ("plain", d, M, str(beta))
    drawn = sphere(stream(5, *name), 60, M, d)
    outcome = events.not_all_stored(stream(5, *name), 60, model="dense", d=d, M=M, m=1.0, beta=beta)
    assert np.mean(outcome == -1) < 0.6
    for memories, limits, verdict in zip(drawn, softmax_limits(drawn, beta), outcome, strict=True):
        if verdict == -1:
            continue
        moved = np.linalg.norm(limits - memories, axis=1)
        i, j = np.triu_indices(M, 1)
        apart = np.linalg.norm(limits[i] - limits[j], axis=1) > 1e-5
        room = moved[i] + moved[j] < np.linalg.norm(memories[i] - memories[j], axis=1)
        assert (verdict == 0) == bool(np.all(apart & room))


def test_dense_storage_with_a_given_radius():
    """Radius 1/(2 beta m): successes have their fixed point inside."""
    d, M, beta = 6, 6, 12.0
    drawn = sphere(stream(6, "radius"), 80, M, d)
    outcome = events.not_all_stored(
        stream(6, "radius"), 80, model="dense", d=d, M=M, m=1.0, beta=beta, radius=1 / (2 * beta)
    )
    assert {0, 1} <= set(outcome.tolist())
    for memories, limits, verdict in zip(drawn, softmax_limits(drawn, beta), outcome, strict=True):
        inside = np.all(np.linalg.norm(limits - memories, axis=1) <= 1 / (2 * beta))
        assert inside or verdict != 0


def test_sparse_storage_needs_a_unit_margin():
    """beta Delta > 1 for all memories is a success; far below it the memories melt together."""
    sure = events.not_all_stored(stream(7, "sparse"), 30, model="sparse", d=30, M=3, m=1.0, beta=4.0)
    assert np.all(sure == 0)
    melted = events.not_all_stored(stream(7, "melt"), 30, model="sparse", d=3, M=4, m=1.0, beta=0.1)
    assert not np.any(melted == 0)


def simplex_projection(v):
    """Euclidean projection onto the simplex by sorting."""
    u = np.sort(v)[::-1]
    k = np.flatnonzero(u + (1 - np.cumsum(u)) / np.arange(1, len(v) + 1) > 0)[-1]
    return np.maximum(v + (1 - np.cumsum(u)[k]) / (k + 1), 0)


def test_exact_fixed_points_of_the_sparse_model():
    d, M, beta, m = 4, 5, 0.6, 2.0
    drawn = sphere(stream(8, "fixed"), 200, M, d, m=m)
    outcome = events.not_all_exact_fixed(stream(8, "fixed"), 200, d=d, M=M, m=m, beta=beta)
    assert {0, 1} == set(outcome.tolist())
    for memories, verdict in zip(drawn, outcome, strict=True):
        weights = np.array([simplex_projection(beta * memories @ x) for x in memories])
        fixed = np.allclose(weights, np.eye(M), atol=1e-12)
        assert (verdict == 0) == fixed


def test_separated_patterns_below_the_bifurcation():
    """With one global fixed point a draw fails exactly if its angles are wide enough."""
    arguments = {"model": "dense", "d": 4, "M": 3, "m": 1.0, "beta": 0.5, "theta": 0.9}
    outcome = events.separated_not_stored(stream(9, "wide"), 300, **arguments)
    close = events.min_angle_below(stream(9, "wide"), 300, d=4, M=3, theta=0.9)
    assert np.array_equal(outcome, 1 - close)
    stored = events.separated_not_stored(stream(9, "wide"), 50, **{**arguments, "beta": 60.0})
    assert np.all(stored == 0)


def test_same_stream_same_outcome():
    arguments = {"model": "dense", "d": 5, "M": 6, "m": 1.0, "beta": 8.0}
    first = events.not_all_stored(stream(4, "again"), 40, **arguments)
    assert np.array_equal(first, events.not_all_stored(stream(4, "again"), 40, **arguments))
