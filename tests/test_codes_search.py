"""The optimiser: losses, batched L-BFGS, polish, and codes whose optimum is known."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest

from simulations.codes import (
    anneal,
    certify_max_cosine,
    construct,
    isometric,
    known,
    lbfgs,
    max_cosine_within,
    optimise,
)
from simulations.codes.losses import LOSSES, max_cosines, riesz_energy, soft_max_cosine, unit
from simulations.codes.polish import largest_cosine, near_pairs, polish, tangent_bases
from simulations.codes.search import core, exponents, spacing, starts_of
from simulations.streams import stream


def starts(*shape):
    return stream(0, "test.codes.search", *shape).standard_normal(shape)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("sharpness", [0.7, 5.0, 40.0])
def test_gradients(name, sharpness):
    x = starts(2, 5, 3)
    _, gradient = LOSSES[name](x, sharpness)
    step = 1e-6
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += step
        above = LOSSES[name](moved, sharpness)[0]
        moved[index] -= 2 * step
        below = LOSSES[name](moved, sharpness)[0]
        slope = (above - below) / (2 * step)
        assert slope[index[0]] == pytest.approx(gradient[index], abs=2e-7)
        assert abs(slope[1 - index[0]]) < 1e-12  # the codes of a batch do not touch


def test_values_by_sums_over_pairs():
    x = unit(starts(3, 6, 4))
    i, j = np.triu_indices(6, 1)
    for code, soft, riesz in zip(x, soft_max_cosine(x, 3.0)[0], riesz_energy(x, 3.0)[0], strict=True):
        cosine = np.sum(code[i] * code[j], axis=1)
        assert soft == pytest.approx(np.log(np.sum(np.exp(3 * cosine))) / 3, rel=1e-13)
        distance = np.sum((code[i] - code[j]) ** 2, axis=1)
        assert riesz == pytest.approx(np.log(np.sum(distance**-3)) / 3, rel=1e-13)
    assert np.all(soft_max_cosine(x, 1e4)[0] >= max_cosines(x) - 1e-15)
    assert np.allclose(soft_max_cosine(x, 1e6)[0], max_cosines(x), atol=1e-5)


@pytest.mark.parametrize("library", ["array_api_strict", "torch"])
def test_other_array_libraries_give_the_same_codes(library):
    xp = pytest.importorskip(library)
    x = unit(starts(4, 7, 3))
    # A few steps agree to rounding; to the end only the loss, as the sphere's rotations are free.
    for iterations, tol in ((6, 1e-10), (60, np.inf)):
        ours = anneal(x, "soft", last=30.0, iterations=iterations, settle=1)
        theirs = np.asarray(anneal(xp.asarray(x), "soft", last=30.0, iterations=iterations, settle=1))
        assert np.abs(theirs - ours).max() <= tol
    gap = spacing(3, 7)
    assert np.allclose(soft_max_cosine(theirs, 30 / gap)[0], soft_max_cosine(ours, 30 / gap)[0], atol=1e-6)
    value, gradient = riesz_energy(xp.asarray(x), 8.0)
    assert np.allclose(np.asarray(value), riesz_energy(x, 8.0)[0], rtol=1e-13)
    assert np.allclose(np.asarray(gradient), riesz_energy(x, 8.0)[1], atol=1e-13)


def test_lbfgs_on_quadratics_of_different_conditioning():
    random = stream(0, "test.codes.lbfgs")
    scales = 10.0 ** np.linspace(0, [[0.0], [1.0], [3.0]], 6)[..., 0].T
    target = random.standard_normal((3, 6))

    def objective(x):
        away = x - target
        return np.sum(scales * away**2, axis=1) / 2, scales * away

    found = lbfgs.minimise(objective, np.zeros((3, 6)), iterations=300, tol=1e-10, reach=1.0)
    assert np.allclose(found, target, atol=1e-8)


def test_lbfgs_never_ends_above_its_start():
    x = unit(starts(5, 8, 3)).reshape(5, -1)

    def objective(flat):
        value, gradient = soft_max_cosine(flat.reshape(5, 8, 3), 300.0)
        return value, gradient.reshape(5, -1)

    for iterations in (1, 2, 5, 40):
        assert np.all(objective(lbfgs.minimise(objective, x, iterations))[0] <= objective(x)[0] + 1e-14)


def test_tangent_bases():
    x = np.vstack([unit(starts(6, 4)), np.eye(4), -np.eye(4)])
    bases = tangent_bases(x)
    assert np.allclose(np.einsum("ikn,in->ik", bases, x), 0, atol=1e-15)
    assert np.allclose(np.einsum("ikn,iln->ikl", bases, bases), np.eye(3), atol=1e-15)


def test_polish_ends_at_a_stationary_code():
    x = anneal(unit(starts(3, 11, 3)), "soft", last=300.0)
    for code in x:
        done = polish(code)
        assert largest_cosine(done) <= largest_cosine(code)
        assert np.allclose(np.linalg.norm(done, axis=1), 1, atol=1e-15)
        # Karush-Kuhn-Tucker: nonnegative weights on the contacts balance at every point.
        from scipy.optimize import linprog

        pairs = near_pairs(done, 1e-11)
        force = np.zeros((11, 3, len(pairs)))
        for k, (i, j) in enumerate(pairs):
            force[i, :, k] += done[j] - (done[i] @ done[j]) * done[i]
            force[j, :, k] += done[i] - (done[i] @ done[j]) * done[j]
        system = np.vstack([force.reshape(33, -1), np.ones((1, len(pairs)))])
        answer = linprog(np.zeros(len(pairs)), A_eq=system, b_eq=np.append(np.zeros(33), 1.0))
        assert answer.success


def test_polish_leaves_a_saddle_point():
    # Four points at the corners of a square on a great circle of S^2 balance, but a tetrahedron is better.
    square = np.array([[1.0, 0, 0], [0, 1.0, 0], [-1.0, 0, 0], [0, -1.0, 0]])
    assert largest_cosine(polish(square)) == pytest.approx(-1 / 3, abs=1e-14)


def cubic(n):
    """The largest cosine conjectured for 2n + 1 points (proved for n = 3), to 30 digits."""
    with mpmath.workdps(30):
        roots = mpmath.polyroots([n**3 - 4 * n**2 + 4 * n, -(n**2), -n, 1])
        return float(next(r for r in roots if 0 < r < mpmath.mpf(1) / n))


OPTIMA = {
    (2, 7): float(np.cos(2 * np.pi / 7)),
    (3, 2): -1.0,
    (3, 4): -1 / 3,
    (3, 5): 0.0,
    (3, 6): 0.0,
    (3, 7): cubic(3),
    (3, 8): (2 * 2**0.5 - 1) / 7,
    (3, 9): 1 / 3,
    (3, 11): 5**-0.5,
    (3, 12): 5**-0.5,
    (4, 5): -1 / 4,
    (4, 7): 0.0,
    (4, 9): cubic(4),
    (4, 10): 1 / 6,
    (4, 24): 0.5,
    (5, 16): 0.2,
    (6, 27): 0.25,
}


@pytest.mark.parametrize(("n", "N"), OPTIMA)
def test_known_optima_are_reached(n, N):
    code = optimise(n, N, budget=64)
    assert code.points.shape == (N, n)
    assert code.max_cosine == pytest.approx(OPTIMA[n, N], abs=3e-15)
    assert code.max_cosine_exact is None
    assert max_cosine_within(code.points, *code.max_cosine_enclosure)
    assert code.max_cosine_enclosure == certify_max_cosine(code.points)


def test_snub_cube_is_found():
    code = optimise(3, 24, budget=48)
    exact = construct("snub-cube")
    assert abs(code.max_cosine - exact.max_cosine) < 2e-15
    assert isometric(code.points, exact.points)


@pytest.mark.parametrize(("n", "N"), [(3, 13), (3, 15), (3, 17), (4, 11), (4, 13), (5, 19)])
def test_table_rows_are_reached(n, N):
    value = known()[n, N].max_cosine
    code = optimise(n, N, budget=512, progress=lambda p: p.max_cosine < value + 1e-12)
    assert abs(code.max_cosine - value) < 1e-12


@pytest.mark.parametrize(("N", "degrees"), [(10, 66.1468220), (14, 55.6705700)])
def test_tammes_angles(N, degrees):
    # Danzer 1963; Musin and Tarasov 2015.
    code = optimise(3, N, budget=128)
    assert np.degrees(np.arccos(code.max_cosine)) == pytest.approx(degrees, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "N"), [row for row in known() if 3 <= row[0] <= 8 and row[1] <= 60 and row != (5, 40)]
)
def test_the_whole_table(n, N):
    row = known()[n, N]
    code = optimise(n, N, budget=8192, progress=lambda p: p.max_cosine < row.max_cosine + row.tolerance)
    assert code.max_cosine < row.max_cosine + row.tolerance


@pytest.mark.slow
@pytest.mark.parametrize(("n", "N"), [(4, 120), (7, 56), (8, 240)])
def test_universally_optimal_codes_are_found(n, N):
    row = known()[n, N]
    code = optimise(n, N, budget=64, progress=lambda p: p.max_cosine < row.max_cosine + 1e-12)
    assert abs(code.max_cosine - row.max_cosine) < 1e-12


def test_progress_and_stopping():
    seen = []

    def stop(progress):
        seen.append(progress)
        return len(seen) == 3

    code = optimise(3, 13, budget=10_000, progress=stop)
    assert [p.starts for p in seen] == sorted({p.starts for p in seen})
    assert all(a.max_cosine >= b.max_cosine for a, b in pairwise(seen))
    assert seen[-1].starts < 10_000 == seen[-1].budget
    assert 1 <= seen[-1].hits <= seen[-1].polished
    assert np.array_equal(code.points, seen[-1].points)


def test_named_budgets_shrink_with_the_size():
    assert starts_of("quick", 3, 24) == 128
    assert starts_of("quick", 8, 240) == 8
    assert starts_of("thorough", 24, 10_000) == 4


def test_search_on_another_array_library():
    torch = pytest.importorskip("torch")
    code = optimise(3, 7, budget=16, batch=16, to_array=torch.asarray)
    assert isinstance(code.points, np.ndarray)
    assert code.max_cosine == pytest.approx(cubic(3), abs=1e-14)


def test_core_leaves_the_rattlers_out():
    points = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [-0.6, -0.6, -(0.28**0.5)]])
    assert np.array_equal(core(points), points[:3])


def test_interruption_keeps_the_best_so_far():
    def interrupt(progress):
        raise KeyboardInterrupt

    code = optimise(3, 6, budget=1000, progress=interrupt)
    assert code.max_cosine == pytest.approx(0, abs=1e-14)


def test_interruption_before_anything_was_found(monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("simulations.codes.search.anneal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        optimise(3, 6)


def test_the_result_is_a_function_of_the_seed():
    a, b, c = (optimise(3, 16, seed=s, budget=8) for s in (1, 1, 2))
    assert np.array_equal(a.points, b.points)
    assert not np.array_equal(a.points, c.points)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n": 1, "N": 5},
        {"n": 3, "N": 1},
        {"n": 3, "N": 5, "budget": "endless"},
        {"n": 3, "N": 5, "budget": 0},
        {"n": 3, "N": 5, "losses": ("hinge",)},
        {"n": 3, "N": 5, "losses": ()},
        {"n": 3, "N": 5, "batch": 0},
    ],
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="not "):
        optimise(arguments.pop("n"), arguments.pop("N"), **arguments)
    with pytest.raises(ValueError, match="the loss is one of"):
        anneal(starts(2, 5, 3), "hinge")


def test_schedule_and_scale():
    assert exponents(1.0, 2000.0, 3.0) == [1, 3, 9, 27, 81, 243, 729, 2000]
    # The rough spacing is within a factor of two of the truth where that is known.
    for (n, N), row in known().items():
        if n <= 24 and 2 * n < N:
            assert 0.4 < spacing(n, N) / (1 - row.max_cosine) < 2.6, (n, N)
