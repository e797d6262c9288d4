"""Random features against the exact kernel, their known variance, finite differences and naive sums."""

import math

import array_api_strict
import numpy as np
import pytest

from simulations.streams import stream
from simulations.variants import PROPERTIES, VariantError
from simulations.variants import variant as find_variant
from simulations.variants.random_features import (
    descend,
    energy,
    frequencies,
    gradient,
    kernel_sum,
    remember,
)
from simulations.variants.universal import kernel_energy, universal_network


def draw(seed, *shape):
    return stream(8, "features test", seed).standard_normal(shape)


def exact_sum(memories, x, beta):
    return np.sum(np.exp(-beta / 2 * np.sum((memories - x[..., None, :]) ** 2, axis=-1)), axis=-1)


def test_the_feature_vector_is_the_naive_sum():
    memories, x, beta, features = draw(1, 4, 3), draw(2, 3), 1.7, 16
    w = frequencies(features, 3, 5)
    total = sum(
        math.cos(math.sqrt(beta) * float(w[k] @ (x - row))) for row in memories for k in range(features)
    )
    got, _ = kernel_sum(remember(memories, beta, features, 5), x, beta, 5)
    assert float(got) == pytest.approx(total / features, abs=1e-13)


@pytest.mark.parametrize("gap", [0.0, 0.1, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("features", [64, 512])
def test_mean_and_variance_of_one_kernel(gap, features):
    """restated.sincos-variance over 3000 seeds: six standard errors of the mean and of the variance."""
    beta, seeds = 2.0, 3000
    x, y = np.zeros((1, 2)), np.array([math.sqrt(gap / beta), 0.0])
    # The definition of the estimate, with frequencies of the same law.
    w = stream(9, "variance", features).standard_normal((seeds, features, 2))
    got = np.mean(np.cos(math.sqrt(beta) * (w @ y)), axis=-1)
    for seed in range(5):
        one, _ = kernel_sum(remember(x, beta, features, seed), y, beta, seed)
        mine = np.mean(np.cos(math.sqrt(beta) * (frequencies(features, 2, seed) @ y)))
        assert float(one) == pytest.approx(mine, abs=1e-13)
    variance = (1 - math.exp(-gap)) ** 2 / (2 * features)
    deviations = (got - math.exp(-gap / 2)) ** 2
    assert abs(np.mean(got) - math.exp(-gap / 2)) <= 6 * math.sqrt(variance / seeds) + 1e-15
    assert abs(np.mean(deviations) - variance) <= 6 * np.std(deviations) / math.sqrt(seeds) + 1e-15


def test_the_estimate_approaches_the_kernel_energy_at_the_known_rate():
    memories = draw(3, 10, 4) / 2
    x = memories + 0.05
    beta = 2.0
    exact = kernel_energy("euclidean")(memories, x, beta) - math.log(10) / beta
    errors = []
    for features in (256, 4096, 65536):
        per_seed = [np.mean((energy(memories, x, beta, features, s) - exact) ** 2) for s in range(12)]
        errors.append(math.sqrt(np.mean(per_seed)))
    # sqrt(16) = 4 from size to size, with room for 12 seeds.
    assert 2 < errors[0] / errors[1] < 8
    assert 2 < errors[1] / errors[2] < 8
    step = descend(memories, x, beta, features=65536)
    np.testing.assert_allclose(step, universal_network("euclidean").update(memories, x, beta), atol=0.05)
    # sqrt(beta) forgotten in the frequencies is another kernel.
    wrong = energy(memories, x, 1.0, 65536) / beta
    assert np.min(np.abs(wrong - exact)) > 20 * errors[2]


def test_gradient_by_finite_differences_and_steps_compose():
    memories, x, beta = draw(4, 5, 3) / 2, draw(5, 3) / 4, 1.3
    steps = 1e-6 * np.eye(3)
    slope = [
        float(energy(memories, x + s, beta, 512, 2) - energy(memories, x - s, beta, 512, 2)) / 2e-6
        for s in steps
    ]
    np.testing.assert_allclose(gradient(memories, x, beta, 512, 2), slope, atol=1e-7)
    one = descend(memories, x, beta, 1, 0.3, 512, 2)
    np.testing.assert_allclose(one, x - 0.3 * gradient(memories, x, beta, 512, 2), atol=1e-15)
    two = descend(memories, one, beta, 1, 0.3, 512, 2)
    np.testing.assert_allclose(descend(memories, x, beta, 2, 0.3, 512, 2), two, atol=1e-15)
    model = find_variant("random-features:features=512,seed=2,step=0.3")
    np.testing.assert_allclose(model.update(memories, x, beta), one, atol=1e-15)
    # Small steps go downhill.
    before = energy(memories, x, beta, 512, 2)
    assert energy(memories, one, beta, 512, 2) < before


def test_where_the_estimate_is_not_positive_there_is_no_energy_and_no_step():
    memories = np.zeros((1, 1))
    x = np.linspace(3, 60, 400)[:, None]
    value = energy(memories, x, 1.0, 16)
    bad = ~np.isfinite(value)
    assert 0.1 < np.mean(bad) < 0.9
    assert np.array_equal(descend(memories, x, 1.0, features=16)[bad], x[bad])
    assert np.all(np.isfinite(descend(memories, x, 1.0, features=16)))


def test_frequencies_are_cached_streams():
    w = frequencies(64, 3, 1)
    assert w is frequencies(64, 3, 1)
    assert not w.flags.writeable
    assert not np.array_equal(w, frequencies(64, 3, 2))
    assert np.array_equal(w, stream(1, "random features", 64, 3).standard_normal((64, 3)))


def test_symmetries_and_arrays_of_every_kind(monkeypatch):
    model = find_variant("random-features:features=128,seed=3,step=0.5")
    assert model.promises <= set(PROPERTIES)
    memories, query, beta = draw(6, 3, 5, 4) / 2, draw(7, 3, 4) / 2, np.array([0.5, 1.0, 2.0])
    for a in (memories, query, beta):
        a.flags.writeable = False
    whole, value = model.update(memories, query, beta), model.energy(memories, query, beta)
    singly = [model.update(memories[i], query[i], float(beta[i])) for i in range(3)]
    np.testing.assert_allclose(whole, np.stack(singly), atol=1e-12)
    np.testing.assert_allclose(model.update(memories[:, ::-1], query, beta), whole, atol=1e-12)
    np.testing.assert_allclose(model.update(3 * memories, 3 * query, beta / 9), 3 * whole, atol=1e-12)
    strict = [array_api_strict.asarray(np.array(a)) for a in (memories, query, beta)]
    np.testing.assert_allclose(np.asarray(model.update(*strict)), whole, atol=1e-12)
    np.testing.assert_allclose(np.asarray(model.energy(*strict)), value, atol=1e-12)
    single = model.update(*(a.astype(np.float32) for a in (memories, query, beta)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, whole, atol=1e-3)
    many = draw(8, 2, 3, 4) / 2
    expected = model.update(np.broadcast_to(memories[0], (2, 3, 5, 4)), many, 0.8)
    np.testing.assert_allclose(model.update(memories[0], many, 0.8), expected, atol=1e-12)
    rows = np.stack([memories[0], memories[1]])[:, None]
    grouped = model.update(rows, many, np.full((2, 3), 0.8))
    np.testing.assert_allclose(grouped[0], model.update(memories[0], many[0], 0.8), atol=1e-12)
    monkeypatch.setattr("simulations.variants.random_features.BLOCK", 256)
    np.testing.assert_allclose(model.update(memories, query, beta), whole, atol=1e-12)


def test_torch_agrees():
    torch = pytest.importorskip("torch")
    model = find_variant("random-features:features=128")
    memories, query = draw(9, 5, 4) / 2, draw(10, 6, 4) / 2
    for f in (model.update, model.energy):
        got = f(torch.asarray(memories), torch.asarray(query), 0.9)
        np.testing.assert_allclose(got.numpy(), f(memories, query, 0.9), atol=1e-12)


def test_extremes_stay_finite_and_bad_parameters_say_what_was_expected():
    model = find_variant("random-features:features=32")
    for memories in (np.array([[0.5]]), np.zeros((3, 2)), draw(11, 1, 3)):
        for beta in (1e-12, 1.0, 1e100):
            np.testing.assert_allclose(model.update(memories, memories[0], beta), memories[0], atol=1e-9)
    for bad in ("features=0", "step=0.0"):
        with pytest.raises(VariantError, match="expected a positive"):
            find_variant("random-features:" + bad)
