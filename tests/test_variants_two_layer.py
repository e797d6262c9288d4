"""Two-layer networks against SciPy's integrators, finite differences, mpmath and the dense model."""

import itertools
import math

import array_api_strict
import mpmath
import numpy as np
import pytest
import scipy.integrate
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.streams import stream
from simulations.variants import DENSE, PROPERTIES, VariantError, update
from simulations.variants import variant as find_variant
from simulations.variants.similarities import SIMILARITIES
from simulations.variants.two_layer import (
    LAGRANGIANS,
    PULLS,
    TwoLayer,
    adiabatic,
    energy,
    integrate,
    rates,
)

quick = settings(deadline=None, derandomize=True, max_examples=60)
SMOOTH = ("lse", "relu", "tanh", "quadratic")
NETWORKS = [
    *(TwoLayer(h, v, "dot", 1.0, t) for h in ("lse", "relu", "tanh") for v, t in
      (("quadratic", 0.1), ("tanh", 1.0), ("norm", 10.0))),
    *(TwoLayer(h, "quadratic", s, 0.7, 1.3) for h in ("lse", "relu") for s in PULLS),
]  # fmt: skip


def draw(seed, *shape):
    return stream(12, "two layers", seed).standard_normal(shape)


def gradient(function, x, h=1e-6):
    steps = h * np.eye(len(x))
    return np.array([(function(x + s) - function(x - s)) / (2 * h) for s in steps])


@pytest.mark.parametrize("name", LAGRANGIANS)
def test_activities_are_the_gradients_of_their_lagrangians(name):
    value, slope = LAGRANGIANS[name]
    for x in (draw(1, 5), 20 * draw(2, 5), draw(3, 1)):
        np.testing.assert_allclose(slope(x, np), gradient(lambda y: float(value(y, np)), x), atol=1e-7)
        y = x + draw(4, len(x))
        assert value(y, np) >= value(x, np) + slope(x, np) @ (y - x) - 1e-9  # convex
    assert np.all(np.isfinite(slope(np.zeros(3), np)))
    assert value(1e3 * np.ones(3), np) < np.inf


def test_log_cosh_against_fifty_digits():
    for a in (0.0, 1e-8, 0.3, -2.0, 700.0, 1e5):
        with mpmath.workdps(50):
            true = float(mpmath.log(mpmath.cosh(mpmath.mpf(a))))
        assert float(LAGRANGIANS["tanh"][0](np.array([a]), np)) == pytest.approx(
            true, abs=2e-16 * (1 + abs(a))
        )


@pytest.mark.parametrize("model", NETWORKS, ids=str)
def test_trajectories_agree_with_scipy_and_lose_energy(model):
    # Short memories: with long ones the relu network has an energy without lower bound and grows for ever.
    memories, v, h, drive = draw(5, 4, 3) / 4, draw(6, 3), draw(7, 4), 0.1 * draw(8, 3)
    beta, tau = 1.5, min(model.tau_v, model.tau_h)
    if model.similarity != "dot":
        drive = 0.0 * drive
    dt, steps = 0.02 * tau, 50 if model.similarity == "cosine" else 200
    got = integrate(model, memories, v, h, beta, dt, steps, drive=drive)

    def slope(_, y):
        return np.concatenate(rates(model, memories, y[:3], y[3:], beta, drive))

    if model.similarity != "manhattan":  # its signs jump: no integrator of high order applies
        there = scipy.integrate.solve_ivp(
            slope, (0, dt * steps), np.concatenate([v, h]), method="DOP853", rtol=1e-10, atol=1e-12
        ).y[:, -1]
        np.testing.assert_allclose(got.v[-1], there[:3], atol=1e-5)
        np.testing.assert_allclose(got.h[-1], there[3:], atol=1e-5)
    rise = np.max(np.diff(got.energy))
    if model.similarity == "manhattan":  # steps across a kink of the energy overshoot it by about dt
        fine = integrate(model, memories, v, h, beta, dt / 8, 8 * steps)
        assert np.max(np.diff(fine.energy)) < max(rise, 1e-3) / 4
    else:
        assert rise <= 1e-12
    assert got.energy[0] - got.energy[-1] > 1e-2


def test_asymmetric_coupling_and_large_steps_raise_the_energy():
    model, rising = TwoLayer("tanh", "tanh"), []
    for seed in range(8):
        memories, v, h = draw(20 + seed, 4, 3), draw(30 + seed, 3), draw(40 + seed, 4)
        other = memories + 2 * draw(50 + seed, 4, 3)
        rising.append(
            np.max(np.diff(integrate(model, memories, v, h, 2.0, 0.05, 160, feedback=other).energy)) > 1e-6
        )
        assert np.max(np.diff(integrate(model, memories, v, h, 2.0, 0.05, 160).energy)) < 1e-12
    assert sum(rising) >= 4
    # Euler steps of 2.5 time constants of a linear decay diverge.
    far = integrate(
        TwoLayer("lse", "quadratic"), np.zeros((2, 2)), np.ones(2), np.zeros(2), 1.0, 2.5, 9, "euler"
    )
    assert np.all(np.diff(far.energy) > 0)


