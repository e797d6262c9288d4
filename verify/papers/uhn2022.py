r"""Universal Hopfield networks: similarity, separation, projection; their energies and retrieval rates.

B. Millidge, T. Salvatori, Y. Song, T. Lukasiewicz, R. Bogacz, "Universal Hopfield Networks: A General Framework for
Single-Shot Associative Memory Models", ICML 2022, arXiv 2202.04557, and statements of this project beside them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Le, Lt, Rational

from bounds.exact import Real
from simulations import events_energies
from simulations.variants.similarities import SIMILARITIES
from simulations.variants.two_layer import LAGRANGIANS, PULLS, TwoLayer
from simulations.variants.universal import heteroassociative, kernel_energy, universal_network
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.krotov2021 import SMOOTH_BETA, STATE, descent_parts, drive
from verify.papers.ramsauer2021.energy import along, softmax_along_v
from verify.statement import (
    Control,
    Definition,
    Hypothesis,
    Identity,
    Inequality,
    Part,
    Probability,
    Source,
    Statement,
)
from verify.vocabulary import (
    R,
    beta,
    column,
    dist,
    largest,
    m,
    norm,
    norm_spread,
    norm_x,
    overlaps,
    quantity,
    smallest,
    target_memory,
)

PAPER = {
    "key": "uhn2022",
    "title": "Universal Hopfield Networks: A General Framework for Single-Shot Associative Memory Models",
    "authors": "B. Millidge, T. Salvatori, Y. Song, T. Lukasiewicz, R. Bogacz",
    "year": 2022,
    "arxiv": "2202.04557",
    "venue": "ICML 2022",
}
OWN = Source("uhn2022", "a related statement of this project")
DEGREE = 3


# -- the factorisation ------------------------------------------------------------------------------------


def network_along_v(name: str, separation: str, **options: Any) -> Any:
    """The symbol of <P sep(beta <Xi, x>), v>, v = (1, 1/2, ...), with the inner product as similarity."""
    network = universal_network("dot", separation, **options)
    return quantity(f"uhn_{name}", f"the {name} instance of P sep(sim(Xi, x)), along v", real=True)(
        lambda b: along(b, network.update(b.memories, b.query, b.beta))
    )


uhn_classical = network_along_v("classical", "identity")
uhn_power = network_along_v("power", "power", degree=DEGREE)
uhn_softmax = network_along_v("softmax", "softmax")


def _coupled(b: Instances, diagonal: bool) -> Array:
    """beta W x along v, with W = sum_mu xi_mu xi_mu^T, its diagonal kept or set to 0."""
    w = np.sum(b.memories[:, :, :, None] * b.memories[:, :, None, :], axis=1)
    if not diagonal:
        d = w.shape[-1]
        w = np.where(np.eye(d, dtype=bool), 0 * w, w)
    return b.beta * along(b, np.sum(w * b.query[:, None, :], axis=-1))


@quantity("hebb_along_v", "beta W x for the Hebbian matrix W, along v", real=True)
def hebb_along_v(b: Instances) -> Array:
    return _coupled(b, True)


@quantity("hebb_zero_along_v", "beta W x for the Hebbian matrix W without its diagonal, along v", real=True)
def hebb_zero_along_v(b: Instances) -> Array:
    return _coupled(b, False)


@quantity("power_along_v", f"sum_mu xi_mu (beta <xi_mu, x>)^{DEGREE}, along v", real=True)
def power_along_v(b: Instances) -> Array:
    z = [b.beta * np.sum(b.memories[:, k] * b.query, axis=-1) for k in range(b.memories.shape[1])]
    return sum(along(b, b.memories[:, k]) * z[k] * z[k] * z[k] for k in range(len(z)))


def _mismatches(b: Instances) -> Array:
    """Number of coordinates of other sign, as ints (B, M)."""
    count = np.zeros(b.memories.shape[:2], dtype=int) + np.zeros((b.size, 1), dtype=int)
    for i in range(b.memories.shape[-1]):
        a, x = b.memories[:, :, i], b.query[:, None, i]
        sign_a = np.asarray(a > 0, dtype=int) - np.asarray(a < 0, dtype=int)
        sign_x = np.asarray(x > 0, dtype=int) - np.asarray(x < 0, dtype=int)
        count += sign_a != sign_x
    return count


@quantity("uhn_distributed", "the (Hamming, threshold) instance of P sep(sim(Xi, x)), along v", real=True)
def uhn_distributed(b: Instances) -> Array:
    # Unit vectors as values give the weights, 0 or 1: floats are exact enough for signs.
    count, d = b.memories.shape[-2:]
    rule = heteroassociative(np.eye(count), "hamming", "threshold", threshold=-(d // 2) - 0.5)
    signs = [np.asarray(a > 0, dtype=float) - np.asarray(a < 0, dtype=float) for a in (b.memories, b.query)]
    active = rule.update(signs[0], signs[1], np.ones(b.size))
    if b.exact:
        active = np.vectorize(lambda w: Real(int(w)), otypes=[object])(active)
    return np.sum(active * along_rows(b), axis=-1)


def along_rows(b: Instances) -> Array:
    """<xi_mu, v> for all mu, (B, M)."""
    return np.stack([along(b, b.memories[:, k]) for k in range(b.memories.shape[1])], axis=-1)


@quantity(
    "neighbours_along_v", "sum of the memories within Hamming distance d/2 of the query, along v", real=True
)
def neighbours_along_v(b: Instances) -> Array:
    near = _mismatches(b) <= b.memories.shape[-1] // 2
    rows = along_rows(b) + np.zeros((b.size, 1), dtype=int)
    return np.sum(np.where(near, rows, 0 * rows), axis=-1)


SQUARES = (1 + m + norm_x) ** 2 * (1 + beta)
FACTORISATION = Definition(
    id="uhn2022.factorisation",
    title="Similarity, separation, projection",
    source=Source("uhn2022", "abstract; general form"),
    provenance="primary (abstract)",
    printed=r"z=P\,\mathrm{sep}(\mathrm{sim}(M,q))",
    arena=Patterns(
        sizes=((1, 2), (2, 2), (2, 3), (3, 4), (5, 10), (16, 20)), beta_m2=SMOOTH_BETA, search=False
    ),
    parts=(
        Part(
            "classical network (dot, identity)",
            Eq(uhn_classical, hebb_along_v, evaluate=False),
            scale=SQUARES**2,
        ),
        Part(
            "sparse distributed memory (Hamming, threshold)",
            Eq(uhn_distributed, neighbours_along_v, evaluate=False),
            scale=1 + m * 20,
        ),
        Part(
            "dense associative memory (dot, polynomial)",
            Eq(uhn_power, power_along_v, evaluate=False),
            scale=SQUARES**4,
        ),
        Part(
            "continuous model (dot, softmax)", Eq(uhn_softmax, softmax_along_v, evaluate=False), scale=1 + m
        ),
        Part(
            "classical network without self-coupling",
            Eq(uhn_classical, hebb_zero_along_v, evaluate=False),
            scale=SQUARES**2,
            headline=False,
        ),
        Part("reciprocal similarity has a value", Ge(1 / dist**2, 0), headline=False),
    ),
    controls=(
        Control("half the coupling", Eq(uhn_classical, hebb_along_v / 2, evaluate=False)),
        Control(
            "softmax in the place of the threshold",
            Eq(uhn_distributed, softmax_along_v, evaluate=False),
            "sparse distributed memory (Hamming, threshold)",
        ),
        Control(
            "the power's sign lost",
            Eq(uhn_power, -power_along_v, evaluate=False),
            "dense associative memory (dot, polynomial)",
        ),
        Control(
            "a hundredth less",
            Eq(uhn_softmax, Rational(99, 100) * softmax_along_v, evaluate=False),
            "continuous model (dot, softmax)",
        ),
    ),
    related=("ramsauer2021.eq3-update",),
    notices=(
        "Binary models take signs after the projection; what is compared is what the sign is taken of. The "
        "original classical network sets the diagonal of W to 0, which no similarity of whole patterns does.",
        "The polynomial instance is compared with the gradient of a power of the overlaps; the spin update by "
        "energy differences is another map for degrees above 2.",
        "Can be evaluated everywhere, but for reciprocal similarities at a query equal to a memory.",
        "Vectors are compared along v = (1, 1/2, 1/3, ...).",
    ),
)


# -- the energy in continuous time ------------------------------------------------------------------------

NETWORKS = {
    f"{similarity}_{hidden}": TwoLayer(hidden, "quadratic", similarity)
    for similarity in PULLS
    for hidden in ("lse", "relu")
}


def _rest_along_v(similarity: str) -> Any:
    """<v + v', v> with h at rest: equal to <T(x), v> at all v if rest points are fixed points of the map."""

    def measure(b: Instances) -> Array:
        near = SIMILARITIES[similarity](b.memories, b.query, np)
        f = LAGRANGIANS["lse"][1](b.beta[:, None] * near, np)
        return along(b, PULLS[similarity](b.memories, b.query, f, np))

    return quantity(
        f"ode_target_{similarity}", f"where v heads with h at rest ({similarity}), along v", real=True
    )(measure)


