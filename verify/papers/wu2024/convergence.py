"""Descent of the kernelised energy, its stationary points, and the limits of the iteration.

D. Wu, J. Y.-C. Hu, T.-Y. Hsiao, H. Liu, ICML 2024, arXiv 2404.03827, and statements of this project beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Ge, Gt, Le, Lt, Rational

from bounds.exact import Real
from simulations.feature_maps.numbered import (
    feature_map,
    kernel_of,
)
from verify.arena import Patterns
from verify.controls import flipped
from verify.instances import Array, Instances
from verify.orbits import PATH, STEPS, last, late_diameter, orbit, path_squares, shortest_step
from verify.papers.khm2024.features import MAP, in_features, map_numbers, rank
from verify.papers.khm2024.kernel import (
    ORDER,
    SIZES,
    feature_length,
)
from verify.papers.wu2024.retrieval import (
    ANY_ORDER,
    GRADIENT_CONTROLS,
    GRADIENT_NOTICE,
    GRADIENT_PARTS,
    OWN,
    PAPER,
    SCALE,
    at_query,
    energy,
    energy_next,
    gradient_of,
    next_query,
    step_A,
)
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    E_x,
    d,
    limit_from,
    m,
    measure,
    norm,
    quantity,
    step,
    update,
)

# -- descent ---------------------------------------------------------------------------------------------------

INJECTIVE = Hypothesis(Ge(rank, d), "W has full column rank (Assumption 2.1)")
DESCENT = Patterns(query="free", params=(MAP, ORDER), sizes=(*SIZES, (16, 50)), search=False)

THM21 = Inequality(
    id="wu2024.thm2.1",
    title="Monotone descent of the kernelised energy",
    source=Source(PAPER, "Theorem 2.1"),
    provenance="secondary",
    printed=r"E_{\mathcal K}(\mathcal T_{\mathcal K}(x))\le E_{\mathcal K}(x)",
    arena=DESCENT,
    hypotheses=(INJECTIVE,),
    parts=(Part("descent", Le(energy_next, energy), scale=SCALE),),
    controls=(
        flipped(),
        Control("falls by the squared step", Le(energy_next + Rational(11, 10) * step_A**2, energy)),
    ),
    related=("restated.b4.descent", "wu2024.energy", "hu2024.energy.scaled"),
)

B4_DESCENT = Inequality(
    id="restated.b4.descent",
    title="Quantitative descent of the kernelised energy",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"E_{\mathcal K}(x)-E_{\mathcal K}(\mathcal T_{\mathcal K}x)\ge\tfrac12\|x-\mathcal T_{\mathcal K}x\|_A^2",
    arena=DESCENT,
    parts=(Part("drop", Ge(energy - energy_next, step_A**2 / 2), scale=SCALE),),
    controls=(Control("11/10 of it", Ge(energy - energy_next, Rational(11, 20) * step_A**2)),),
    related=("wu2024.thm2.1", "restated.sparse-energy"),
    notices=("Any W, rank deficient and D < d included.",),
)

# -- stationary points -----------------------------------------------------------------------------------------


@quantity("dyn_gradient", "|A (x - T(x))|")
def gradient(b: Instances) -> Array:
    return norm(gradient_of(b))


@quantity("dyn_move", "|x - T(x)|")
def move(b: Instances) -> Array:
    return norm(b.query - next_query(b))


def shifted(b: Instances) -> Instances:
    """The batch at x + k with k in the kernel of W (k = 0 if it is trivial)."""
    width = b.memories.shape[-1]
    rows_of = [kernel_of(n, width) for n in map_numbers(b)]
    if b.exact:
        k = np.array([[Real(v) for v in row] for row in rows_of], dtype=object)
    else:
        k = np.array([[float(v) for v in row] for row in rows_of])
    return at_query(b, b.query + k, "dyn shifted")


@quantity("dyn_shift", "length of a vector in the kernel of W with largest entry 1, 0 if there is none")
def shift(b: Instances) -> Array:
    return norm(shifted(b).query - b.query)


@quantity("dyn_same_image", "|T(x + k) - T(x)|, k in the kernel of W")
def same_image(b: Instances) -> Array:
    return norm(next_query(shifted(b)) - next_query(b))


@quantity("dyn_same_gradient", "|A (x + k - T(x + k)) - A (x - T(x))|")
def same_gradient(b: Instances) -> Array:
    return norm(gradient_of(shifted(b)) - gradient_of(b))


@quantity("dyn_A_size", "|A|_F (m + |x|)")
def A_size(b: Instances) -> Array:
    width = b.memories.shape[-1]
    sizes = np.array([float(np.linalg.norm(feature_map(n, width))) ** 2 for n in map_numbers(b)])
    return sizes * (measure(b, m) + norm(b.query) + 1)


STATIONARY = Identity(
    id="restated.b4.kernel",
    title="Stationary points against fixed points",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\nabla E_{\mathcal K}(x)=A(x-\mathcal T_{\mathcal K}x);\ \text{stationary}=\text{fixed}\iff\ker A=0",
    arena=ANY_ORDER,
    parts=(
        *GRADIENT_PARTS,
        Part(
            "ker A = 0: a point that moves is not stationary",
            Gt(gradient, 0),
            given=(INJECTIVE, Hypothesis(Gt(move, m / 10**6))),
        ),
        Part(
            "otherwise x + k has the same image",
            Le(same_image, m / 10**8),
            given=(Hypothesis(Lt(rank, d)), Hypothesis(Gt(m, 0))),
        ),
        Part(
            "and the same gradient, so that a fixed point plus k is stationary and not fixed",
            Eq(same_gradient, 0),
            scale=A_size,
            given=(Hypothesis(Lt(rank, d)),),
        ),
        Part("with k not 0", Gt(shift, 0), given=(Hypothesis(Lt(rank, d)),)),
    ),
    controls=(
        *GRADIENT_CONTROLS,
        Control("gradient above 1", Gt(gradient, 1), "ker A = 0: a point that moves is not stationary"),
        Control("x + k is its own image", Le(move, m / 10**8), "otherwise x + k has the same image"),
        Control(
            "no gradient",
            Eq(gradient, 0),
            "and the same gradient, so that a fixed point plus k is stationary and not fixed",
        ),
        Control("k longer than 100", Gt(shift, 100), "with k not 0"),
    ),
    related=("wu2024.lemma2.1", "wu2024.energy"),
    notices=(
        GRADIENT_NOTICE,
        "k is an exact vector of the kernel of W: T(x + k) = T(x), so where x is fixed, x + k is not, and its gradient is 0.",
    ),
)

# -- limits ----------------------------------------------------------------------------------------------------

ORDERS = (("softmax", "dense"), ("1.5-entmax", "entmax:alpha=1.5"), ("sparsemax", "sparse"))


def _named(model: str, tag: str, meaning: str, function: Any) -> Any:
    return quantity(f"dyn_{tag}_{model.split(':')[0]}", f"{meaning}, {model}")(
        lambda b: function(in_features(b, model))
    )


def _fall(u: Instances) -> Array:
    end = u.with_query(last(orbit(u, u.query, PATH)))
    return measure(u, E_x) - measure(end, E_x)


def _residual(u: Instances) -> Array:
    end = limit_from(u, u.query)
    return norm(update(u.with_query(end)) - end)


SQUARES = {
    k: _named(k, "squares", f"sum of {PATH} squared steps |x - T(x)|_A^2", lambda u: measure(u, path_squares))
    for _, k in ORDERS
}
FALL = {k: _named(k, "fall", f"fall of the energy over {PATH} steps", _fall) for _, k in ORDERS}
SHORTEST = {
    k: _named(k, "shortest", f"shortest of {STEPS} steps |x - T(x)|_A", lambda u: measure(u, shortest_step))
    for _, k in ORDERS
}
FIRST = {k: _named(k, "first", "first step |x - T(x)|_A", lambda u: measure(u, step)) for _, k in ORDERS}
RESIDUAL = {
    k: _named(k, "residual", "|W (x - T(x))| at the end of the iteration", _residual) for _, k in ORDERS
}

LIMIT_SIZES = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 4))
LIMITS = Patterns(query="free", params=(MAP,), sizes=LIMIT_SIZES, search=False)


def _limit_parts(names: tuple[tuple[str, str], ...]) -> tuple[Part, ...]:
    return tuple(
        part
        for title, k in names
        for part in (
            Part(
                f"{title}: squared steps sum to at most twice the fall",
                Le(SQUARES[k], 2 * FALL[k]),
                scale=SCALE,
            ),
            Part(f"{title}: steps become short", Le(SHORTEST[k], feature_length / 10)),
            Part(
                f"{title}: the iteration ends in a fixed point",
                Le(RESIDUAL[k], feature_length / 10**8),
                headline=False,
            ),
        )
    )


LEMMA21 = Inequality(
    id="wu2024.lemma2.1",
    title="Limit points are stationary points of the energy and fixed points",
    source=Source(PAPER, "Lemma 2.1"),
    provenance="secondary",
    printed=r"\text{every limit point of }x_{k+1}=\mathcal T_{\mathcal K}(x_k)\text{ is stationary for }E_{\mathcal K}"
    r"\text{ and a fixed point of }\mathcal T_{\mathcal K}",
    arena=LIMITS,
    hypotheses=(INJECTIVE,),
    parts=_limit_parts(ORDERS),
    controls=(
        Control("at most the fall", Le(SQUARES["dense"], FALL["dense"])),
        Control(
            "the very first step is short",
            Le(FIRST["dense"], feature_length / 10),
            "softmax: steps become short",
        ),
    ),
    related=("restated.b4.descent", "restated.b4.kernel", "restated.b5.sequence"),
    notices=(
        "A limit without a rate is not decided by a number of steps. Decided is what implies it: the squared steps (in the "
        "A-norm, a norm for full rank) sum to at most twice the fall of an energy that is bounded from below, so steps tend "
        "to 0 and, T being continuous, every limit point is fixed.",
        "The iteration is followed in feature space, where W T(x) is the plain update; W is injective.",
    ),
)


@quantity("dyn_late", "largest distance of further feature states from the one after many updates")
def late(b: Instances) -> Array:
    return measure(in_features(b), late_diameter)


SEQUENCE = Inequality(
    id="restated.b5.sequence",
    title="The whole sequence converges",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\alpha=1,\ A\succ0:\quad x_k\to x^*=\mathcal T_{\mathcal K}(x^*)",
    arena=LIMITS,
    hypotheses=(INJECTIVE,),
    parts=(
        *_limit_parts(ORDERS[:1]),
        Part(
            f"after {STEPS} updates the states stay together", Le(late, feature_length / 50), headline=False
        ),
    ),
    controls=(
        Control("at most the fall", Le(SQUARES["dense"], FALL["dense"])),
        Control(
            "the very first step is short",
            Le(FIRST["dense"], feature_length / 10),
            "softmax: steps become short",
        ),
    ),
    related=("wu2024.lemma2.1", "restated.sparse-sequence-convergence"),
    notices=(
        "No number of steps refutes a limit without a rate. Decided is the descent that the proof starts from; that the "
        "states stay together is reported and does not decide (near a saddle an iteration may rest for long).",
        "Temperatures include bifurcation values: two memories with beta Delta = 2.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (THM21, LEMMA21)
RELATED: tuple[Statement, ...] = (B4_DESCENT, STATIONARY, SEQUENCE)