@pytest.mark.parametrize("model", [m for m in NETWORKS if m.similarity != "manhattan"], ids=str)
def test_the_rate_of_energy_loss_is_the_quadratic_form(model):
    """dE/dt = -tau_v v' Hess(L_v) v' - tau_h h' Hess(L_h) h', Hessians by finite differences."""
    memories, v, h, beta = draw(9, 4, 3), draw(10, 3), draw(11, 4), 1.3
    dv, dh = rates(model, memories, v, h, beta)
    e = 1e-6
    change = energy(model, memories, v + e * dv, h + e * dh, beta) - energy(
        model, memories, v - e * dv, h - e * dh, beta
    )
    g, f = LAGRANGIANS[model.visible][1], LAGRANGIANS[model.hidden][1]
    bend_v = (g(v + e * dv, np) - g(v - e * dv, np)) / (2 * e)
    bend_h = (f(beta * (h + e * dh), np) - f(beta * (h - e * dh), np)) / (2 * e)
    expected = -model.tau_v * dv @ bend_v - model.tau_h * dh @ bend_h
    assert change / (2 * e) == pytest.approx(expected, abs=1e-6)
    # An energy without 1/beta before the hidden Lagrangian does not have this rate.
    assert expected < -1e-3


def test_the_adiabatic_step_is_the_dense_model():
    memories, x = draw(12, 6, 4), draw(13, 5, 4)
    for beta in (0.1, 1.0, 30.0):
        np.testing.assert_allclose(
            adiabatic().update(memories, x, beta), update(DENSE, memories, x, beta), atol=1e-15
        )
        constant = adiabatic().energy(memories, x, beta) - DENSE.energy(memories, x, beta)
        assert np.ptp(constant) < 1e-12
    # Fast hidden neurons: one Euler step of v from h at rest.
    model = TwoLayer("lse", tau_h=1e-3)
    dv, dh = rates(model, memories, x, x @ memories.T, 2.0)
    assert np.all(dh == 0)
    np.testing.assert_allclose(x + dv, update(DENSE, memories, x, 2.0), atol=1e-14)


ADIABATIC = [
    f"two-layer:hidden={h},similarity={s},step={t}"
    for h, s, t in itertools.product(LAGRANGIANS, PULLS, ("1.0", "0.5"))
]


@pytest.mark.parametrize("name", ADIABATIC)
def test_promises_of_the_adiabatic_rule(name):
    model = find_variant(name)
    promises = model.promises
    assert promises <= set(PROPERTIES)
    for seed in range(6):
        beta = (0.2, 1.0, 8.0)[seed % 3]
        memories, x = draw(70 + seed, 5, 3), draw(80 + seed, 12, 3)
        moved = model.update(memories, x, beta)
        drop = model.energy(memories, x, beta) - model.energy(memories, moved, beta)
        half = np.sum((x - moved) ** 2, axis=-1) / 2
        assert "monotone" not in promises or np.all(drop >= -1e-11 * (1 + half))
        assert "descent" not in promises or np.all(drop - half >= -1e-11 * (1 + half))
        if "gradient" in promises:
            slope = gradient(lambda y, m=memories, b=beta: float(model.energy(m, y, b)), x[0])
            np.testing.assert_allclose(slope, (x - moved)[0], atol=1e-6 * (1 + np.max(np.abs(moved))))
        turn = np.linalg.qr(draw(90, 3, 3))[0]
        if "rotation" in promises:
            np.testing.assert_allclose(
                model.update(memories @ turn, x @ turn, beta), moved @ turn, atol=1e-11 * (1 + np.max(half))
            )
        if "scaling" in promises:
            np.testing.assert_allclose(
                model.update(2 * memories, 2 * x, beta / 4), 2 * moved, atol=1e-11 * (1 + np.max(half))
            )
        if "limit" in promises:
            for _ in range(1000):
                x = model.update(memories, x, beta)
            assert np.max(np.abs(model.update(memories, x, beta) - x)) < 1e-6