def _map_along_v(similarity: str) -> Any:
    network = universal_network(similarity, "softmax")
    return quantity(
        f"map_{similarity}", f"the retrieval map with similarity {similarity}, along v", real=True
    )(lambda b: along(b, network.update(b.memories, b.query, b.beta)))


_FALLS = {name: descent_parts(f"uhn_{name}", model) for name, model in NETWORKS.items()}
ENERGY_ODE = Inequality(
    id="uhn2022.energy-ode",
    title="The energy of the two-layer network with a general similarity does not rise",
    source=Source("uhn2022", "energy section"),
    provenance="primary (claim, abstract), recalled (form)",
    printed=r"E=[\langle v,g\rangle-L_v]+[\langle h,f\rangle-L_h]-\sum_\mu f_\mu\,\mathrm{sim}(\xi_\mu,v),\quad"
    r"\dot E\le0",
    arena=Patterns(
        sizes=((1, 2), (1, 4), (2, 2), (2, 4), (8, 20)),
        params=(*(p for p in STATE if p.symbol != drive), Param(drive, 0, 0)),
        beta_m2=SMOOTH_BETA,
        search=False,
    ),
    parts=(
        *(p for pair in _FALLS.values() for p in pair),
        *(
            Part(
                f"rest points are fixed points of the map ({s})",
                Eq(_rest_along_v(s), _map_along_v(s), evaluate=False),
                scale=1 + m + norm_x,
                headline=False,
            )
            for s in ("dot", "euclidean")
        ),
    ),
    controls=tuple(
        Control(
            f"{name} loses a tenth more", lambda r: Eq(r.lhs, Rational(11, 10) * r.rhs), f"uhn_{name}: rate"
        )
        for name in NETWORKS
    ),
    related=("krotov2021.lyapunov", "uhn2022.energy-iterated-map"),
    notices=(
        "States are drawn, not trajectories: E falls along all of them if its derivative is nowhere positive.",
        "States where a similarity or rectifier has a kink are left out, as the hypotheses say.",
        "With the squared distance the rest points solve 2 v = Xi p, not v = Xi p as the retrieval map has it.",
    ),
)


