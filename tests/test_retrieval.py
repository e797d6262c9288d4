"""Retrieval: limits against closed forms and root finding, batches against single runs."""

import dataclasses
import math

import array_api_strict
import numpy as np
import pytest
import scipy.optimize

from simulations import retrieval as module
from simulations.ensembles import ENSEMBLES
from simulations.retrieval import retrieve
from simulations.streams import stream
from simulations.variants import DENSE, SPARSE, jacobian, update

PAIR = np.array([[1.0], [-1.0]])


@pytest.mark.parametrize("polish", [False, True])
@pytest.mark.parametrize("beta", [1.05, 1.5, 4.0, 30.0])
def test_pair_limit_is_the_root(beta, polish):
    root = scipy.optimize.brentq(lambda x: x - math.tanh(beta * x), 1e-3, 2, xtol=1e-15)
    found = retrieve(DENSE, PAIR, np.array([[0.9], [-0.2], [5.0], [0.0]]), beta, polish=polish)
    assert np.all(found.converged)
    np.testing.assert_allclose(found.state[:, 0], [root, -root, root, 0.0], atol=1e-11)
    np.testing.assert_allclose(
        found.residual, np.abs(found.state - update(DENSE, PAIR, found.state, beta))[:, 0], atol=1e-16
    )
    # The same start under another temperature ends elsewhere: the oracle would notice.
    assert abs(retrieve(DENSE, PAIR, np.array([0.9]), beta**2).state[0] - root) > 1e-6 or beta > 20


def test_sparse_pair_is_clipped_and_exact():
    found = retrieve(SPARSE, PAIR, np.array([[0.3], [-0.01]]), 1.5)
    np.testing.assert_array_equal(found.state, [[1.0], [-1.0]])
    assert np.all(found.residual == 0)


@pytest.mark.parametrize("beta", [1.0, 1.0 + 1e-5])
def test_polish_near_the_bifurcation(beta):
    start = np.array([[0.9]])
    plain = retrieve(DENSE, PAIR, start, beta, max_steps=3000)
    assert not plain.converged[0]
    assert plain.steps[0] == 3000
    found = retrieve(DENSE, PAIR, start, beta, max_steps=3000, polish=True)
    assert found.converged[0]
    assert found.residual[0] <= 1e-13
    assert found.residual[0] < plain.residual[0]
    assert 0 <= found.state[0, 0] < plain.state[0, 0]
    if beta > 1:
        root = scipy.optimize.brentq(lambda x: x - math.tanh(beta * x), 1e-4, 1, xtol=1e-15)
        assert found.state[0, 0] == pytest.approx(root, rel=1e-4)


def test_polish_ends_where_plain_iteration_ends():
    # Sparsemax with a small beta has slow passages beside saddles, to which Newton's method is drawn.
    memories = ENSEMBLES["sphere"](stream(1, "polish"), 1, 300, 12)[0]
    for variant, beta in ((SPARSE, 1.0), (DENSE, 9.0)):
        plain = retrieve(variant, memories, memories[:150], beta, max_steps=20_000)
        fast = retrieve(variant, memories, memories[:150], beta, max_steps=20_000, polish=True)
        assert np.all(plain.converged & fast.converged)
        np.testing.assert_allclose(fast.state, plain.state, atol=1e-9)
        assert np.all(fast.steps <= plain.steps)
        assert np.any(fast.steps < plain.steps)


def test_without_the_safeguards_polish_is_drawn_to_a_saddle(monkeypatch):
    memories = ENSEMBLES["sphere"](stream(1, "polish"), 1, 300, 12)[0]
    plain = retrieve(SPARSE, memories, memories, 1.0, max_steps=20_000)
    monkeypatch.setattr(module, "_CALM", np.inf)
    rash = retrieve(SPARSE, memories, memories, 1.0, max_steps=20_000, polish=True)
    assert np.max(np.abs(rash.state - plain.state)) > 1e-3