def test_threshold_units_hold_every_hidden_code_of_many_visible_neurons():
    """arxiv2601.00984: the codes c with f(Xi Xi^T c) = c, memories of unit length."""
    model = find_variant("two-layer:hidden=threshold")
    codes = np.array(list(itertools.product((0.0, 1.0), repeat=6)))
    shares = []
    for visible in (4, 2000):
        memories = np.sign(draw(17, 6, visible)) / math.sqrt(visible)
        states = codes @ memories
        naive = [[float(row @ s > 0.5) for row in memories] for s in states]
        np.testing.assert_allclose(model.update(memories, states, 1.0), naive @ memories, atol=1e-14)
        shares.append(np.mean(np.all(naive == codes, axis=1)))
    assert shares[0] < 0.5
    assert shares[1] == 1.0


def test_a_full_step_towards_one_gaussian_memory_cycles():
    """Why the limit is promised for smaller steps only: T(x) = xi - x."""
    model = find_variant("two-layer:similarity=euclidean")
    memories, x = np.array([[1.0]]), np.array([0.2])
    assert model.update(memories, model.update(memories, x, 1.0), 1.0)[0] == pytest.approx(0.2)
    assert "limit" not in model.promises
    assert "limit" in find_variant("two-layer:similarity=euclidean,step=0.5").promises


@quick
@given(st.integers(0, 10**6), st.sampled_from(["dot", "euclidean", "cosine", "manhattan"]))
def test_pulls_are_gradients_of_the_similarity(seed, similarity):
    memories, x, f = draw(seed, 4, 3), draw(seed + 1, 3), np.abs(draw(seed + 2, 4))
    if np.min(np.abs(memories - x)) < 1e-5 or np.linalg.norm(x) < 0.1:
        return
    slope = gradient(lambda y: float(f @ SIMILARITIES[similarity](memories, y, np)), x)
    np.testing.assert_allclose(PULLS[similarity](memories, x, f, np), slope, atol=1e-6)


@pytest.mark.parametrize("similarity", PULLS)
@pytest.mark.parametrize("hidden", ["lse", "relu"])
def test_arrays_of_every_kind_agree(similarity, hidden):
    model = find_variant(f"two-layer:hidden={hidden},similarity={similarity},step=0.5")
    memories, query, beta = draw(14, 3, 5, 4), draw(15, 3, 4), np.array([0.5, 1.0, 2.0])
    for a in (memories, query, beta):
        a.flags.writeable = False
    whole, value = model.update(memories, query, beta), model.energy(memories, query, beta)
    singly = [model.update(memories[i], query[i], float(beta[i])) for i in range(3)]
    np.testing.assert_allclose(whole, np.stack(singly), atol=1e-13)
    strict = [array_api_strict.asarray(np.array(a)) for a in (memories, query, beta)]
    np.testing.assert_allclose(np.asarray(model.update(*strict)), whole, atol=1e-13)
    np.testing.assert_allclose(np.asarray(model.energy(*strict)), value, atol=1e-13)
    single = model.update(*(a.astype(np.float32) for a in (memories, query, beta)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, whole, rtol=1e-4, atol=1e-4)
    torch = pytest.importorskip("torch")
    tensors = [torch.asarray(np.array(a)) for a in (memories, query, beta)]
    np.testing.assert_allclose(model.update(*tensors).numpy(), whole, atol=1e-13)
    np.testing.assert_allclose(model.energy(*tensors).numpy(), value, atol=1e-13)
    path = integrate(
        TwoLayer(hidden, "quadratic", similarity),
        tensors[0],
        tensors[1],
        tensors[1] @ tensors[0][0].T,
        1.0,
        0.1,
        3,
    )
    same = integrate(
        TwoLayer(hidden, "quadratic", similarity), memories, query, query @ memories[0].T, 1.0, 0.1, 3
    )
    np.testing.assert_allclose(path.energy.numpy(), same.energy, atol=1e-12)


def test_extremes_stay_finite_and_bad_parameters_say_what_was_expected():
    for similarity in PULLS:
        model = find_variant(f"two-layer:similarity={similarity}")
        for memories in (np.array([[0.5]]), np.zeros((3, 2)), draw(16, 1, 3)):
            for beta in (1e-12, 1.0, 1e300):
                assert np.all(np.isfinite(model.update(memories, memories[0], beta)))
                assert math.isfinite(model.energy(memories, memories[0], beta))
    for bad, expected in (
        ("hidden=x", "hidden: expected one of lse"),
        ("similarity=x", "similarity: expected one of dot"),
        ("step=1.5", "step: expected a number in"),
    ):
        with pytest.raises(VariantError, match=expected):
            find_variant("two-layer:" + bad)
    with pytest.raises(ValueError, match="visible: expected 'quadratic'"):
        TwoLayer("lse", "tanh", "cosine")
    with pytest.raises(ValueError, match="tau_h: expected a positive"):
        TwoLayer(tau_h=0.0)
    with pytest.raises(ValueError, match="method: expected"):
        integrate(TwoLayer(), np.ones((1, 1)), np.ones(1), np.ones(1), 1.0, 0.1, 1, "heun")