# -- the energy of the iterated map -----------------------------------------------------------------------


def _heights(similarity: str) -> tuple[Any, Any]:
    """The symbols of E(x) and E(T(x)) with E the kernel energy of a similarity."""
    network, energy = universal_network(similarity, "softmax"), kernel_energy(similarity)
    before = quantity(f"E_{similarity}", f"kernel energy ({similarity}) at x", real=True)(
        lambda b: energy(b.memories, b.query, b.beta)
    )
    after = quantity(
        f"E_next_{similarity}", f"kernel energy ({similarity}) after one retrieval step", real=True
    )(lambda b: energy(b.memories, network.update(b.memories, b.query, b.beta), b.beta))
    return before, after


_ITERATED = {s: _heights(s) for s in ("dot", "euclidean", "manhattan")}
ENERGY_MAP = Inequality(
    id="uhn2022.energy-iterated-map",
    title="The kernel energy does not rise in a retrieval step",
    source=Source("uhn2022", "energy section, read for the iterated retrieval map"),
    provenance="primary (claim, abstract), recalled (this reading)",
    printed=r"x\mapsto\Xi\,\mathrm{softmax}(\beta\,\mathrm{sim}(\Xi,x)),\quad"
    r"E(x)=-\beta^{-1}\log\sum_\mu e^{\beta\,\mathrm{sim}(\xi_\mu,x)}:\quad E(x_{t+1})\le E(x_t)",
    arena=Patterns(
        sizes=((1, 2), (2, 2), (2, 4), (5, 10), (5, 20)),
        beta_m2=(0.1, 0.2, 1.0, 5.0, 20.0, 100.0),
    ),
    parts=tuple(
        Part(
            similarity,
            Le(after, before),
            scale=(m + norm_x) ** 2 if similarity != "manhattan" else m + norm_x,
        )
        for similarity, (before, after) in _ITERATED.items()
    ),
    controls=tuple(
        Control(f"{similarity}: it never falls", lambda r: Le(r.rhs, r.lhs), similarity)
        for similarity in _ITERATED
    ),
    related=("uhn2022.energy-ode", "ramsauer2021.thm1"),
    notices=(
        "The constant (log M)/beta is added to the energy; for the inner product |x|^2/2 is part of it.",
        "Each similarity is a part of its own: the verdict is that of the weakest.",
    ),
)