@pytest.mark.parametrize("variant", [DENSE, SPARSE], ids=lambda v: v.name)
def test_batches_shapes_and_blocks_agree_with_single_runs(variant, monkeypatch):
    memories = ENSEMBLES["sphere"](stream(1), 4, 6, 3)
    query = stream(2).standard_normal((4, 5, 3))
    beta = np.array([0.5, 3.0, 6.0, 20.0])
    single = [[retrieve(variant, memories[i], query[i, j], beta[i]) for j in range(5)] for i in range(4)]
    state = np.array([[s.state for s in row] for row in single])
    steps = np.array([[s.steps for s in row] for row in single])
    for block in (1 << 21, 20):
        monkeypatch.setattr(module, "BLOCK", block)
        runs = {
            "grouped": retrieve(variant, memories[:, None], query, beta[:, None]),
            "broadcast": retrieve(variant, np.repeat(memories[:, None], 5, axis=1), query, beta[:, None]),
        }
        for name, run in runs.items():
            assert run.state.shape == (4, 5, 3)
            assert run.residual.shape == run.steps.shape == (4, 5)
            np.testing.assert_allclose(run.state, state, atol=1e-10, err_msg=name)
            assert np.max(np.abs(run.steps - steps)) <= 2
        shared = retrieve(variant, memories[1], query[1], 3.0)
        np.testing.assert_allclose(shared.state, state[1], atol=1e-10)
        each = retrieve(variant, memories, query[:, 2], beta)
        np.testing.assert_allclose(each.state, state[:, 2], atol=1e-10)
    assert retrieve(variant, memories[0], query[0, :0], 1.0).state.shape == (0, 3)


def test_energies_fall_and_stay_after_the_stop():
    memories = ENSEMBLES["sphere"](stream(1), 3, 6, 3)
    query = stream(2).standard_normal((3, 4, 3))
    for variant in (DENSE, SPARSE):
        for shapes in ((memories[:, None], query), (memories[0], query[0])):
            run = retrieve(variant, *shapes, 5.0, record_energy=True)
            assert run.energies.shape == (int(run.steps.max()) + 1, *run.steps.shape)
            assert np.all(np.diff(run.energies, axis=0) <= 1e-13)
            first = variant.energy(shapes[0], shapes[1], 5.0)
            np.testing.assert_allclose(run.energies[0], first, atol=1e-14)
            np.testing.assert_allclose(
                run.energies[-1], variant.energy(shapes[0], run.state, 5.0), atol=1e-13
            )
            for index in np.ndindex(run.steps.shape):
                tail = run.energies[(slice(int(run.steps[index]), None), *index)]
                assert np.ptp(tail) < 1e-14


def test_max_steps_and_refusals():
    run = retrieve(DENSE, PAIR, np.array([[0.5]]), 2.0, max_steps=0)
    assert run.steps[0] == 0
    assert not run.converged[0]
    assert run.residual[0] == pytest.approx(math.tanh(1.0) - 0.5)
    with pytest.raises(ValueError, match="no energy"):
        retrieve(dataclasses.replace(DENSE, energy=None), PAIR, np.array([0.5]), 2.0, record_energy=True)
    strict = array_api_strict.asarray(PAIR)
    with pytest.raises(ValueError, match="NumPy"):
        retrieve(DENSE, strict, array_api_strict.asarray([0.5]), 2.0, polish=True)


def test_strict_namespace_and_read_only_input():
    memories = ENSEMBLES["sphere"](stream(1), 4, 6, 3)
    query = stream(2).standard_normal((4, 2, 3))
    memories.flags.writeable = query.flags.writeable = False
    for variant in (DENSE, SPARSE):
        expected = retrieve(variant, memories[:, None], query, 6.0, record_energy=True)
        a, b = array_api_strict.asarray(memories.copy()), array_api_strict.asarray(query.copy())
        got = retrieve(variant, a[:, None, :, :], b, 6.0, record_energy=True)
        np.testing.assert_allclose(np.asarray(got.state), expected.state, atol=1e-10)
        np.testing.assert_array_equal(np.asarray(got.converged), expected.converged)
        assert got.energies.shape == expected.energies.shape


def test_float32_stops_at_its_own_precision():
    memories = ENSEMBLES["sphere"](stream(1), 1, 6, 3)[0].astype(np.float32)
    run = retrieve(DENSE, memories, memories, 8.0)
    assert run.state.dtype == np.float32
    assert np.all(run.converged)


def test_limits_are_attracting_fixed_points():
    memories = ENSEMBLES["gaussian"](stream(3), 20, 7, 4)
    run = retrieve(DENSE, memories[:, None], memories, 4.0, polish=True)
    slope = np.linalg.norm(jacobian(DENSE, memories[:, None], run.state, 4.0), 2, axis=(-2, -1))
    assert np.all(run.converged)
    assert np.max(slope) < 1 + 1e-6
