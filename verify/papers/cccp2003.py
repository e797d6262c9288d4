"""Yuille and Rangarajan, "The Concave-Convex Procedure", Neural Computation 15, 2003, and descent statements beside it.

E = u - v with u and v convex is decreased by solving grad u(x_{t+1}) = grad v(x_t).  Retrieval T = grad g is the case
u = |x|^2/2, v = g; here g = |x|^2/2 - E for every model with an energy E.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Le, Lt, Rational

from bounds.exact import Real
from simulations.variants.dense import log_mean_exp, softmax
from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.orbits import STEPS, late_diameter, shortest_step
from verify.papers.arxiv2510_23012.sparse_maps import two_normmax
from verify.papers.convergence import norm_energy, scores
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    E_x,
    d,
    largest,
    limit_from,
    m,
    measure,
    norm,
    norm_x,
    quantity,
    target_memory,
    update,
)

PAPER = {
    "key": "cccp2003",
    "title": "The Concave-Convex Procedure",
    "authors": "A. L. Yuille, A. Rangarajan",
    "year": 2003,
    "arxiv": "",
    "venue": "Neural Computation",
}

OWN = Source("cccp2003", "a related statement of this project")
MODELS = (
    "dense",
    "sparse",
    "entmax:alpha=1.25",
    "entmax:alpha=1.5",
    "entmax:alpha=3.0",
    "softmax1",
    "topk:k=2",
)
"""Models T = grad g, g convex: for top-K, T is a subgradient."""
SMOOTH = ("dense", "sparse", "entmax:alpha=1.5", "softmax1")
PATH = 24
"""Updates over which squared steps are summed."""

rho = sp.Symbol("rho", positive=True)
sigma = sp.Symbol("sigma", nonnegative=True)


def energy(b: Instances, name: str, x: Array) -> Array:
    """|x|^2/2 - g(x) of a model at states (B, d), up to a constant; shape (B,)."""
    return b.named(name).energy(b.memories, x, b.beta)


def squares(v: Array) -> Array:
    """Squared length along the last axis."""
    return np.sum(v * v, axis=-1)


def _label(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _drop(name: str) -> tuple[Any, Any]:
    """Symbols of H(x) - H(T(x)) and |x - T(x)|^2 of a model."""

    def drop(b: Instances) -> Array:
        return energy(b, name, b.query) - energy(b, name, update(b, name))

    fall = quantity(f"H_drop_{_label(name)}", f"H(x) - H(T(x)) of the model {name}", real=True)(drop)
    step = quantity(f"step2_{_label(name)}", f"|x - T(x)|^2 of the model {name}")(
        lambda b: squares(b.query - update(b, name))
    )
    return fall, step


def _norm_update(b: Instances) -> Array:
    """T(x) of 2-normmax, which has no weights in balls of its own; shape (B, d)."""
    return np.sum(two_normmax(b, scores(b))[..., None] * b.memories, axis=-2)


@quantity("H_drop_normmax", "H(x) - H(T(x)) of the model normmax:gamma=2", real=True)
def H_drop_normmax(b: Instances) -> Array:
    return norm_energy(b) - norm_energy(b.with_query(_norm_update(b)))


@quantity("step2_normmax", "|x - T(x)|^2 of the model normmax:gamma=2")
def step2_normmax(b: Instances) -> Array:
    return squares(b.query - _norm_update(b))


DROPS = {name: _drop(name) for name in MODELS} | {"normmax:gamma=2": (H_drop_normmax, step2_normmax)}
COARSE = ("entmax:alpha=1.25",)
"""Models whose certified threshold does not decide near ties at tiny beta."""
UNIT = m**2 + norm_x**2
CELLS = ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 4), (3, 8), (8, 16))

QUADRATIC = Inequality(
    id="restated.quadratic-descent",
    title="Every gradient of a convex function descends quadratically",
    source=OWN,
    provenance="derived",
    printed=r"H(x)-H(\nabla g(x))\ge\tfrac12|x-\nabla g(x)|^2,\quad H(x)=\tfrac12|x|^2-g(x)",
    arena=Patterns(sizes=CELLS, search=False),
    parts=tuple(
        Part(name, Ge(fall, step / 2), scale=UNIT, headline=name not in COARSE)
        for name, (fall, step) in DROPS.items()
    ),
    controls=tuple(
        Control("a tenth more", Ge(fall, Rational(11, 20) * step), name)
        for name, (fall, step) in DROPS.items()
    ),
    related=("ramsauer2021.thm1", "hu2023.lemma2.1-energy", "hfy2024.cccp-update", "cccp2003.descent"),
    notices=(
        "Equality where g is linear between x and T(x): one memory, or a support of one.",
        "For alpha = 5/4 the enclosure of the threshold is too wide to decide equality at tiny beta: reported, "
        "not decisive.",
    ),
)

# -- the procedure with other u ---------------------------------------------------------------------------


def cube_root(w: Array) -> Array:
    """The real cube root, element by element."""
    return np.frompyfunc(_ball_cube_root, 1, 1)(w) if w.dtype == object else np.cbrt(w)


def _ball_cube_root(w: Real) -> Any:
    third = Rational(1, 3)
    if w == 0:
        return w
    return w**third if w > 0 else -((-w) ** third)


def depressed_cubic(w: Array, weight: Array) -> Array:
    """The real solution y of y^3 + weight y = w, element by element, weight > 0."""
    size = np.sqrt(weight / 3)
    t = w / (2 * size**3)
    if w.dtype == object:
        # asinh of a positive argument: no cancellation.
        angle = np.frompyfunc(lambda a: (abs(a) + (a * a + 1).sqrt()).log(), 1, 1)(t) / 3
        sign = np.frompyfunc(lambda a: (a > 0) - (a < 0), 1, 1)(t)
        return 2 * size * sign * (np.exp(angle) - np.exp(-angle)) / 2
    return 2 * size * np.sinh(np.arcsinh(t) / 3)


def quartic(x: Array) -> Array:
    """sum_i x_i^4/4."""
    return np.sum(x * x * x * x, axis=-1) / 4


def quartic_energy(b: Instances, name: str, x: Array) -> Array:
    """sum_i x_i^4/4 - g(x), up to a constant."""
    return quartic(x) - squares(x) / 2 + energy(b, name, x)


def _quartic_drop(name: str) -> Any:
    def drop(b: Instances) -> Array:
        after = cube_root(update(b, name))
        return quartic_energy(b, name, b.query) - quartic_energy(b, name, after)

    text = f"fall of sum x_i^4/4 - g(x) in one step x_i = cbrt(T_i), g of the model {name}"
    return quantity(f"quartic_drop_{_label(name)}", text, real=True)(drop)


def _columns(b: Instances) -> Array:
    """The memories turned into probability vectors, shape (B, M, d)."""
    return softmax(b.memories, np)


def lse_energy(rows: Array, x: Array) -> Array:
    """lse(x) - lse(A x) up to a constant, rows of A (B, M, d) on the simplex."""
    return (log_mean_exp(x, np) - log_mean_exp(np.sum(rows * x[:, None, :], axis=-1), np))[:, 0]


@quantity("lse_drop", "fall of lse(x) - lse(A x) in one step softmax(x_new) = A^T softmax(A x)", real=True)
def lse_drop(b: Instances) -> Array:
    rows = _columns(b)
    p = softmax(np.sum(rows * b.query[:, None, :], axis=-1), np)
    after = np.log(np.sum(p[..., None] * rows, axis=-2))
    return lse_energy(rows, b.query) - lse_energy(rows, after)


QUARTIC = {name: _quartic_drop(name) for name in SMOOTH}


@quantity("E_limit", "energy at the limit of the iteration from x", real=True)
def E_limit(b: Instances) -> Array:
    return measure(b.with_query(_limit(b)), E_x)


@quantity("E_beside", "larger energy of two states m/100 to either side of the limit", real=True)
def E_beside(b: Instances) -> Array:
    away = measure(b, m)[:, None] / 100
    sides = [measure(b.with_query(_limit(b) + s * away), E_x) for s in (1, -1)]
    return largest(np.stack(sides, axis=-1))


def _limit(b: Instances) -> Array:
    if "limit of x" not in b.cache:
        b.cache["limit of x"] = limit_from(b, b.query)
    return b.cache["limit of x"]


@quantity("drift", "|x_(t+1) - x_t| for u = |x|^2/2 and v = |x|^2/2 + <xi_mu, x>, at every t")
def drift(b: Instances) -> Array:
    after = b.query + target_memory(b)
    return norm((after + target_memory(b)) - after)


FOURTH = m**2 + norm_x**2 + m**4 + norm_x**4

DESCENT = Inequality(
    id="cccp2003.descent",
    title="The concave-convex procedure",
    source=Source("cccp2003", "Theorem 2 (number recalled)"),
    provenance="recalled",
    printed=r"E(x_{t+1})\le E(x_t);\ \text{the procedure converges to a minimum or saddle point}",
    arena=Patterns(sizes=CELLS, search=False),
    parts=(
        *(
            Part(f"u quadratic, v {name}", Ge(DROPS[name][0], 0, evaluate=False), scale=UNIT)
            for name in SMOOTH
        ),
        *(
            Part(f"u quartic, v {name}", Ge(QUARTIC[name], 0, evaluate=False), scale=FOURTH)
            for name in SMOOTH
        ),
        Part("u and v log-sum-exp", Ge(lse_drop, 0, evaluate=False), scale=1 + norm_x),
        Part("limit points are stationary", Le(shortest_step, m / 10)),
        Part(
            "literal reading: the limit is no maximum",
            Le(E_limit, E_beside),
            scale=m**2,
            given=(Hypothesis(Eq(d, 1)), Hypothesis(Lt(0, m))),
            headline=False,
        ),
        Part(
            "literal reading: convergence without compactness",
            Le(drift, m / 10),
            given=(Hypothesis(Lt(0, m)),),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "a tenth more than half the squared step",
            Ge(DROPS["dense"][0], Rational(11, 20) * DROPS["dense"][1]),
        ),
        Control("quartic by the quadratic rate", Ge(QUARTIC["dense"], m**4 / 10), "u quartic, v dense"),
        Control("bounded away from 0", Ge(lse_drop, Rational(1, 1000)), "u and v log-sum-exp"),
        Control("at rest to twelve digits", Le(shortest_step, m / 10**12), "limit points are stationary"),
    ),
    related=("restated.quadratic-descent", "restated.cccp-strong", "zangwill1969.convergence"),
    notices=(
        "The decisive reading of the second claim is the one in the parenthesis: limit points are stationary. "
        f"Its finite form: among the first {STEPS} steps (u quadratic, v dense) one is shorter than m/10.",
        "The literal sentence, that the procedure converges to a minimum or saddle point, is reported beside it: a "
        "start at a maximum stays there, and without compactness the iterates may run away.",
    ),
)

# -- strong convexity ----------------------------------------------------------------------------------


def strong_energy(b: Instances, name: str, x: Array, fourth: bool) -> Array:
    """rho |x|^2/2 [+ sum x_i^4/4] - g(x) - sigma |x|^2/2, up to a constant."""
    weight = b.scalars["rho"] - b.scalars["sigma"] - 1
    value = energy(b, name, x) + weight * squares(x) / 2
    return value + quartic(x) if fourth else value


def strong_step(b: Instances, name: str, x: Array, fourth: bool) -> Array:
    """The solution y of grad u(y) = grad g(x) + sigma x, shape (B, d)."""
    weight, more = b.scalars["rho"][:, None], b.scalars["sigma"][:, None]
    pull = update(b.with_query(x), name) + more * x
    return depressed_cubic(pull, weight) if fourth else pull / weight


def _strong(name: str, fourth: bool) -> tuple[Any, Any]:
    kind = "quartic" if fourth else "quadratic"

    def after(b: Instances) -> Array:
        key = ("strong", name, fourth)
        if key not in b.cache:
            b.cache[key] = strong_step(b, name, b.query, fourth)
        return b.cache[key]

    def drop(b: Instances) -> Array:
        return strong_energy(b, name, b.query, fourth) - strong_energy(b, name, after(b), fourth)

    tag = f"{kind}_{_label(name)}"
    fall = quantity(f"strong_drop_{tag}", f"fall of the energy, u {kind}, v {name}", real=True)(drop)
    step = quantity(f"strong_step2_{tag}", f"squared step, u {kind}, v {name}")(
        lambda b: squares(b.query - after(b))
    )
    return fall, step


STRONG = {
    **{f"u quadratic, v {n}": _strong(n, False) for n in SMOOTH},
    **{f"u quartic, v {n}": _strong(n, True) for n in ("dense", "sparse")},
}


def _path(b: Instances) -> tuple[Array, Array]:
    """Sum of PATH squared steps, and the fall of the energy over them (u quadratic, v dense), each (B,)."""
    if "strong path" not in b.cache:
        x, total = b.query, 0 * b.beta
        for _ in range(PATH):
            y = strong_step(b, "dense", x, False)
            total, x = total + squares(y - x), y
        fall = strong_energy(b, "dense", b.query, False) - strong_energy(b, "dense", x, False)
        b.cache["strong path"] = total, fall
    found: tuple[Array, Array] = b.cache["strong path"]
    return found


@quantity("strong_path2", f"sum of {PATH} squared steps, u quadratic, v dense")
def strong_path2(b: Instances) -> Array:
    return _path(b)[0]


@quantity("strong_fall", f"fall of the energy over {PATH} steps, u quadratic, v dense", real=True)
def strong_fall(b: Instances) -> Array:
    return _path(b)[1]


WIDE = (1 + rho + sigma) ** 2 / rho**2
STRONGLY = Inequality(
    id="restated.cccp-strong",
    title="The concave-convex procedure with strong convexity",
    source=OWN,
    provenance="derived",
    printed=r"E(x_t)-E(x_{t+1})\ge\tfrac{\rho+\sigma}2\|x_{t+1}-x_t\|^2,\quad\sum_t\|x_{t+1}-x_t\|^2\le\tfrac2\rho(E_0-\inf E)",
    arena=Patterns(
        sizes=CELLS,
        params=(Param(rho, 0.5, 3.0), Param(sigma, 0.0, 2.0)),
        search=False,
    ),
    parts=(
        *(
            Part(name, Ge(fall, (rho + sigma) / 2 * step), scale=FOURTH * WIDE)
            for name, (fall, step) in STRONG.items()
        ),
        Part(
            "sum of squared steps",
            Le(strong_path2, 2 / rho * strong_fall),
            scale=UNIT * WIDE,
            given=(Hypothesis(Le(sigma, rho - Rational(1, 10)), "the iterates stay bounded"),),
        ),
        Part("late states stay together, rho = 1, sigma = 0", Le(late_diameter, m / 10), headline=False),
    ),
    controls=(
        *(
            Control("a fifth more", Ge(fall, Rational(3, 5) * (rho + sigma) * step), name)
            for name, (fall, step) in STRONG.items()
        ),
        scaled("4/5", "sum of squared steps"),
    ),
    related=("cccp2003.descent", "restated.quadratic-descent"),
    notices=(
        f"The sum is over {PATH} steps against the fall of the energy in them, which implies the claim: no energy is "
        "below its infimum. For sigma >= rho the energy may have no lower bound; then the claim says nothing.",
        "That the whole sequence converges comes without a rate, so no number of steps could refute it.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (QUADRATIC, DESCENT, STRONGLY)