# -- retrieval rates --------------------------------------------------------------------------------------

d, count, noise, spread = sp.symbols("d M noise spread", positive=True)
better, worse, masked = sp.symbols("better worse masked", nonnegative=True)
TOLERANCE = Rational(1, 20)
SETTINGS = (
    {"spread": 0, "masked": 0, "noise": "5/4"},
    {"spread": 1, "masked": 0, "noise": "3/4"},
    {"spread": 1, "masked": 1, "noise": "1/2"},
)
COMPARED = (
    *(
        (f"{s} {sep}", f"dot {sep}", SETTINGS)
        for s in ("euclidean", "manhattan")
        for sep in ("max", "softmax")
    ),
    *((f"{s} max", f"{s} softmax", SETTINGS[1:2]) for s in ("dot", "euclidean")),
    *(("dot max", f"dot {sep}", SETTINGS[:1]) for sep in ("identity", "power")),
)
CAPACITY = Probability(
    id="uhn2022.capacity-comparison",
    title="Distances retrieve more than the inner product, and max separation most",
    source=Source("uhn2022", "abstract (empirical)"),
    provenance="primary (abstract)",
    printed=r"P_{\rm Euclidean},P_{\rm Manhattan}\ge P_{\rm dot};\quad P_{\max}\ge P_{\rm other\ sep}",
    event=events_energies.retrieval_difference,
    points=tuple(
        {
            "d": 16,
            "M": 50,
            "better": events_energies.RULES.index(first),
            "worse": events_energies.RULES.index(second),
            **setting,
        }
        for first, second, settings in COMPARED
        for setting in settings
    ),
    arguments={
        "d": d,
        "M": count,
        "spread": spread,
        "masked": masked,
        "noise": noise,
        "better": better,
        "worse": worse,
    },
    lower=1 - TOLERANCE,
    mean_range=2,
    informative=sp.true,
    trials=1600,
    controls=(Control("a gain of four fifths everywhere", Rational(9, 5)),),
    related=("restated.max-separation", "restated.dot-equals-euclidean"),
    notices=(
        "An empirical claim, tested as success(first) >= success(second) - 1/20 at every point; the values in the "
        "points number the rules (similarity, separation) of simulations.events_energies.RULES.",
        "spread = 0: memories of one norm; spread = 1: norms spread by factors from 1/2 to 2. masked = 1: the "
        "share 'noise' of the coordinates is set to 0; else Gaussian noise of that length relative to the memory.",
        "Success: squared error below a tenth of the squared norm of the memory. beta m^2 = 10 for softmax.",
        "With equal norms the inner product gives the same weights as the Euclidean distance, and with max it is the best "
        "rule against Gaussian noise: the Manhattan distance does worse there, by a few hundredths. A masked query "
        "is shorter than its memory, so that the Euclidean distance prefers short memories where norms differ.",
    ),
)


