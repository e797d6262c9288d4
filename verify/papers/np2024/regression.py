"""The support vector regression behind the model.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: Theorem 3.1, and a statement of this project.
Kernel K(u, v) = exp(beta <u, v>), no bias; a = alpha - alpha~ (M, d).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sympy import Eq, Ge, Gt, Le, Rational, Symbol

from bounds.exact import Real, exact_array, precision
from simulations.ensembles import ENSEMBLES
from simulations.streams import stream
from simulations.variants.svr import Regression, solve_svr
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source
from verify.vocabulary import largest, measure, quantity

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")

count, dim, b2, eps, cost, shift, family = (
    Symbol(n, nonnegative=True) for n in ("count", "dim", "beta_m2", "eps", "cost", "shift", "family")
)
FAMILIES = ("sphere", "orthonormal", "clusters")

Problem = tuple[int, int, float, float, float, float, str]


@lru_cache(maxsize=64)
def problem(key: Problem) -> tuple[Array, Array]:
    """Memories and perturbed memories (M, d) as floats with 20 bits; largest norm about 1."""
    n, d, _, _, _, move, name = key
    rng = stream(0, "regression", n, d, name)
    memories = np.round(np.asarray(ENSEMBLES[name](rng, 1, n, d))[0] * 2**20) / 2**20
    moves = move * np.round(rng.uniform(-1, 1, (n, d)) * 2**10) / 2**10
    return memories, memories + moves


@lru_cache(maxsize=64)
def solution(key: Problem) -> Regression:
    """The solution of the dual in floats."""
    memories, points = problem(key)
    return solve_svr(memories, key[2], points - memories, key[3], key[4])


def key_of(b: Instances) -> Problem:
    """The problem of a point of the grid."""
    value = {name: float(b.scalars[name][0]) for name in ("count", "dim", "beta_m2", "eps", "cost", "shift")}
    n, d = round(value["count"]), round(value["dim"])
    name = FAMILIES[round(float(b.scalars["family"][0]))]
    return n, d, value["beta_m2"], value["eps"], value["cost"], value["shift"], name


def positive_part(values: Array) -> Array:
    """max(v, 0), enclosed."""
    return largest(np.stack([values, values * 0], axis=-1))


def exact_problem(b: Instances) -> tuple[Array, Array, Array]:
    """Memories (M, d), kernel matrix (M, M) in balls and the float multipliers (M, d) as exact numbers."""
    if "problem" not in b.cache:
        memories, points = (exact_array(v) for v in problem(key_of(b)))
        kernel = np.exp(b.scalars["beta_m2"][0] * np.matmul(points, points.T))
        b.cache["problem"] = memories, kernel, exact_array(solution(key_of(b)).multipliers)
    found: tuple[Array, Array, Array] = b.cache["problem"]
    return found


def one(value: Real) -> Array:
    return np.array([value], dtype=object)


@quantity("primal", "primal objective |W|^2/2 + C (sum of slacks) at W = sum of a_mu Phi(y_mu)")
def primal(b: Instances) -> Array:
    memories, kernel, a = exact_problem(b)
    slack = positive_part(np.abs(memories - np.matmul(kernel, a)) - b.scalars["eps"][0])
    return one(np.sum(a * np.matmul(kernel, a)) / 2 + b.scalars["cost"][0] * np.sum(slack))


def dual(b: Instances) -> Array:
    """Dual objective at a."""
    memories, kernel, a = exact_problem(b)
    linear = np.sum(memories * a) - b.scalars["eps"][0] * np.sum(np.abs(a))
    return one(linear - np.sum(a * np.matmul(kernel, a)) / 2)


def gap_to(b: Instances, share: int) -> Array:
    """Primal minus dual/share: the two agree in many digits."""
    fresh = Instances(1, scalars=b.scalars, models=b.models, exact=True)
    with precision(256):
        return measure(fresh, primal) - dual(fresh) / share


@quantity("duality_gap", "primal minus dual objective at a", real=True)
def duality_gap(b: Instances) -> Array:
    return gap_to(b, 1)


@quantity("half_gap", "primal objective minus half the dual one", real=True)
def half_gap(b: Instances) -> Array:
    return gap_to(b, 2)


@quantity("a_max", "largest |a|")
def a_max(b: Instances) -> Array:
    return largest(np.abs(exact_problem(b)[2]).reshape(1, -1))


@quantity("excess_free", "largest residual beyond eps where the multiplier is not saturated")
def excess_free(b: Instances) -> Array:
    memories, kernel, a = exact_problem(b)
    slack = positive_part(np.abs(memories - np.matmul(kernel, a)) - b.scalars["eps"][0])
    free = np.abs(a) < b.scalars["cost"][0]
    return largest(np.where(free, slack, slack * 0).reshape(1, -1))


CLOSE = Rational(1, 10**8)
GRID = tuple(
    {"count": n, "dim": d, "beta_m2": beta_m2, "eps": e, "cost": c, "shift": move, "family": kind}
    for n, d, kind in ((1, 1, 0), (2, 2, 1), (2, 8, 0), (5, 2, 2), (5, 8, 1), (12, 8, 0), (12, 2, 0))
    for beta_m2, e, c, move in (
        ("1/8", "1/128", 1, 0),
        (1, 0, "1/8", "1/16"),
        (2, "1/8", 1, 0),
        (5, "1/128", 8, "1/16"),
        (16, "1/128", 1, 0),
    )
)

SVR = Identity(
    id="np2024.thm3.1-svr",
    title="Retrieval as support vector regression",
    source=Source(PAPER, "Thm 3.1 (support vector regression construction)"),
    provenance="secondary",
    printed=r"\min\tfrac12\|W\|_F^2+C\sum_\mu\langle\mathbf1,\eta_\mu+\tilde\eta_\mu\rangle\ \text{s.t.}\ "
    r"|\xi_\mu[i]-\langle w_i,\Phi(\xi_\mu+\delta\xi_\mu)\rangle|\le\epsilon+\text{slack};\ "
    r"\mathcal T_{SVR}(x)[i]=\sum_\mu(\alpha_\mu[i]-\tilde\alpha_\mu[i])K(\xi_\mu+\delta\xi_\mu,x),\ 0\le\alpha,\tilde\alpha\le C",
    arena=Points(GRID),
    parts=(
        Part("no duality gap at this form of W", Le(duality_gap, CLOSE * primal)),
        Part("multipliers within [0, C]", Le(a_max, cost)),
        Part("residuals within eps where no multiplier is saturated", Le(excess_free, CLOSE)),
    ),
    controls=(
        Control("half the dual", Le(half_gap, CLOSE * primal), "no duality gap at this form of W"),
        scaled("1/10", "multipliers within [0, C]"),
        Control(
            "eps halved",
            Le(excess_free + eps / 2, CLOSE),
            "residuals within eps where no multiplier is saturated",
        ),
    ),
    related=("restated.svr-kkt", "np2024.dense-recovery-optimum"),
    notices=(
        "The multipliers come from floats and are then taken as exact numbers: by weak duality a certified gap of "
        "1e-8 of the objective shows that W of this form is optimal to that accuracy.",
        "Kernel exp(beta <u, v>); memories on a sphere, orthonormal and clustered, perturbed and not.",
    ),
)


def eliminate(kernel: Array, rhs: Array) -> tuple[Array, Real]:
    """Solution (n, d) of a positive definite system in balls, and its smallest pivot."""
    a, x = kernel.copy(), rhs.copy()
    pivots = []
    for i in range(len(a)):
        if not a[i, i] > 0:
            raise ArithmeticError("a pivot is not positive")
        pivots.append(a[i, i])
        for j in range(i + 1, len(a)):
            factor = a[j, i] / a[i, i]
            a[j] = a[j] - factor * a[i]
            x[j] = x[j] - factor * x[i]
    for i in reversed(range(len(a))):
        for j in range(i + 1, len(a)):
            x[i] = x[i] - a[i, j] * x[j]
        x[i] = x[i] / a[i, i]
    return x, largest(-np.array(pivots, dtype=object)[None, :])[0] * -1


def solved(b: Instances) -> tuple[Array, Array, Array, Real]:
    """Memories, kernel, the solution of K a = Xi^T in balls, and the smallest pivot of K."""
    if "solved" not in b.cache:
        memories, points = (exact_array(v) for v in problem(key_of(b)))
        # Nearly singular matrices lose many digits.
        with precision(1024):
            kernel = np.exp(b.scalars["beta_m2"][0] * np.matmul(points, points.T))
            a, pivot = eliminate(kernel, memories)
        b.cache["solved"] = memories, kernel, a, pivot
    found: tuple[Array, Array, Array, Real] = b.cache["solved"]
    return found


@quantity("pivot", "smallest pivot of the kernel matrix", real=True)
def pivot(b: Instances) -> Array:
    return one(solved(b)[3])


@quantity("interpolation", "largest |T_SVR(y_mu)[i] - xi_mu[i]| for a = K^-1 Xi^T")
def interpolation(b: Instances) -> Array:
    memories, kernel, a, _ = solved(b)
    with precision(1024):
        return largest(np.abs(np.matmul(kernel, a) - memories).reshape(1, -1))


@quantity("a_gap", "largest difference of the float multipliers (eps = 0, cost not met) and K^-1 Xi^T")
def a_gap(b: Instances) -> Array:
    return largest(np.abs(exact_problem(b)[2] - solved(b)[2]).reshape(1, -1))


@quantity("a_size", "largest entry of |K^-1 Xi^T|")
def a_size(b: Instances) -> Array:
    return largest(np.abs(solved(b)[2]).reshape(1, -1))


def _signs(a: Array) -> Array:
    return np.frompyfunc(lambda v: Real(0) if v == 0 else Real(1) if v > 0 else Real(-1), 1, 1)(a)


@quantity(
    "kkt_float", "largest violation of K a + eps sign(a) = xi[i] over non-saturated, non-zero multipliers"
)
def kkt_float(b: Instances) -> Array:
    memories, kernel, a = exact_problem(b)
    off = np.abs(np.matmul(kernel, a) + b.scalars["eps"][0] * _signs(a) - memories)
    free = (np.abs(a) < b.scalars["cost"][0]) & (a != 0)
    return largest(np.where(free, off, off * 0).reshape(1, -1))


KKT_GRID = GRID + tuple(
    {"count": n, "dim": d, "beta_m2": beta_m2, "eps": 0, "cost": 10**12, "shift": move, "family": kind}
    for n, d, kind in ((1, 1, 0), (2, 1, 0), (3, 3, 1), (5, 2, 0), (6, 3, 2))
    for beta_m2, move in (("1/1024", 0), ("1/8", "1/16"), (1, 0), (10, "1/16"), (100, 0), (500, 0))
)
NO_SLACK = (Hypothesis(Eq(eps, 0), "eps = 0"), Hypothesis(Ge(cost, 10**9), "C large"))
TINY = Rational(1, 10**20)

KKT = Identity(
    id="restated.svr-kkt",
    title="Optimality conditions of the regression; interpolation without slack",
    source=OWN,
    provenance="derived",
    printed=r"\min_{|a|\le C}\tfrac12a^TKa-\xi[i]^Ta+\epsilon\|a\|_1,\ Ka+\epsilon\,\mathrm{sign}(a)=\xi[i];\ "
    r"K\succ0,\ \epsilon=0,\ C\text{ large}:\ T_{SVR}(\xi_\mu+\delta\xi_\mu)=\xi_\mu",
    arena=Points(KKT_GRID),
    parts=(
        Part(
            "optimality conditions on the non-saturated set",
            Le(kkt_float, CLOSE),
            given=(Hypothesis(Le(cost, 1000), "multipliers that floats resolve"),),
        ),
        Part("the kernel matrix is positive definite", Gt(pivot, 0), given=NO_SLACK),
        Part("interpolation", Le(interpolation, TINY), given=NO_SLACK),
        Part(
            "the regression finds the interpolating multipliers",
            Le(a_gap, a_size / 10**6),
            given=(*NO_SLACK, Hypothesis(Ge(pivot, Rational(1, 100)), "well conditioned")),
        ),
    ),
    controls=(
        Control(
            "without the term in eps",
            Le(kkt_float + eps, CLOSE),
            "optimality conditions on the non-saturated set",
        ),
        scaled("1/10000000000", "the regression finds the interpolating multipliers"),
    ),
    related=("np2024.thm3.1-svr", "np2024.dense-recovery-optimum"),
    notices=(
        "For eps = 0 the multipliers K^-1 Xi^T are computed in ball arithmetic, at every beta m^2 from 1/1024 to 500; they "
        "are feasible for every C beyond their largest entry.",
    ),
)

STATEMENTS = (SVR, KKT)
