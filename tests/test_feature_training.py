"""Separation losses and their training against loops, differences, closed forms, torch, brute force."""

import itertools
import math
from functools import partial

import numpy as np
import pytest
from array_kinds import convert
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.feature_maps import before_after, constraints, convex
from simulations.feature_maps.data import GLYPHS, digit_images, number_words, word_embeddings
from simulations.feature_maps.losses import (
    LOSSES,
    cross_entropy,
    log_cross_entropy,
    mean_lse,
    pair_lse,
    uniformity,
)
from simulations.feature_maps.minimisers import best_features, best_map, descend_from
from simulations.feature_maps.training import CONSTRAINTS, train, two_stage
from simulations.streams import stream
from simulations.variants import DENSE, SPARSE
from verify.cli import main

quick = settings(deadline=None, derandomize=True, max_examples=30)

SWITCHES = list(itertools.product((False, True), repeat=3))


def draw(name, *shape):
    return stream(51, "feature-training-test", name, *shape).standard_normal(shape)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def by_loops(name, y, parameter, normalised, half=False, diagonal=False):
    """The losses as printed, pair by pair."""
    y = unit(y) if normalised else y
    m = len(y)
    pairs = list(itertools.combinations(range(m), 2))
    if name == "uhop":
        rate = parameter * (0.5 if half else 1.0)
        chosen = itertools.product(range(m), repeat=2) if diagonal else pairs
        return math.log(np.mean([math.exp(-rate * np.sum((y[i] - y[j]) ** 2)) for i, j in chosen]))
    if name == "pair":
        return math.log(np.mean([math.exp(y[i] @ y[j] / parameter) for i, j in pairs])) / m
    if name == "ce":
        return np.mean([math.log(sum(math.exp((a @ b - 1) / parameter) for b in y)) for a in y])
    rows = [sum(math.exp(y[i] @ y[j] / parameter) for j in range(m) if j != i) for i in range(m)]
    return parameter * np.mean(np.log(rows))


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("name", LOSSES)
def test_values_are_the_printed_sums(name, normalised):
    for count, dimension, parameter in ((2, 1, 0.7), (3, 2, 0.3), (7, 4, 1.5)):
        y = draw("values", count, dimension)
        value, _ = LOSSES[name](y, parameter, normalised=normalised)
        assert value == pytest.approx(by_loops(name, y, parameter, normalised), rel=1e-12)


@pytest.mark.parametrize(("normalised", "half", "diagonal"), SWITCHES)
def test_switches_of_the_uniformity_loss(normalised, half, diagonal):
    y = draw("switches", 5, 3)
    value, _ = uniformity(y, 1.3, normalised=normalised, half=half, diagonal=diagonal)
    assert value == pytest.approx(by_loops("uhop", y, 1.3, normalised, half, diagonal), rel=1e-12)


def named(loss):
    return f"{loss.func.__name__}-" + "-".join(f"{k}={v}" for k, v in loss.keywords.items())


CASES = [
    *(partial(uniformity, t=0.8, normalised=n, half=h, diagonal=e) for n, h, e in SWITCHES),
    *(
        partial(loss, tau=0.4, normalised=n)
        for loss in (pair_lse, cross_entropy, mean_lse)
        for n in (True, False)
    ),
]


@pytest.mark.parametrize("loss", CASES, ids=named)
def test_gradients_are_finite_differences(loss):
    y = draw("differences", 5, 3)
    _, gradient = loss(y)
    h = 1e-6
    for index in np.ndindex(y.shape):
        e = np.zeros_like(y)
        e[index] = h
        slope = (loss(y + e)[0] - loss(y - e)[0]) / (2 * h)
        assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("loss", CASES, ids=named)