# -- max separation ---------------------------------------------------------------------------------------


def _farthest(similarity: str) -> Any:
    """Largest distance from the target of a memory that is at least as similar to the query as the target."""

    def measure(b: Instances) -> Array:
        z = SIMILARITIES[similarity](b.memories, b.query, np)
        near = np.asarray(z >= column(b, z)[:, None], dtype=bool)
        away = norm(b.memories - target_memory(b)[:, None, :])
        return largest(np.where(near, away, 0 * away))

    return quantity(
        f"decoded_far_{similarity}", f"distance to the worst answer of max separation ({similarity})"
    )(measure)


far_dot, far_euclidean, far_manhattan = (_farthest(s) for s in ("dot", "euclidean", "manhattan"))


def _manhattan_to_target(b: Instances, x: Array) -> Array:
    return np.sum(np.abs(x - target_memory(b)), axis=-1)


@quantity("eta_1", "Manhattan distance of the query from the target")
def eta_1(b: Instances) -> Array:
    return _manhattan_to_target(b, b.query)


@quantity("R_1", "half the smallest Manhattan distance between two memories")
def R_1(b: Instances) -> Array:
    rows = b.memories
    gaps = np.sum(np.abs(rows[:, :, None, :] - rows[:, None, :, :]), axis=-1)
    i, j = np.triu_indices(rows.shape[1], 1)
    return smallest(gaps[:, i, j]) / 2 + 0 * b.beta


EQUAL = Hypothesis(Eq(norm_spread, 0), "all memories have norm m")
DISTINCT = Hypothesis(Lt(0, R), "the memories are distinct")
MAX_SEPARATION = Inequality(
    id="restated.max-separation",
    title="Max separation is nearest-neighbour decoding",
    source=OWN,
    provenance="derived",
    printed=r"\arg\max_\nu\mathrm{sim}(\xi_\nu,\xi_\mu+\eta)=\mu\quad\text{if }|\eta|<R",
    arena=Patterns(query="ball", min_memories=2, sizes=((1, 2), (2, 2), (2, 3), (3, 4), (5, 10))),
    hypotheses=(DISTINCT,),
    parts=(
        Part("Euclidean distance", Le(far_euclidean, 0), scale=m, given=(Hypothesis(Lt(dist, R)),)),
        Part(
            "Manhattan distance, R in that metric",
            Le(far_manhattan, 0),
            scale=m,
            given=(Hypothesis(Lt(eta_1, R_1)),),
        ),
        Part("inner product, equal norms", Le(far_dot, 0), scale=m, given=(EQUAL, Hypothesis(Lt(dist, R)))),
        Part(
            "Manhattan distance, R in the Euclidean metric",
            Le(far_manhattan, 0),
            scale=m,
            given=(Hypothesis(Lt(dist, R)),),
            headline=False,
        ),
        Part(
            "inner product, any norms",
            Le(far_dot, 0),
            scale=m,
            given=(Hypothesis(Lt(dist, R)),),
            headline=False,
        ),
    ),
    controls=(
        Control("the target is never decoded", Le(R, far_euclidean), "Euclidean distance"),
        Control("the target is never decoded", Le(R, far_manhattan), "Manhattan distance, R in that metric"),
        Control("the target is never decoded", Le(R, far_dot), "inner product, equal norms"),
        Control("inner product in the place of the distance", Le(far_dot, 0), "Euclidean distance"),
    ),
    related=("uhn2022.capacity-comparison",),
    notices=(
        "Exact means that every memory as similar as the target is the target: ties count as failures. Queries at "
        "the memory itself are among those drawn, so that the noiseless case is covered.",
        "R is half the smallest distance in the metric of the similarity; with R and |eta| Euclidean and the Manhattan "
        "similarity the claim is another one, reported beside it.",
    ),
)


