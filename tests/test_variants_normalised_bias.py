"""The normalised bias against its angle recursion and on every kind of array."""

import math

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.streams import stream
from simulations.variants import PROPERTIES
from simulations.variants import variant as find_variant
from simulations.variants.normalised_bias import NORMALISED_BIAS

quick = settings(deadline=None, derandomize=True, max_examples=100)


def recursion(theta, length):
    """The new angle to v from tan theta' = sin theta/(cos theta + |v|)."""
    return math.atan2(math.sin(theta), math.cos(theta) + length)


@quick
@given(st.floats(0.01, 3.1), st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.1, 3.0]))
def test_the_angle_follows_its_recursion_and_falls(theta, length):
    x, v = np.array([math.cos(theta), math.sin(theta)]), np.array([[length, 0.0]])
    for _ in range(5):
        moved = NORMALISED_BIAS.update(v, x, 1.0)
        angle = math.atan2(moved[1], moved[0])
        assert angle == pytest.approx(recursion(theta, length), abs=1e-13)
        assert angle < theta
        assert NORMALISED_BIAS.energy(v, moved, 1.0) <= NORMALISED_BIAS.energy(v, x, 1.0) + 1e-15
        x, theta = moved, angle
    # Without the normalisation the angle falls faster: another recursion.
    assert abs(math.atan2(math.sin(1.0), math.cos(1.0) + 2 * length) - recursion(1.0, length)) > 1e-2


def test_starts_opposite_to_the_bias():
    for length, end in ((0.5, -1.0), (1.0, 0.0), (2.0, 1.0)):
        assert NORMALISED_BIAS.update(np.array([[length]]), np.array([-1.0]), 1.0)[0] == end
    assert np.array_equal(NORMALISED_BIAS.update(np.zeros((1, 2)), np.array([0.0, 2.0]), 1.0), [0.0, 1.0])


def test_symmetries_and_arrays_of_every_kind():
    model = find_variant("normalised-bias")
    assert model.promises <= set(PROPERTIES)
    rng = stream(13, "bias")
    memories, query = rng.standard_normal((3, 4, 5)), rng.standard_normal((3, 5))
    for a in (memories, query):
        a.flags.writeable = False
    whole = model.update(memories, query, 1.0)
    sums = query + memories.sum(axis=1)
    np.testing.assert_allclose(whole, sums / np.linalg.norm(sums, axis=1, keepdims=True), atol=1e-15)
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    np.testing.assert_allclose(model.update(memories @ turn, query @ turn, 1.0), whole @ turn, atol=1e-14)
    np.testing.assert_allclose(model.update(memories[:, ::-1], query, 1.0), whole, atol=1e-14)
    for _ in range(200):
        query = model.update(memories, query, 1.0)
    np.testing.assert_allclose(model.update(memories, query, 1.0), query, atol=1e-12)
    strict = [array_api_strict.asarray(np.array(a)) for a in (memories, whole)]
    np.testing.assert_allclose(
        np.asarray(model.update(*strict, 1.0)), model.update(memories, whole, 1.0), atol=1e-15
    )
    single = model.update(memories.astype(np.float32), whole.astype(np.float32), 1.0)
    assert single.dtype == np.float32
    torch = pytest.importorskip("torch")
    got = model.update(torch.asarray(np.array(memories)), torch.asarray(whole), 1.0)
    np.testing.assert_allclose(got.numpy(), model.update(memories, whole, 1.0), atol=1e-15)
