"""Zangwill's convergence theorem on top-K retrieval at ties, and the jump of top-K there.

W. I. Zangwill, "Nonlinear Programming: A Unified Approach", 1969: a closed point-to-set map with a descent function.

Worked case, in the plane: memories (1, 1), (1, -1), (1, -s) with s > 1 and K = 2.  From (1, y) with 0 < y <= 1 the
two largest scores belong to the first two memories, T(1, y) = (1, tanh(beta y)), and for beta <= 1 the states tend to
(1, 0), where all three scores are equal.  Beside it the map A(x) = c + (x - c)/2 above c >= 0 and x/2 up to c,
with phi(x) = |x| and Gamma = {0}, which is closed for c = 0 only.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Rational

from bounds.exact import exact_array, precision
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import beta, norm, quantity, smallest

PAPER = {
    "key": "zangwill1969",
    "title": "Nonlinear Programming: A Unified Approach",
    "authors": "W. I. Zangwill",
    "year": 1969,
    "arxiv": "",
    "venue": "Prentice-Hall",
}

UPDATES = 24
"""Updates that are followed."""
BITS = 512
"""Precision of the orbits: balls widen on the way, and scores draw near each other."""

s_third = sp.Symbol("s_third", positive=True)
y_start = sp.Symbol("y_start", positive=True)
c_jump = sp.Symbol("c_jump", nonnegative=True)


def _plane(b: Instances) -> Array:
    """The three memories of the worked case, shape (1, 3, 2)."""
    s = b.scalars["s_third"][0]
    return exact_array([[[1, 1], [1, -1], [1, -s]]])


def _topk(b: Instances) -> Any:
    return b.named("topk:k=2")


def _states(b: Instances) -> list[Array]:
    """The states from (1, y), UPDATES + 1 of shape (1, 2)."""
    if "zangwill states" not in b.cache:
        x, found = exact_array([[1, b.scalars["y_start"][0]]]), []
        with precision(BITS):
            for _ in range(UPDATES):
                found.append(x)
                x = _topk(b).update(_plane(b), x, b.beta)
        b.cache["zangwill states"] = [*found, x]
    states: list[Array] = b.cache["zangwill states"]
    return states


def _energy(b: Instances, x: Array) -> Array:
    with precision(BITS):
        return _topk(b).energy(_plane(b), x, b.beta)


LIMIT = ((1, 0),)


@quantity("phi_fall", f"smallest fall of the energy in one of {UPDATES} updates", real=True)
def phi_fall(b: Instances) -> Array:
    values = [_energy(b, x) for x in _states(b)]
    return smallest(np.stack([u - v for u, v in pairwise(values)], axis=-1))


@quantity("late_gap", f"distance of the state after {UPDATES} updates from (1, 0)")
def late_gap(b: Instances) -> Array:
    return norm(_states(b)[-1] - exact_array(LIMIT))


@quantity("phi_gap", f"energy after {UPDATES} updates minus that of (1, 0)", real=True)
def phi_gap(b: Instances) -> Array:
    return _energy(b, _states(b)[-1]) - _energy(b, exact_array(LIMIT))


def selections(memories: Array, x: Array, beta: Array, k: int) -> list[Array]:
    """T(x) (1, d) for every choice of k largest scores, in the order of the chosen positions; exact input."""
    rows = memories[0]
    z = [sum(a * c for a, c in zip(row, x[0], strict=True)) for row in rows]
    level = sorted(z, reverse=True)[k - 1]
    chosen = [
        list(c)
        for c in combinations(range(len(z)), k)
        if all(z[i] >= level for i in c) and all(i in c for i in range(len(z)) if z[i] > level)
    ]
    found = []
    for c in chosen:
        # Relative to the first one, equal scores have equal weights exactly.
        e = np.array([(beta[0] * (z[i] - z[c[0]])).exp() for i in c], dtype=object)
        found.append(np.sum((e / np.sum(e))[:, None] * rows[c], axis=0)[None, :])
    return found


def _images(b: Instances) -> list[Array]:
    limit = exact_array(LIMIT)
    return [norm(t - limit)[0] for t in selections(_plane(b), limit, b.beta, 2)]


@quantity("outside_hull", "distance of (1, 0) from the nearest value of the set-valued top-2 map there")
def outside_hull(b: Instances) -> Array:
    return np.array([min(_images(b))], dtype=object)


@quantity("selection_gap", "distance of (1, 0) from its image when ties go to the memories listed last")
def selection_gap(b: Instances) -> Array:
    return np.array([_images(b)[-1]], dtype=object)


@quantity("jump_late", f"distance from Gamma = {{0}} after {UPDATES} updates of the map with a jump at c")
def jump_late(b: Instances) -> Array:
    c = b.scalars["c_jump"][0]
    x = c + 1
    for _ in range(UPDATES):
        x = c + (x - c) / 2 if x > c else x / 2
    return np.array([abs(x)], dtype=object)


ZANGWILL = Inequality(
    id="zangwill1969.convergence",
    title="Limit points of a closed map with a descent function are solutions",
    source=Source("zangwill1969", "convergence theorem"),
    provenance="recalled",
    printed=r"\{x_k\}\subset\text{compact},\ \phi(y)<\phi(x)\ (x\notin\Gamma,\,y\in A(x)),\ A\text{ closed outside }\Gamma"
    r"\ \Rightarrow\ \text{limit points in }\Gamma,\ \phi(x_k)\text{ converges}",
    arena=Points(
        tuple(
            {"beta": t, "s_third": s, "y_start": y, "c_jump": c}
            for t, c in (("1/2", 0), ("3/4", "1/2"), ("9/10", 0), ("1", 2))
            for s in ("3/2", "3")
            for y in ("1/2", "1")
        )
    ),
    parts=(
        Part("top-2: the energy falls", Gt(phi_fall, 0)),
        Part("top-2: the states tend to (1, 0)", Le(late_gap, Rational(3, 10))),
        Part("top-2: the energy converges to that of (1, 0)", Le(sp.Abs(phi_gap), Rational(1, 100))),
        Part("top-2, closed: the limit point is in A of itself", Le(outside_hull, 0)),
        Part(
            "jump, closed: the limit point is 0",
            Le(jump_late, Rational(1, 1000)),
            given=(Hypothesis(Eq(c_jump, 0)),),
        ),
        Part(
            "top-2 with a selection, not closed: the limit point is fixed",
            Le(selection_gap, 0),
            headline=False,
        ),
        Part("jump, not closed: the limit point is 0", Le(jump_late, Rational(1, 1000)), headline=False),
    ),
    controls=(
        Control("falls by 1/1000 in every update", Gt(phi_fall, Rational(1, 1000))),
        scaled("1/100", "top-2: the states tend to (1, 0)"),
        scaled("1/1000", "top-2: the energy converges to that of (1, 0)"),
        Control("a selection", Le(selection_gap, 0), "top-2, closed: the limit point is in A of itself"),
        Control("at 0 exactly", Le(jump_late, 0), "jump, closed: the limit point is 0"),
    ),
    related=("restated.topk-discontinuity", "cccp2003.descent"),
    notices=(
        "The theorem is tried on worked cases, whose orbits and limits are enclosed in balls. Gamma of top-2 is the "
        "set of generalised fixed points, x in A(x), A the map with all selections at ties (its hull is larger).",
        "The two last parts leave out that A is closed: then limit points need not be solutions. They do not decide.",
    ),
)

# -- the jump of top-K -----------------------------------------------------------------------------------------

K_kept = sp.Symbol("K_kept", positive=True)
M_all = sp.Symbol("M_all", positive=True)
eps_tie = sp.Symbol("eps_tie", positive=True)
EPSILONS = (Rational(1, 10**3), Rational(1, 10**6), Rational(1, 10**9))


def _at(b: Instances, name: str) -> int:
    return int(float(b.scalars[name][0]))


def _jump(b: Instances, x: list[Any], step: list[Any], memories: Array) -> Array:
    """T_K(x + step) - T_K(x - step) for top-K, shape (1, d)."""
    model = b.named(f"topk:k={_at(b, 'K_kept')}")
    ahead = exact_array([[a + s for a, s in zip(x, step, strict=True)]])
    behind = exact_array([[a - s for a, s in zip(x, step, strict=True)]])
    return model.update(memories, ahead, b.beta) - model.update(memories, behind, b.beta)


def _basis(count: int) -> Array:
    return exact_array([[[int(i == j) for j in range(count)] for i in range(count)]])


@quantity("tie_jump", "|T_K(x + e w) - T_K(x - e w)|, w = e_K - e_(K+1), x with a tie of scores K and K+1")
def tie_jump(b: Instances) -> Array:
    k, count, e = _at(b, "K_kept"), _at(b, "M_all"), b.scalars["eps_tie"][0]
    half = (e * 0 + 1) / 2
    x = [e * 0 + 1] * (k - 1) + [half, half] + [e * 0] * (count - k - 1)
    step = [e * 0] * (k - 1) + [e, -e] + [e * 0] * (count - k - 1)
    return norm(_jump(b, x, step, _basis(count)))


@quantity(
    "line_jump", "|T_K(e) - T_K(-e)| for the memories -1, ..., M - 2 on a line: all scores are tied at 0"
)
def line_jump(b: Instances) -> Array:
    count, e = _at(b, "M_all"), b.scalars["eps_tie"][0]
    memories = exact_array([[[i - 1] for i in range(count)]])
    return norm(_jump(b, [e * 0], [e], memories))


@quantity("inner_jump", "the same where scores 1 and 2 are tied, K = 2 and the third is smaller")
def inner_jump(b: Instances) -> Array:
    e = b.scalars["eps_tie"][0]
    model, basis = b.named("topk:k=2"), _basis(3)
    ahead, behind = (exact_array([[1 + s, 1 - s, 0]]) for s in (e, -e))
    return norm(model.update(basis, ahead, b.beta) - model.update(basis, behind, b.beta))


@quantity("midpoint_jump_squared", "|T_1((1/2 + e, 1/2)) - T_1((1/2 - e, 1/2))|^2 for an orthonormal pair")
def midpoint_jump_squared(b: Instances) -> Array:
    e = b.scalars["eps_tie"][0]
    half = (e * 0 + 1) / 2
    model, basis = b.named("topk:k=1"), _basis(2)
    away = model.update(basis, exact_array([[half + e, half]]), b.beta) - model.update(
        basis, exact_array([[half - e, half]]), b.beta
    )
    return np.sum(away * away, axis=-1)


WEIGHT = sp.exp(beta / 2) / ((K_kept - 1) * sp.exp(beta) + sp.exp(beta / 2))
"""Weight of the K-th memory at the tie."""

TOPK = Inequality(
    id="restated.topk-discontinuity",
    title="Top-K jumps at ties",
    source=Source("zangwill1969", "a related statement of this project"),
    provenance="derived",
    printed=r"T_1((\tfrac12+\epsilon,\tfrac12))-T_1((\tfrac12-\epsilon,\tfrac12))=e_1-e_2;\quad"
    r"T_K\text{ is discontinuous at ties of the }K\text{-th score}",
    arena=Points(
        tuple(
            {"K_kept": k, "M_all": n, "beta": t, "eps_tie": e}
            for k, n in ((1, 2), (1, 3), (2, 3), (2, 5), (4, 5))
            for t in ("1/10", "1", "5")
            for e in EPSILONS
        )
    ),
    parts=(
        Part("orthonormal pair at the midpoint", Eq(midpoint_jump_squared, 2)),
        Part("ties of the scores K and K + 1", Ge(tie_jump, Rational(99, 100) * sp.sqrt(2) * WEIGHT)),
        Part("no Lipschitz constant", Ge(tie_jump / (2 * sp.sqrt(2) * eps_tie), WEIGHT / (3 * eps_tie))),
        Part("all scores tied, on a line", Ge(line_jump, Rational(1, 2))),
        Part(
            "literal reading: a tie among the K largest alone",
            Ge(inner_jump, Rational(1, 100)),
            headline=False,
        ),
    ),
    controls=(
        Control("a jump of length 1", Eq(midpoint_jump_squared, 1)),
        Control("a jump of 2", Ge(tie_jump, 2), "ties of the scores K and K + 1"),
        Control(
            "twice the jump there can be",
            Ge(tie_jump / (2 * sp.sqrt(2) * eps_tie), 1 / eps_tie),
            "no Lipschitz constant",
        ),
        Control("a longer jump", Ge(line_jump, 10), "all scores tied, on a line"),
    ),
    related=("np2024.topk", "zangwill1969.convergence"),
    notices=(
        "A tie at the K-th score is read as one that leaves the choice open: scores K and K + 1 are equal.",
        "Where only scores among the K largest are equal, T_K is continuous; that reading does not decide.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ZANGWILL, TOPK)
