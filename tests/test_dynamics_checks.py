"""The parts of the battery against closed forms, exact numbers and brute force."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import planted_dynamics as planted
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from scipy import optimize

from verify.dynamics import (
    DynamicsError,
    Problem,
    adapt,
    check_dynamics,
    inverse_temperatures,
    memory_sets,
    problems,
    queries,
)
from verify.dynamics.callables import own, shipped
from verify.dynamics.hunt import corners, drawn, hunt
from verify.dynamics.orbit import follow
from verify.dynamics.problem import Dynamics
from verify.dynamics.properties import CHECKS, aimed_at_margin, numerical_gradient
from verify.dynamics.rounding import step_error

quick = settings(deadline=None, derandomize=True, max_examples=40)
PAIR = np.array([[1.0], [-1.0]])


def pair(x, beta):
    """Two antipodal memories on a line: T(x) = tanh(beta x), E(x) = x^2/2 - log(cosh(beta x))/beta + c."""
    return Problem(PAIR, np.array([x]), beta)


def bare(update, **given):
    return Dynamics("bare", lambda m, x, b: np.asarray(update(m, x, b), dtype=float), **given)


# -- closed forms on the line -------------------------------------------------------------------------


@quick
@given(st.floats(-2, 2), st.floats(0.1, 10))
def test_descent_slack_of_an_antipodal_pair(x, beta):
    with mpmath.workdps(40):
        t = mpmath.tanh(mpmath.mpf(beta) * x)

        def energy(v):
            return v * v / 2 - mpmath.log(mpmath.cosh(beta * v)) / beta

        expected = float(energy(mpmath.mpf(x)) - energy(t) - (x - t) ** 2 / 2)
    found = CHECKS["descent"](shipped("dense"), pair(x, beta))
    assert found.value == pytest.approx(expected, abs=found.tolerance)
    assert found.tolerance < 1e-10


@quick
@given(st.floats(-2, 2), st.floats(0.01, 100))
def test_numerical_gradient_of_an_antipodal_pair(x, beta):
    gradient, error = numerical_gradient(shipped("dense"), pair(x, beta))
    assert abs(gradient[0] - (x - math.tanh(beta * x))) <= error
    assert error < 1e-3


def test_a_kink_is_an_error_as_large_as_its_jump():
    # E = max(x, -x)/2 + ...: slopes -1 and 1 meet at 0; near the kink nothing may be concluded.
    dynamics = bare(lambda m, x, b: x, energy=lambda m, x, b: float(np.abs(x[0])))
    for x in (0.0, 1e-6, -2e-6):
        gradient, error = numerical_gradient(dynamics, pair(x, 1.0))
        assert error >= min(abs(gradient[0] - 1), abs(gradient[0] + 1))
    assert CHECKS["gradient"](dynamics, pair(0.0, 1.0)).violated is False
    gradient, error = numerical_gradient(dynamics, pair(0.5, 1.0))
    assert gradient[0] == pytest.approx(1.0)
    assert error < 1e-6
    assert CHECKS["gradient"](dynamics, pair(0.5, 1.0)).violated


@pytest.mark.parametrize("beta", [0.5, 1.5, 3.0])
def test_orbits_of_an_antipodal_pair_end_at_the_root_of_tanh(beta):
    end = follow(shipped("dense"), pair(0.8, beta))
    root = optimize.brentq(lambda v: v - math.tanh(beta * v), 0.1, 1.0) if beta > 1 else 0.0
    assert end.ending == "settled"
    assert end.state[0] == pytest.approx(root, abs=1e-12)


def test_a_slow_orbit_at_the_bifurcation_is_no_failure():
    end = follow(shipped("dense"), pair(0.8, 1.0))
    assert end.ending == "open"
    assert not CHECKS["limit"](shipped("dense"), pair(0.8, 1.0)).violated


@pytest.mark.parametrize(
    ("update", "ending"),
    [
        (lambda m, x, b: -x, "cycle"),
        (lambda m, x, b: np.array([[0.0, -1.0], [1.0, 0.0]]) @ x, "cycle"),
        (lambda m, x, b: np.array([[0.6, -0.8], [0.8, 0.6]]) @ x, "wandering"),
        (lambda m, x, b: 1 - 2 * x**2, "wandering"),
        (lambda m, x, b: 2 * x, "wandering"),
        (lambda m, x, b: x - 0.1 * x**3, "open"),
        (lambda m, x, b: x / 2, "settled"),
        (lambda m, x, b: x * np.nan, "undefined"),
    ],
)
def test_endings(update, ending):
    p = Problem(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.3, 0.7]), 1.0)
    assert follow(bare(update), p).ending == ending


def test_contraction_is_judged_by_the_tight_constant():
    # tanh(beta x) has slope beta at 0 = beta * (1/2) * |Xi|_2^2.
    p = pair(1e-3, 2.0)
    assert not CHECKS["contraction"](shipped("dense"), p).violated
    tight = own(planted.dense, lipschitz=0.499)
    assert CHECKS["contraction"](tight, p).violated


def test_margin_one_is_sharp_for_sparsemax():
    at = aimed_at_margin(shipped("sparse"), pair(0.3, 1.0))
    assert at.beta * 0.6 == pytest.approx(1.0, rel=1e-5)
    assert not CHECKS["margin"](shipped("sparse"), at).violated
    eager = own(planted.sparse, margin=0.9)
    assert CHECKS["margin"](eager, aimed_at_margin(eager, pair(0.3, 1.0))).violated


# -- the convex hull ----------------------------------------------------------------------------------


def distance_to_hull(y, rows):
    """Brute force over vertices, edges and triangles of a planar set."""
    best = min(np.linalg.norm(y - r) for r in rows)
    for a, b in itertools.combinations(rows, 2):
        if np.any(a != b):
            t = np.clip((y - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
            best = min(best, np.linalg.norm(y - a - t * (b - a)))
    for a, b, c in itertools.combinations(rows, 3):
        sides = [np.cross(np.append(q - p, 0), np.append(y - p, 0))[2] for p, q in ((a, b), (b, c), (c, a))]
        area = abs(np.cross(np.append(b - a, 0), np.append(c - a, 0))[2])
        if area > 1e-9 and (min(sides) >= 0 or max(sides) <= 0):
            return 0.0
    return best


@quick
@given(
    st.lists(st.tuples(*[st.integers(-3, 3)] * 2), min_size=1, max_size=5), st.tuples(*[st.floats(-4, 4)] * 2)
)
def test_distance_to_the_hull_is_the_planar_one(rows, y):
    rows, y = np.array(rows, dtype=float), np.array(y)
    found = CHECKS["hull"](bare(lambda m, x, b: y), Problem(rows, y, 1.0))
    assert -found.value == pytest.approx(distance_to_hull(y, rows), abs=1e-7)


# -- rounding -----------------------------------------------------------------------------------------


def exact_dense(p):
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(float(v)) for v in row] for row in p.memories]
        scores = [mpmath.mpf(p.beta) * mpmath.fdot(row, [float(v) for v in p.query]) for row in rows]
        top = max(scores)
        e = [mpmath.exp(s - top) for s in scores]
        total = mpmath.fsum(e)
        return np.array([float(mpmath.fdot(e, column) / total) for column in zip(*rows, strict=True)])


def exact_sparse(p):
    """The projection in rational arithmetic, by trying all support sizes."""
    rows = [[Fraction(float(v)) for v in row] for row in p.memories]
    query = [Fraction(float(v)) for v in p.query]
    scores = [Fraction(p.beta) * sum(a * b for a, b in zip(row, query, strict=True)) for row in rows]
    order = sorted(scores, reverse=True)
    tau = max((sum(order[: k + 1]) - 1) / (k + 1) for k in range(len(order)))
    weights = [max(s - tau, Fraction(0)) for s in scores]
    assert sum(weights) == 1
    columns = zip(*rows, strict=True)
    return np.array([float(sum(w * v for w, v in zip(weights, c, strict=True))) for c in columns])


@pytest.mark.parametrize(
    ("update", "exact"),
    [(planted.dense, exact_dense), (planted.sparse, exact_sparse)],
    ids=["dense", "sparse"],
)
def test_the_forward_error_covers_what_is_lost_and_not_much_more(update, exact):
    dynamics, shares = bare(update), []
    for p in (*list(corners())[::7], *drawn(60, 5)):
        error = step_error(dynamics, p)
        assert np.linalg.norm(dynamics.step(p) - exact(p)) <= error
        shares.append(error / p.scale)
    assert np.median(shares) < 1e-11


def test_a_tie_is_never_a_failure_and_next_to_it_is():
    tied = Problem(np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 1.0]), 1.0)
    dynamics = bare(planted.two_largest)
    other = Problem(np.roll(tied.memories, 1, axis=0), tied.query, tied.beta)
    assert np.linalg.norm(dynamics.step(tied) - dynamics.step(other)) > 0.1  # the order does decide
    assert not CHECKS["permutation"](dynamics, tied).violated

    def first_counts_double(memories, query, beta):
        return planted.two_largest(np.concatenate([memories[:1], memories]), query, beta)

    clear = Problem(tied.memories, np.array([1.0, 1.1]), 1.0)
    assert CHECKS["permutation"](bare(first_counts_double), clear).violated


# -- strategies and hunting ---------------------------------------------------------------------------


def seek(strategy, condition, phases=(Phase.generate,)):
    options = settings(deadline=None, derandomize=True, max_examples=10_000, phases=phases, database=None)
    return find(strategy, condition, settings=options)


@pytest.mark.parametrize(
    "hard",
    [
        lambda m: len(m) > 1 and np.array_equal(m[0], -m[1]) and np.any(m[0]),
        lambda m: len(m) > 1 and np.array_equal(m[0], m[1]) and np.any(m[0]),
        lambda m: len(m) > 1 and 0 < np.linalg.norm(m[0] - m[1]) < 1e-2 * np.linalg.norm(m[0]),
        lambda m: len(m) > 1 and np.linalg.norm(m[0]) > 50 * np.linalg.norm(m[1]) > 0,
        lambda m: len(m) > 2 and m.shape[1] > 1 and np.linalg.matrix_rank(m) == 1 and len(np.unique(m)) > 3,
        lambda m: len(m) > 1 and np.any(m) and not np.all(np.any(m, axis=1)),
    ],
    ids=["antipodal", "duplicates", "cluster", "unequal", "collinear", "zero"],
)
def test_memory_sets_reach_the_hard_places(hard):
    assert hard(seek(memory_sets(), hard))


@pytest.mark.parametrize(
    "hard",
    [
        lambda q: q[0] == 1,
        lambda q: q[0] == 0,
        lambda q: abs(q[0]) > 10,
        lambda q: 0.4 < q[0] < 0.5,
    ],
    ids=["memory", "midpoint", "far", "towards"],
)
def test_queries_reach_the_hard_places(hard):
    assert seek(queries(PAIR), hard).shape == (1,)


@pytest.mark.parametrize(
    "hard", [lambda b: b == 1, lambda b: 0 < abs(b - 1) < 0.01, lambda b: b < 1e-5, lambda b: b > 1e3]
)
def test_temperatures_reach_the_critical_one_and_the_extremes(hard):
    assert seek(inverse_temperatures(PAIR), hard) > 0


def test_problems_shrink_to_small_integers():
    found = seek(problems(), lambda p: p.beta * p.m**2 > 20, phases=(Phase.generate, Phase.shrink))
    assert found.memories.shape == (1, 1)
    assert found.memories[0, 0].is_integer()


def test_draws_depend_on_the_seed_alone():
    first, again, other = drawn(20, 1), drawn.__wrapped__(20, 1), drawn(20, 2)
    assert all(np.array_equal(a.memories, b.memories) for a, b in zip(first, again, strict=True))
    assert any(a.memories.shape != b.memories.shape for a, b in zip(first, other, strict=False))


def test_a_hunt_counts_what_it_looked_at():
    found = hunt(shipped("dense"), "hull", examples=10, search=40, seed=0)
    assert found.examples == len(list(corners())) + len(drawn(10, 0))
    assert found.evaluations >= 40


# -- arrays of other libraries ------------------------------------------------------------------------


def test_float32_layers_are_held_to_float32():
    def single(memories, query, beta):
        return planted.dense(memories.astype(np.float32), query.astype(np.float32), np.float32(beta))

    assert adapt(single).eps == np.finfo(np.float32).eps
    assert check_dynamics(single, like="dense", examples=20, search=0).passed
    wrong = check_dynamics(single, like="sparse", properties=["agreement"], examples=20, search=0)[
        "agreement"
    ]
    assert "dtype=np.float32" in wrong.code
    with pytest.raises(AssertionError):
        exec(wrong.code, {"update": single})


def test_an_accuracy_may_be_declared():
    def rough(memories, query, beta):
        scale = np.max(np.abs(memories)) or 1.0
        return scale * np.round(planted.dense(memories, query, beta) / scale, 9)

    options = {"like": "dense", "properties": ["agreement", "rotation"], "examples": 20, "search": 0}
    assert not check_dynamics(rough, **options).passed
    assert check_dynamics(rough, accuracy=1e-9, **options).passed


def test_torch_layers():
    torch = pytest.importorskip("torch")

    class Layer(torch.nn.Module):
        def forward(self, memories, query, beta):
            return torch.softmax(beta * (memories @ query), dim=-1) @ memories

    def in_place(memories, query, beta):
        return torch.softmax(memories @ query.mul_(beta), dim=-1) @ memories

    def single(memories, query, beta):
        return Layer()(memories.float(), query.float(), beta)

    options = {"like": "dense", "examples": 10, "search": 0}
    assert adapt(Layer()).arrays == "torch"
    assert adapt(single, "torch").eps == np.finfo(np.float32).eps
    fast = ["descent", "gradient", "agreement", "rotation", "defined", "inputs"]
    assert check_dynamics(Layer(), properties=fast, **options).passed
    assert check_dynamics(single, properties=fast, arrays="torch", **options).passed
    found = check_dynamics(in_place, properties=["inputs"], **options)["inputs"]
    assert found.status == "fail"
    scope = {"update": adapt(in_place, "torch")}
    with pytest.raises(AssertionError):
        exec(found.code.replace("update = adapt(update, 'torch')", ""), scope)


def test_jax_layers():
    jnp = pytest.importorskip("jax.numpy")
    jax = pytest.importorskip("jax")

    def layer(memories, query, beta):
        return jax.nn.softmax(beta * jnp.matmul(memories, query, precision="highest")) @ memories

    adapted = adapt(layer, "jax")
    assert adapted.eps == np.finfo(np.float32).eps
    fast = ["descent", "agreement", "rotation", "defined", "inputs"]
    assert check_dynamics(layer, like="dense", properties=fast, arrays="jax", examples=5, search=0).passed


def test_what_cannot_be_called_is_named():
    with pytest.raises(DynamicsError, match="expected one of numpy, torch, jax, found 'cupy'"):
        adapt(planted.dense, "cupy")
    with pytest.raises(DynamicsError, match="softmax: expected a callable"):
        adapt(planted.softmax)


def test_layers_of_signs_are_given_signs():
    assert adapt(planted.hebb).spins
    assert not adapt(planted.dense).spins
    seen = []

    def watched(memories, query, beta):
        seen.append(memories)
        return planted.hebb(memories, query, beta)

    check_dynamics(watched, properties=["permutation"], examples=10, search=10)
    assert all(np.all(np.abs(m) == 1) for m in seen[1:])
