"""Metastable states against closed forms and enumeration."""

import itertools
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import optimize

from simulations.streams import stream
from simulations.variants import Rule, variant
from verify.cli import main
from verify.dynamics import DynamicsError, memory_ensemble, metastability

PAIR = np.array([[1.0], [-1.0]])


def test_an_antipodal_pair_below_and_above_the_bifurcation():
    below = metastability("dense", PAIR, 0.5)
    assert below.count.tolist() == [1]
    assert below.size.tolist() == [[2, 2]]
    assert below.basins()[0].tolist() == [1.0]
    assert np.max(np.abs(below.state)) < 1e-10
    above = metastability("dense", PAIR, 2.0)
    root = optimize.brentq(lambda v: v - math.tanh(2 * v), 0.1, 1.0)
    assert above.count.tolist() == [2]
    assert above.state[0, :, 0] == pytest.approx([root, -root], abs=1e-11)
    assert above.basins()[0].tolist() == [0.5, 0.5]
    # The larger weight is (1 + root)/2 = 0.979: one memory carries 90 % of it, but not 98 %.
    assert above.size.tolist() == [[1, 1]]
    assert metastability("dense", PAIR, 2.0, mass=0.98).size.tolist() == [[2, 2]]


def test_starts_of_ones_own_find_the_saddle():
    starts = np.array([[[0.0], [0.3], [-0.2], [1.0]]])
    found = metastability("dense", PAIR[None], 2.0, starts=starts)
    assert found.label.tolist() == [[0, 1, 2, 1]]
    assert found.basins()[0].tolist() == [0.25, 0.5, 0.25]
    assert found.size.tolist() == [[2, 1, 1, 1]]
    assert found.histogram("size") == {1: 2, 2: 1}
    assert found.histogram("size_of_starts") == {1: 3, 2: 1}
    assert found.steps[0, 0] == 0


def test_orthonormal_memories_are_fixed_points_of_sparsemax():
    found = metastability("sparse", np.eye(4), 1.0)
    assert found.count.tolist() == [4]
    assert found.histogram("support") == {1: 4}
    assert found.histogram("steps") == {0: 4}
    assert np.array_equal(found.state[0], np.eye(4))


@pytest.mark.parametrize("count", [1, 7, 10, 50])
def test_without_memory_the_only_state_is_the_mean_of_all(count):
    memories = memory_ensemble("sphere", 2, count, 5)
    found = metastability("dense", memories, 1e-9)
    assert found.count.tolist() == [1, 1]
    np.testing.assert_allclose(
        found.state, np.mean(memories, axis=1, keepdims=True).repeat(count, 1), atol=1e-8
    )
    assert set(found.size.ravel()) == {math.ceil(0.9 * count)}


def test_two_tight_clusters_are_two_metastable_states():
    offsets = 1e-3 * stream(0, "t").standard_normal((3, 2))
    memories = np.concatenate([np.array([1.0, 0.0]) + offsets, np.array([-1.0, 0.0]) - offsets])
    found = metastability("dense", memories, 8.0)
    assert found.count.tolist() == [2]
    assert found.label[0].tolist() == [0, 0, 0, 1, 1, 1]
    assert set(found.size.ravel()) == {3}  # two thirds are too little
    assert set(metastability("dense", memories, 8.0, mass=0.6).size.ravel()) == {2}


def test_sizes_and_labels_by_enumeration():
    memories = memory_ensemble("gaussian", 6, 6, 3, seed=1)
    model = variant("sparse")
    found = metastability(model, memories, 3.0, mass=0.75)
    assert len(set(found.size.ravel())) > 1
    for s, q in np.ndindex(found.label.shape):
        weights = model.weights(model.scores(memories[s], found.state[s, q], 3.0), np)
        subsets = (c for k in range(1, 7) for c in itertools.combinations(weights, k))
        assert found.size[s, q] == len(next(c for c in subsets if sum(c) >= 0.75 - 1e-12))
        assert found.support[s, q] == np.count_nonzero(weights)
        same = np.linalg.norm(found.state[s] - found.state[s, q], axis=-1) < 1e-6
        assert np.array_equal(same, found.label[s] == found.label[s, q])
    assert [len(b) for b in found.basins()] == found.count.tolist()
    assert all(b.sum() == pytest.approx(1) for b in found.basins())
    assert sum(found.histogram("size").values()) == found.count.sum()


def test_a_model_without_weights_has_limits_but_no_sizes():
    halving = Rule("halving", "", lambda m, x, b: x / 2, None, frozenset())
    found = metastability(halving, np.eye(3), 1.0)
    assert found.count.tolist() == [1]
    assert set(found.size.ravel()) == {0}


def test_what_has_not_converged_says_so():
    found = metastability("dense", PAIR, 1.0, max_steps=50)
    assert not np.any(found.converged)
    assert found.histogram("steps") == {50: 2}


def run(*args):
    return CliRunner().invoke(
        main, ["metastability", "--sets", "4", "--memories-count", "6", "--d", "3", *args]
    )


def test_the_command_prints_distributions_that_depend_on_the_seed_alone():
    args = ("--beta", "1", "--beta", "30", "--json")
    first, again, other = run(*args), run(*args), run(*args, "--seed", "1")
    assert first.exit_code == 0, first.output
    assert first.output == again.output != other.output
    found = json.loads(first.output)
    assert [r["beta"] for r in found["results"]] == [1.0, 30.0]
    memories = memory_ensemble("sphere", 4, 6, 3)
    direct = metastability("dense", memories, 30.0, max_steps=2000)
    assert found["results"][1]["size"] == {str(k): v for k, v in direct.histogram("size").items()}
    assert found["results"][1]["starts"] == 24
    table = run("--beta", "1")
    assert "limits per set" in table.output
    assert len(table.output.strip().splitlines()) == 5


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--variant", "nobody"], "found 'nobody'"),
        (["--ensemble", "nowhere"], "found 'nowhere'"),
        (["--ensemble", "orthonormal"], "M = 6, d = 3"),
        (["--sets", "0"], "found 0 sets"),
        (["--beta", "0"], "greater than 0"),
        (["--mass", "2"], "(0, 1]"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(args, sentence):
    found = run(*args)
    assert found.exit_code == 2, found.output
    assert sentence in found.output
    assert len(found.output.strip().splitlines()) == 1


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(DynamicsError, match=r"found \(1, 2, 1\) and \(3, 1, 1\)"):
        metastability("dense", PAIR[None], 1.0, starts=np.zeros((3, 1, 1)))