# -- the inner product and the distance -------------------------------------------------------------------


def softmax_of(scores: Array) -> Array:
    """exp(v)/sum exp(v), not taken from the models under test."""
    if scores.dtype != object:
        scores = scores - np.max(scores, axis=-1, keepdims=True)
    e = np.exp(scores)
    return e / np.sum(e, axis=-1, keepdims=True)


def distance_scores(b: Instances) -> Array:
    """-beta |xi_j - x|^2/2, (B, M)."""
    away = b.memories - b.query[:, None, :]
    return -b.beta[:, None] * np.sum(away * away, axis=-1) / 2


def _weight_quantity(name: str, meaning: str, scores: Any) -> Any:
    return quantity(name, meaning)(lambda b: column(b, softmax_of(scores(b))))


p_by_dot = _weight_quantity(
    "p_by_dot", "softmax(beta <xi, x>) of the target", lambda b: b.beta[:, None] * overlaps(b)
)
p_by_distance = _weight_quantity(
    "p_by_distance", "softmax(-beta |xi - x|^2/2) of the target", distance_scores
)
p_by_double = _weight_quantity(
    "p_by_double", "softmax(-beta |xi - x|^2) of the target", lambda b: 2 * distance_scores(b)
)


def _model_weight(similarity: str) -> Any:
    network: Any = universal_network(similarity, "softmax")
    return quantity(f"p_model_{similarity}", f"weight of the target, model with similarity {similarity}")(
        lambda b: column(b, network.weights(network.scores(b.memories, b.query, b.beta), np))
    )


def _common_factor() -> dict[str, Any]:
    """<xi, q> + |xi - q|^2/2 - (|xi|^2 + |q|^2)/2: for equal norms it does not depend on the memory."""
    xi, q = sp.symbols("xi:3", real=True), sp.symbols("q:3", real=True)
    claims = {}
    for k in (1, 2, 3):
        inner = sum(a * c for a, c in zip(xi[:k], q[:k], strict=True))
        away = sum((a - c) ** 2 for a, c in zip(xi[:k], q[:k], strict=True))
        squares = sum(a * a for a in (*xi[:k], *q[:k]))
        claims[f"d = {k}"] = sp.expand(inner + away / 2 - squares / 2)
    return claims


DOT_EUCLIDEAN = Identity(
    id="restated.dot-equals-euclidean",
    title="With equal norms the inner product and the distance give one softmax",
    source=OWN,
    provenance="derived",
    printed=r"\mathrm{softmax}(-\tfrac\beta2\|x_\mu-q\|^2)=\mathrm{softmax}(\beta\langle x_\mu,q\rangle)",
    arena=Patterns(norms="equal", max_size=2000, search=False),
    hypotheses=(EQUAL,),
    parts=(
        Part("weights", Eq(p_by_distance, p_by_dot, evaluate=False), scale=sp.Integer(1)),
        Part(
            "weights of the two models",
            Eq(_model_weight("euclidean"), _model_weight("dot"), evaluate=False),
            scale=sp.Integer(1),
        ),
    ),
    controls=(
        Control("without the factor 1/2", Eq(p_by_double, p_by_dot, evaluate=False), "weights"),
        Control(
            "a hundredth less", lambda r: Eq(r.lhs, Rational(99, 100) * r.rhs), "weights of the two models"
        ),
    ),
    symbolic=_common_factor,
    symbolic_range="the exponents in dimensions 1, 2 and 3; equal norms cancel what is left for any number of memories",
    related=("restated.mean-shift-identity", "uhn2022.capacity-comparison"),
)

STATEMENTS: tuple[Statement, ...] = (
    FACTORISATION,
    ENERGY_ODE,
    ENERGY_MAP,
    CAPACITY,
    MAX_SEPARATION,
    DOT_EUCLIDEAN,
)
