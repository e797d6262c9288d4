"""Softmax_1 against 50 digits, the dense model with a memory 0, and hard scores."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simplex_checks import (
    check_contraction,
    check_equivariance,
    check_hard_scores,
    check_namespaces,
    check_retrieval,
    derivative_mismatches,
    draw,
    worst_descent,
)

from bounds.exact import Real, exact_array
from simulations.variants import (
    DENSE,
    SOFTMAX1,
    jacobian,
    log_retrieval_error,
    retrieval_error,
    update,
    variant,
)
from simulations.variants.dense import softmax
from simulations.variants.softmax1 import lse1

quick = settings(deadline=None, derandomize=True, max_examples=60)


@quick
@given(st.lists(st.floats(-700, 700), min_size=1, max_size=6))
def test_against_fifty_digits(v):
    with mpmath.workdps(400):
        e = [mpmath.exp(mpmath.mpf(x)) for x in v]
        total = 1 + mpmath.fsum(e)
        weights, logs = [float(a / total) for a in e], [float(mpmath.log(a / total)) for a in e]
        missing, partition = float(mpmath.log(1 / total)), float(mpmath.log(total))
    a = np.array(v)
    np.testing.assert_allclose(SOFTMAX1.weights(a, np), weights, rtol=1e-12, atol=0)
    np.testing.assert_allclose(SOFTMAX1.log_weights(a, np), logs, rtol=1e-14, atol=4e-16)
    assert lse1(a, np)[0] == pytest.approx(partition, rel=4e-15, abs=0)
    rest, sign = SOFTMAX1.surplus(a, np)
    assert sign * math.exp(rest[0]) == pytest.approx(-math.exp(missing), rel=1e-12, abs=0)


def enlarged(memories):
    return np.concatenate([memories, np.zeros((1, memories.shape[-1]))])


@pytest.mark.parametrize("beta", [0.05, 1.0, 8.0])
def test_it_is_the_dense_model_with_a_memory_at_the_origin(beta):
    memories, x, target = draw(1, 6, 3), draw(2, 20, 3), np.arange(20) % 6
    zero = enlarged(memories)
    np.testing.assert_allclose(update(SOFTMAX1, memories, x, beta), update(DENSE, zero, x, beta), atol=1e-14)
    np.testing.assert_allclose(
        jacobian(SOFTMAX1, memories, x, beta), jacobian(DENSE, zero, x, beta), atol=1e-13
    )
    for error in (retrieval_error, log_retrieval_error):
        got, true = error(SOFTMAX1, memories, x, beta, target), error(DENSE, zero, x, beta, target)
        np.testing.assert_allclose(got, true, rtol=1e-12)
    # The dense energy differs by its constants log(M + 1)/beta and m^2/2 only.
    constants = math.log(7) / beta + np.max(np.sum(memories**2, axis=1)) / 2
    difference = DENSE.energy(zero, x, beta) - SOFTMAX1.energy(memories, x, beta)
    np.testing.assert_allclose(difference, constants, rtol=1e-13)


def test_softmax_in_its_place_is_caught():
    wrong = dataclasses.replace(SOFTMAX1, weights=softmax)
    memories, x = draw(1, 6, 3), draw(2, 3)
    right = update(DENSE, enlarged(memories), x, 1.0)
    assert np.linalg.norm(update(SOFTMAX1, memories, x, 1.0) - right) < 1e-14
    assert np.linalg.norm(update(wrong, memories, x, 1.0) - right) > 0.05
    assert derivative_mismatches(wrong, 1.0)[0] > 1e-2
    assert derivative_mismatches(wrong, 1.0)[1] > 1e-2


def test_the_error_does_not_underflow_and_counts_the_missing_mass():
    # One memory: T(x) = xi e/(1 + e), so the error is |xi|/(1 + e) although the memory has no rival.
    for beta in (1.0, 300.0):
        got = log_retrieval_error(SOFTMAX1, np.array([[2.0]]), np.array([2.0]), beta, np.asarray(0))
        assert got == pytest.approx(math.log(2) - 4 * beta - math.log1p(math.exp(-4 * beta)), rel=1e-14)


def test_no_match_is_answered_with_nothing():
    memories = np.abs(draw(3, 5, 4))
    for beta in (1.0, 100.0):
        x = -np.ones(4)
        least = np.min(np.sum(memories, axis=1))
        bound = np.max(np.linalg.norm(memories, axis=1)) * 5 * math.exp(-beta * least)
        assert np.linalg.norm(update(SOFTMAX1, memories, x, beta)) <= bound


@pytest.mark.parametrize("beta", [0.2, 1.0, 4.0])
def test_energy_gradient_jacobian_and_descent(beta):
    first, second = derivative_mismatches(SOFTMAX1, beta)
    assert first < 1e-8
    assert second < 1e-7
    assert worst_descent(SOFTMAX1, beta) > -1e-14


def test_namespaces_hard_scores_and_promises():
    try:
        import torch
    except ImportError:
        torch = None
    check_namespaces(SOFTMAX1, torch)
    check_hard_scores(SOFTMAX1, total=None)
    check_equivariance(SOFTMAX1)
    check_retrieval(SOFTMAX1)
    assert check_contraction(SOFTMAX1) > 0.6
    assert variant("softmax1") is SOFTMAX1
    # What is not promised does not hold.
    assert np.sum(SOFTMAX1.weights(np.zeros(3), np)) == pytest.approx(0.75)
    assert update(SOFTMAX1, np.array([[1.0], [2.0]]), np.array([0.0]), 1.0)[0] == pytest.approx(1.0)
    assert update(SOFTMAX1, np.array([[1.0]]), np.array([0.0]), 1.0)[0] == pytest.approx(0.5)


def test_balls_hold_the_floats():
    memories, x = draw(5, 4, 3), draw(6, 3)
    exact = [exact_array(a) for a in (memories, x)]
    b = Real(3)
    got = update(SOFTMAX1, *exact, b).astype(float)
    assert got == pytest.approx(update(SOFTMAX1, memories, x, 3.0), rel=1e-13)
    assert float(SOFTMAX1.energy(*exact, b)) == pytest.approx(
        float(SOFTMAX1.energy(memories, x, 3.0)), rel=1e-13
    )
    slopes = jacobian(SOFTMAX1, *exact, b).astype(float)
    assert slopes == pytest.approx(jacobian(SOFTMAX1, memories, x, 3.0), abs=1e-12)
    error = retrieval_error(SOFTMAX1, *exact, b, np.asarray(1))
    assert float(error) == pytest.approx(
        float(retrieval_error(SOFTMAX1, memories, x, 3.0, np.asarray(1))), rel=1e-13
    )