def test_gradients_are_those_of_autograd(loss):
    torch = pytest.importorskip("torch")
    y = torch.tensor(draw("autograd", 6, 4), requires_grad=True, dtype=torch.float64)
    value, gradient = loss(y)
    value.backward()
    np.testing.assert_allclose(gradient.detach().numpy(), y.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tau", [10, 0.5, 0.02, 0.002])
def test_closed_forms_on_simplex_and_cross_polytope(tau):
    for n in (2, 3, 5):
        m = n + 1
        simplex = unit(np.eye(m) - 1 / m)
        s = -1 / n
        assert m * pair_lse(simplex, tau)[0] == pytest.approx(s / tau, rel=1e-12)
        assert mean_lse(simplex, tau)[0] == pytest.approx(s + tau * math.log(n), rel=1e-11)
        off = n * math.exp((s - 1) / tau)
        assert cross_entropy(simplex, tau)[0] == pytest.approx(math.log1p(off), rel=1e-9, abs=1e-300)
        assert uniformity(simplex, 1 / (2 * tau))[0] == pytest.approx((s - 1) / tau, rel=1e-12)
        cross = np.concatenate([np.eye(n), -np.eye(n)])
        inner = (2 * n - 2) + math.exp(-1 / tau)
        assert 2 * n * pair_lse(cross, tau)[0] == pytest.approx(math.log(inner / (2 * n - 1)), abs=1e-13)
        assert mean_lse(cross, tau)[0] == pytest.approx(tau * math.log(inner), abs=1e-13)


@pytest.mark.parametrize("tau", [10, 0.5, 0.05])
def test_log_of_the_cross_entropy(tau):
    y = draw("log", 2, 5, 3)
    value, gradient = cross_entropy(y, tau)
    logs, pulled = log_cross_entropy(y, tau)
    np.testing.assert_allclose(logs, np.log(value), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(pulled, gradient / value[:, None, None], rtol=1e-9, atol=1e-12)


def test_log_of_the_cross_entropy_does_not_underflow():
    simplex = unit(np.eye(4) - 1 / 4)
    value, gradient = log_cross_entropy(simplex, 1e-4)
    assert value == pytest.approx(math.log(3) - (4 / 3) / 1e-4, rel=1e-12)
    assert np.isfinite(gradient).all()
    with pytest.raises(ValueError, match="expected normalised"):
        log_cross_entropy(simplex, 1.0, normalised=False)


@quick
@given(st.integers(2, 8), st.integers(2, 5), st.sampled_from([1.0, 0.3, 0.05]), st.integers(0, 999))
def test_losses_know_neither_rotation_nor_order(count, dimension, tau, seed):
    y = draw(f"symmetry {seed}", count, dimension)
    q, _ = np.linalg.qr(draw(f"rotation {seed}", dimension, dimension))
    order = stream(seed, "order").permutation(count)
    for loss in LOSSES.values():
        value, gradient = loss(y, tau)
        turned, pulled = loss((y @ q)[order], tau)
        assert turned == pytest.approx(value, rel=1e-10, abs=1e-12)
        np.testing.assert_allclose(pulled, (gradient @ q)[order], atol=1e-9 / tau)


@pytest.mark.parametrize("library", ["strict", "torch"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_library_gives_the_same(name, library):
    pytest.importorskip({"strict": "array_api_strict", "torch": "torch"}[library])
    y = draw("libraries", 2, 5, 3)
    value, gradient = LOSSES[name](y, 0.6)
    other, pulled = LOSSES[name](convert(library, y), 0.6)
    np.testing.assert_allclose(np.asarray(other), value, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(pulled), gradient, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_refuse_what_they_cannot_take(name):
    with pytest.raises(ValueError, match="expected a positive number, found 0"):
        LOSSES[name](draw("refused", 3, 2), 0)
    with pytest.raises(ValueError, match="at least two"):
        LOSSES[name](draw("refused", 1, 2), 1.0)
    with pytest.raises(ValueError, match="length 0"):
        LOSSES[name](np.zeros((3, 2)), 1.0)


# -- constraints -------------------------------------------------


def test_projection_meets_its_constraints_and_is_nearest():
    """The optimality condition of a projection on a convex set: <A0 - P, Q - P> <= 0 for every feasible Q."""
    x = unit(draw("dykstra", 5, 3))
    a0 = np.diag([3.0, -2.0, 0.5]) + 0.2
    p = constraints.unit_norms(x, a0)
    assert np.abs(np.einsum("mi,ij,mj->m", x, p, x) - 1).max() < 1e-11
    assert np.linalg.eigvalsh(p).min() > -1e-12
    feasible = [np.eye(3)] + [constraints.unit_norms(x, draw(f"other {k}", 3, 3)) for k in range(8)]
    assert max(np.sum((a0 - p) * (q - p)) for q in feasible) < 1e-9


def test_projection_against_a_convex_solver():
    cvxpy = pytest.importorskip("cvxpy")
    x = unit(draw("solver", 4, 3))
    raw = draw("solver start", 3, 3)
    a0 = raw + raw.T
    variable = cvxpy.Variable((3, 3), PSD=True)
    equations = [cvxpy.sum(cvxpy.multiply(np.outer(row, row), variable)) == 1 for row in x]
    cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(variable - a0)), equations).solve(solver="CLARABEL")
    np.testing.assert_allclose(constraints.unit_norms(x, a0), variable.value, atol=1e-6)


def test_projection_says_when_the_set_is_empty():
    x = np.array([[1.0], [2.0]])
    with pytest.raises(ArithmeticError, match="violation"):
        constraints.unit_norms(x, np.eye(1), rounds=50)


def test_factor_and_polar():
    w = draw("factor", 4, 3)
    a = w.T @ w
    root = constraints.factor(a, 5)
    assert root.shape == (5, 3)
    np.testing.assert_allclose(root.T @ root, a, atol=1e-12)
    u = constraints.polar(w)
    np.testing.assert_allclose(u.T @ u, np.eye(3), atol=1e-13)
    # Nearest: tr(U^T W) is the nuclear norm, the largest over all U.
    assert np.sum(u * w) == pytest.approx(np.linalg.norm(w, "nuc"))
    with pytest.raises(ValueError, match="rows"):
        constraints.factor(a, 2)
    with pytest.raises(ValueError, match="rows"):
        constraints.polar(w.T)


# -- training ----------------------------------------------------


def loss_of(w, x, loss):
    return loss(x @ w.T)[0]


def test_one_step_is_the_gradient_in_w():
    x, w = unit(draw("step memories", 5, 3)), draw("step map", 4, 3)
    for loss, constraint in (
        (partial(pair_lse, tau=0.3), "normalised"),
        (partial(pair_lse, tau=0.9), "none"),
    ):
        made = train(x, w, loss, iterations=1, step=1e-3, constraint=constraint)
        gradient = (w - made.feature_map) / 1e-3
        literal = partial(loss, normalised=constraint == "normalised")
        for index in np.ndindex(w.shape):
            e = np.zeros_like(w)
            e[index] = 1e-6
            slope = (loss_of(w + e, x, literal) - loss_of(w - e, x, literal)) / 2e-6
            assert gradient[index] == pytest.approx(slope, rel=1e-5, abs=1e-8)
        assert made.losses[0] == pytest.approx(loss_of(w, x, literal))
        assert made.losses[1] == pytest.approx(loss_of(made.feature_map, x, literal))


def test_adam_is_torch_adam():
    torch = pytest.importorskip("torch")
    x, w = unit(draw("adam memories", 6, 3)), draw("adam map", 3, 3)
    made = train(x, w, partial(pair_lse, tau=0.1), iterations=25, step=0.3, optimiser="adam")
    v = torch.tensor(w, requires_grad=True)
    rows = torch.tensor(x)
    optimiser = torch.optim.Adam([v], lr=0.3)
    for _ in range(25):
        optimiser.zero_grad()
        y = torch.nn.functional.normalize(rows @ v.T, dim=1)
        i, j = torch.triu_indices(6, 6, 1)
        loss = torch.log(torch.exp((y @ y.T)[i, j] / 0.1).mean()) / 6
        loss.backward()
        optimiser.step()
    np.testing.assert_allclose(made.feature_map, v.detach().numpy(), rtol=1e-8)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_training_holds_its_constraint_and_lowers_the_loss(constraint):
    # Four memories: six generic ones in R^3 admit no other A >= 0 with unit norms than the identity.
    x = unit(draw("constraint", 4, 3))
    made = train(x, np.eye(4, 3), partial(pair_lse, tau=0.2), iterations=30, step=0.05, constraint=constraint)
    w = made.feature_map
    if constraint == "unit norm":
        np.testing.assert_allclose(np.linalg.norm(x @ w.T, axis=1), 1, atol=1e-10)
    if constraint == "stiefel":
        # Isometries keep every inner product: nothing is learned.
        np.testing.assert_allclose(w.T @ w, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(made.losses, made.losses[0], rtol=1e-12)
        np.testing.assert_allclose(made.max_cosines, made.max_cosines[0], rtol=1e-12)
    else:
        assert made.losses[-1] < made.losses[0] - 1e-3
        assert (np.diff(made.losses) < 1e-12).all()
    y = unit(x @ w.T)
    assert made.max_cosines[-1] == pytest.approx((y @ y.T)[~np.eye(4, dtype=bool)].max())


def test_independent_problems_train_as_they_would_alone():
    x, w = unit(draw("alone memories", 3, 5, 4)), draw("alone map", 3, 4, 4)
    loss = partial(cross_entropy, tau=0.2)
    for optimiser in ("gradient", "adam"):
        made = train(x, w, loss, iterations=7, step=0.1, optimiser=optimiser)
        for k in range(3):
            alone = train(x[k], w[k], loss, iterations=7, step=0.1, optimiser=optimiser)
            np.testing.assert_allclose(made.feature_map[k], alone.feature_map, rtol=1e-12)
            np.testing.assert_allclose(made.losses[:, k], alone.losses, rtol=1e-12)


def test_batches_use_every_memory_once_per_order():
    x, w = unit(draw("batches", 7, 3)), np.eye(3)
    seen = []

    def spy(y, *, normalised):
        seen.append(np.asarray(y))
        return pair_lse(y, 0.5, normalised=normalised)

    made = train(x, w, spy, iterations=3, step=0.1, batch=3, draw=stream(0, "batches"))
    assert [len(y) for y in seen] == [7, 3, 7, 3, 7, 3, 7]
    order = stream(0, "batches").permutation(7)
    np.testing.assert_allclose(seen[1], x[order[:3]] @ w.T)
    assert made.losses.shape == (4,)
    again = train(x, w, spy, iterations=3, step=0.1, batch=3, draw=stream(0, "batches"))
    np.testing.assert_array_equal(again.feature_map, made.feature_map)
    with pytest.raises(ValueError, match="batch"):
        train(x, w, spy, iterations=1, step=0.1, batch=3)
    with pytest.raises(ValueError, match="batch"):
        train(x, w, spy, iterations=1, step=0.1, batch=1, draw=stream(0, "batches"))


def test_training_refuses_unknown_words():
    x = unit(draw("words", 4, 3))
    with pytest.raises(ValueError, match="constraint"):
        train(x, np.eye(3), pair_lse, iterations=1, step=0.1, constraint="sphere")
    with pytest.raises(ValueError, match="optimiser"):
        train(x, np.eye(3), pair_lse, iterations=1, step=0.1, optimiser="newton")


def test_two_stages_by_hand():
    x = unit(draw("two stages", 5, 3))
    made = train(x, np.eye(3), uniformity, iterations=40, step=0.1, normalise_rows=True)
    np.testing.assert_allclose(np.linalg.norm(made.feature_map, axis=1), 1)
    query = x[1] + 0.1 * draw("noise", 3)
    for normalise in (True, False):
        y, q = x @ made.feature_map.T, made.feature_map @ query
        y, q = (unit(y), unit(q)) if normalise else (y, q)
        for _ in range(3):
            p = np.exp(4.0 * y @ q)
            p /= p.sum()
            q = p @ y
        state, feature = two_stage(made, DENSE, x, query, 4.0, 3, normalise)
        np.testing.assert_allclose(state, p @ x, rtol=1e-11)
        np.testing.assert_allclose(feature, q, rtol=1e-11)
    sparse, _ = two_stage(made, SPARSE, x, query, 50.0, 3)
    np.testing.assert_allclose(sparse, x[1], atol=1e-12)


# -- the convex problem ------------------------------------------


def test_convex_form_is_the_pair_form_and_has_its_derivatives():
    x, tau = unit(draw("convex", 5, 3)), 0.3
    a = constraints.unit_norms(x, np.diag([2.0, 1.0, 0.5]))
    value, gradient, hessian = convex.soft_max_cosine(x, a, tau)
    w = constraints.factor(a, 3)
    assert value == pytest.approx(5 * tau * pair_lse(x @ w.T, tau)[0], rel=1e-12)
    move = draw("move", 3, 3)
    move = move + move.T
    h = 1e-5
    up, down = (convex.soft_max_cosine(x, a + sign * h * move, tau) for sign in (1, -1))
    assert np.sum(gradient * move) == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-7)
    np.testing.assert_allclose((hessian @ move.ravel()).reshape(3, 3), (up[1] - down[1]) / (2 * h), atol=1e-6)
    assert np.linalg.eigvalsh(hessian).max() <= 1 / tau


def test_convex_descent_reaches_the_minimum_over_maps():
    x, tau = unit(draw("convex descent", 4, 3)), 0.25
    made = convex.descend(x, np.eye(3), tau, 400, tol=1e-10)
    assert (np.diff(made.values) < 1e-9).all()
    _, value = best_map([partial(pair_lse, tau=tau)], x, 3, starts=12)
    # Normalised features allow more maps than unit norms do; four generic memories in R^3 reach the simplex.
    assert 4 * tau * value <= made.values[-1] + 1e-9


# -- global minimisers -------------------------------------------


@pytest.mark.parametrize(
    ("dimension", "count", "s"), [(2, 5, math.cos(2 * math.pi / 5)), (3, 4, -1 / 3), (3, 6, 0.0)]
)
def test_minimisers_are_the_sharp_codes(dimension, count, s):
    for tau in (1.0, 0.1):
        y, value = best_features([partial(pair_lse, tau=tau)], count, dimension, starts=16)
        cosine = (y @ y.T)[~np.eye(count, dtype=bool)]
        assert cosine.max() == pytest.approx(s, abs=1e-7)
        assert value == pytest.approx(by_loops("pair", y, tau, True), rel=1e-12)


def test_minimum_over_maps_is_that_of_a_grid():
    """d = D = 2: features depend on A up to a factor, two numbers, searched by brute force."""
    angle = np.radians([0.0, 80.0, 170.0, 290.0])
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    loss = partial(mean_lse, tau=0.2)
    _, value = best_map([loss], x, 2, starts=10)
    logs, shears = np.meshgrid(np.linspace(-2, 2, 401), np.linspace(-3, 3, 601))
    maps = np.zeros((*logs.shape, 2, 2))
    maps[..., 0, 0], maps[..., 0, 1], maps[..., 1, 1] = np.exp(logs), shears, 1.0
    grid = loss(x @ np.swapaxes(maps, -1, -2))[0].min()
    assert value <= grid + 1e-9
    assert value == pytest.approx(grid, abs=1e-3)


def test_descent_never_ends_above_its_start():
    starts = draw("starts", 6, 5, 3)
    for loss in (partial(pair_lse, tau=0.05), partial(cross_entropy, tau=0.05), partial(mean_lse, tau=0.05)):
        _, values = descend_from(starts, [loss])
        assert (values <= loss(starts)[0] + 1e-12).all()


# -- data, before and after --------------------------------------------------------------------


def test_images_look_like_their_digit():
    images, labels = digit_images(200, noise=0.0)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1)
    assert set(labels) == set(range(10))
    for image, label in zip(images, labels, strict=True):
        lit = image.reshape(8, 8) > 0
        top, left = np.argwhere(lit).min(axis=0)
        drawn = "".join("1" if v else "0" for v in lit[top : top + 7].ravel())
        glyph = glyph_of(label)
        width = glyph.any(axis=0)
        first = int(np.flatnonzero(width)[0])
        assert drawn.count("1") == glyph.sum()
        np.testing.assert_array_equal(lit[top : top + 7, left : left + 5 - first], glyph[:, first:])


def glyph_of(label):
    return np.array([[c == "1" for c in row] for row in GLYPHS[label].split()])


def test_number_words_and_their_neighbours():
    words = number_words()
    assert len(set(words)) == 100
    assert (words[0], words[17], words[40], words[99]) == ("zero", "seventeen", "forty", "ninety-nine")
    points = word_embeddings(16)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
    gram = points @ points.T
    # Full rank keeps the inner products of the counts.
    assert gram[words.index("sixty-one"), words.index("sixty-two")] > gram[61, words.index("twelve")] + 0.2
    with pytest.raises(ValueError, match="1 to 50"):
        word_embeddings(0)


def test_curves_are_the_retrieval_by_hand():
    x = unit(draw("curves", 6, 4))
    made = before_after.curves(x, beta=5.0, noise=(0.0, 0.3), models=("dense", "sparse"), updates=2)
    assert len(made) == 2 * 3 * 2
    row = next(r for r in made if (r.model, r.features, r.noise) == ("dense", "none", 0.0))
    y = x
    for _ in range(2):
        p = np.exp(5.0 * y @ x.T)
        p /= p.sum(axis=1, keepdims=True)
        y = p @ x
    assert row.error == pytest.approx(np.linalg.norm(p @ x - x, axis=1).mean())
    assert row.size == pytest.approx((p > 0.01).sum(axis=1).mean())
    assert row.single == pytest.approx(((p > 0.01).sum(axis=1) == 1).mean())


@pytest.mark.parametrize("case", ["digits", "words"])
def test_training_spreads_the_features_of_both_sets_and_softmax_retrieves_better(case):
    x = digit_images(60)[0] if case == "digits" else word_embeddings(16)
    made = before_after.trained_map(x, partial(pair_lse, tau=0.1))
    assert made.losses[-1] < made.losses[0]
    y = unit(x @ made.feature_map.T)
    largest = [np.max(a @ a.T - 2 * np.eye(len(a))) for a in (x, y)]
    assert largest[1] < largest[0] - 0.1
    assert made.max_cosines[-1] == pytest.approx(largest[1], abs=1e-12)
    rows = {(r.model, r.features, r.noise): r for r in getattr(before_after, case)()}
    assert len(rows) == 3 * 3 * 5
    before, after = rows["dense", "none", 0.0], rows["dense", "normalised", 0.0]
    assert after.error < before.error / 2
    assert after.single > before.single


def test_the_command_shows_both_sides_and_writes_the_map(tmp_path):
    saved = tmp_path / "w.npy"
    shown = CliRunner().invoke(main, ["features", "words", "--loss", "uhop", "--save", str(saved)])
    assert shown.exit_code == 0
    x, w = word_embeddings(16), np.load(saved)
    y = unit(x @ w.T)
    cosine = np.max(y @ y.T - 2 * np.eye(len(y)))
    assert f"normalised features: largest cosine {cosine:.6g}," in shown.output
    again = {(r.model, r.features, r.noise): r for r in before_after.compare(x, w, beta=16.0)}
    row = again["entmax:alpha=1.5", "normalised", 0.0]
    line = next(v for v in shown.output.splitlines() if v.startswith("1.5-entmax, normalised"))
    assert float(line.split()[2]) == pytest.approx(row.error, abs=5e-5)
    assert float(line.split()[-1]) == pytest.approx(row.size, rel=5e-3)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["none.npy"], "none.npy"),
        (["words", "--beta", "-1"], "--beta"),
        (["words", "--rows", "3", "--constraint", "stiefel"], "at least as many rows"),
    ],
)
def test_the_command_refuses_in_one_sentence(arguments, word):
    shown = CliRunner().invoke(main, ["features", *arguments])
    assert shown.exit_code == 2
    assert word in shown.output
