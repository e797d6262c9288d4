"""Retrieval errors of sparse-structured maps: definition, bounds, comparison with the dense map, noise.

J. Y.-C. Hu, B.-Y. Chen, D. Wu, F. Ruan, H. Liu, "Nonparametric Modern Hopfield Models", 2024 (ICML 2025), arXiv
2404.03900: Theorems 3.2 and 4.1, Corollary 4.1.1, its corollary on noise, and statements of this project.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Ge, Le, Lt, Symbol, exp

from simulations.events_structured import masked_noise_fails
from simulations.variants import dense
from verify.arena import Param, Patterns
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.error_bounds import rival, rival_all, z_mu
from verify.papers.np2024.supports import (
    SUPPORT,
    chosen,
    err_A,
    err_B,
    err_top_A,
    err_top_B,
    error_quantity,
    fixed,
    gaps,
    k_S,
    log_error_of,
    error_of,
    log_mass_of_others,
    masses,
    members,
    over_support,
    scores,
    sizes,
    top_share,
)
from verify.papers.ramsauer2021.energy import along
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Probability, Source
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    M,
    R,
    beta,
    centred,
    diam,
    dist,
    err_dense,
    largest,
    m,
    norm,
    norm_x,
    number,
    others,
    overlaps,
    q_dense,
    quantity,
    smallest,
    target_memory,
    target_overlaps,
    update,
)

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")
FREE = Patterns(query="free", min_memories=2, params=SUPPORT, max_size=2000)
BALL = Patterns(query="ball", min_memories=2, params=SUPPORT, max_size=2000)
IN_BALL = Hypothesis(Le(dist, R), "x in S_mu")
IN_TOP = Hypothesis(Ge(top_share, 1), "the target is among the K best scores")
READINGS = (
    "Reading A is the formula as printed (softmax over all memories, the sum truncated to S), reading B the softmax "
    "over S alone; the target is in S, which is chosen by the share k/M and by three orders of the others."
)

# -- the map of Theorem 3.2 ------------------------------------------------------------------------------


@quantity("mass_A", "sum of the weights of reading A")
def mass_A(b: Instances) -> Array:
    return np.sum(masses(b, chosen(b), "A")[0], axis=-1)


@quantity("mass_B", "sum of the weights of reading B")
def mass_B(b: Instances) -> Array:
    return np.sum(masses(b, chosen(b), "B")[0], axis=-1)


def reading_gap(b: Instances) -> Array:
    """T_A(x) - T_B(x), shape (B, d)."""
    w, v = masses(b, chosen(b), "A")[0], masses(b, chosen(b), "B")[0]
    return np.sum((w - v)[..., None] * b.memories, axis=-2)


@quantity("T_gap", "|T_A(x) - T_B(x)|")
def T_gap(b: Instances) -> Array:
    return np.sum(np.abs(reading_gap(b)), axis=-1)


def jacobian_of(b: Instances, reading: str) -> Array:
    """beta sum over S of p_nu xi_nu (xi_nu - c)^T with c the mean under the softmax that is used, (B, d, d)."""
    w, _ = masses(b, chosen(b), reading)
    p = dense.softmax(scores(b), np) if reading == "A" else w
    c = np.sum(p[..., None] * b.memories, axis=-2)
    away = b.memories - c[:, None, :]
    return b.beta[:, None, None] * np.sum(
        w[..., None, None] * b.memories[..., :, None] * away[..., None, :], axis=-3
    )


def skew(jacobian: Array) -> Array:
    """Sum of |J_ij - J_ji|."""
    return np.sum(np.abs(jacobian - np.swapaxes(jacobian, -1, -2)), axis=(-1, -2))


@quantity("skew_A", "size of the antisymmetric part of the Jacobian of reading A")
def skew_A(b: Instances) -> Array:
    return skew(jacobian_of(b, "A"))


@quantity("skew_B", "size of the antisymmetric part of the Jacobian of reading B")
def skew_B(b: Instances) -> Array:
    return skew(jacobian_of(b, "B"))


SMALL = Patterns(query="free", params=SUPPORT, max_size=200)
ALL_KEPT = Hypothesis(Ge(k_S, M), "S holds all memories")

MAP = Definition(
    id="np2024.thm3.2-sparse-structured-map",
    title="The sparse-structured retrieval map",
    source=Source(PAPER, "Thm 3.2"),
    provenance="secondary (shape of the formula)",
    printed=r"\mathcal T_{Sparse}(x)=\sum_{\mu\in S}[\mathrm{softmax}(\beta\Xi_\delta^Tx)]_\mu\,\xi_\mu",
    arena=SMALL,
    parts=(
        Part("weights of reading A sum to at most 1", Le(mass_A, 1, evaluate=False)),
        Part("weights of reading B sum to 1", Eq(mass_B, 1, evaluate=False)),
        Part("both readings agree at k = M", Eq(T_gap, 0), scale=m, given=(ALL_KEPT,)),
        Part("reading: A and B are one map", Eq(T_gap, 0), scale=m, headline=False),
        Part("reading: the weights of A sum to 1", Eq(mass_A, 1, evaluate=False), headline=False),
        Part(
            "reading: the Jacobian of A is symmetric",
            Eq(skew_A, 0),
            scale=beta * m**2,
            headline=False,
        ),
        Part("reading: the Jacobian of B is symmetric", Eq(skew_B, 0), scale=beta * m**2, headline=False),
    ),
    controls=(
        scaled("9/10", "weights of reading A sum to at most 1"),
        scaled("9/10", "weights of reading B sum to 1"),
    ),
    related=("restated.masked-map-is-dense", "np2024.thm4.1-bound-others"),
    notices=(
        READINGS,
        "The readings say where A and B differ, and that A is no gradient map (its Jacobian is not symmetric).",
    ),
)


def by_size(b: Instances, measure_one: object) -> Array:
    """Apply a function of (sub-batch, k, members) to the rows of each size k and collect (B,)."""
    k, inside = sizes(b), members(b)
    out = np.empty(b.size, dtype=object if b.exact else float)
    for size in np.unique(k):
        rows = np.flatnonzero(k == size)
        out[rows] = measure_one(b.take(rows), int(size), inside[rows])  # type: ignore[operator]
    return out


def sub_memory(b: Instances, k: int, inside: Array) -> Instances:
    """The instances with the members of S as their only memories; b holds rows of one size k."""
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    kept = memories[inside].reshape(b.size, k, memories.shape[-1])
    return Instances(
        b.size,
        memories=kept,
        query=b.query,
        beta=b.beta,
        target=np.zeros(b.size, dtype=int),
        models=b.models,
        exact=b.exact,
    )


def image_B(b: Instances) -> Array:
    """T_B(x), shape (B, d)."""
    return np.sum(masses(b, chosen(b), "B")[0][..., None] * b.memories, axis=-2)


@quantity("masked_along_v", "<T_B(x), v>", real=True)
def masked_along_v(b: Instances) -> Array:
    return along(b, image_B(b))


@quantity("sub_along_v", "<T_Dense(x), v> of the memories in S alone", real=True)
def sub_along_v(b: Instances) -> Array:
    return by_size(b, lambda c, k, inside: along(c, update(sub_memory(c, k, inside), "dense")))


@quantity("masked_step2", "|x - T_B(x)|^2")
def masked_step2(b: Instances) -> Array:
    away = b.query - image_B(b)
    return np.sum(away * away, axis=-1)


def _drop(c: Instances, k: int, inside: Array) -> Array:
    sub = sub_memory(c, k, inside)
    energy = c.named("dense").energy
    after = image_B_of(c, inside)
    return energy(sub.memories, sub.query, sub.beta) - energy(sub.memories, after, sub.beta)


def image_B_of(c: Instances, inside: Array) -> Array:
    """T_B(x) of rows whose support is given."""
    share = inside.astype(int).astype(object) if c.exact else inside.astype(float)
    return np.sum(masses(c, share, "B")[0][..., None] * c.memories, axis=-2)


@quantity("sub_energy_drop", "E_S(x) - E_S(T_B(x)) of the energy of the memories in S", real=True)
def sub_energy_drop(b: Instances) -> Array:
    return by_size(b, _drop)


SQUARES = m**2 + norm_x**2

MASKED_IS_DENSE = Identity(
    id="restated.masked-map-is-dense",
    title="Reading B is the dense model of the memories in S",
    source=OWN,
    provenance="derived",
    printed=r"T_B=T_{Dense}[\Xi_S],\ E_S(x)=\tfrac12|x|^2-\beta^{-1}\mathrm{lse}(\beta\Xi_S^Tx),"
    r"\ E_S(x)-E_S(T_B(x))\ge\tfrac12|x-T_B(x)|^2",
    arena=SMALL,
    parts=(
        Part("the map", Eq(masked_along_v, sub_along_v), scale=m),
        Part("quadratic descent", Ge(sub_energy_drop, masked_step2 / 2), scale=SQUARES),
        Part("symmetric Jacobian", Eq(skew_B, 0), scale=beta * m**2),
    ),
    controls=(
        Control("the map, halved", Eq(masked_along_v, sub_along_v / 2), "the map"),
        Control("twice the descent", Ge(sub_energy_drop, 2 * masked_step2), "quadratic descent"),
        Control("Jacobian of reading A", Eq(skew_A, 0), "symmetric Jacobian"),
    ),
    related=("np2024.thm3.2-sparse-structured-map", "restated.quadratic-descent"),
)

# -- Theorem 4.1 and its corollaries ------------------------------------------------------------------------

FACTOR = m * (M + k_S - 2)
OTHERS_BOUND = FACTOR * exp(-beta * (z_mu - rival))
ALL_BOUND = FACTOR * exp(-beta * (z_mu - rival_all))


def theorem41(bound: object) -> tuple[Part, ...]:
    """The bound for the formula as printed, and for the other maps of the family."""
    return (
        Part("reading A", Le(err_A, bound), trivial=2 * m),
        Part("reading B", Le(err_B, bound), trivial=2 * m, headline=False),
        Part("top-K, reading A", Le(err_top_A, bound), trivial=2 * m, given=(IN_TOP,), headline=False),
        Part("top-K, reading B", Le(err_top_B, bound), trivial=2 * m, given=(IN_TOP,), headline=False),
    )


OTHERS = Inequality(
    id="np2024.thm4.1-bound-others",
    title="Error bound of the sparse-structured map, maximum over the other memories",
    source=Source(PAPER, "Thm 4.1; the maximum read over nu != mu"),
    provenance="secondary (factor and exponent)",
    printed=r"\|\mathcal T_{Sparse}(x)-\xi_\mu\|\le m(M+k-2)\exp\{-\beta(\langle\xi_\mu,x\rangle-"
    r"\max_{\nu\ne\mu}\langle\xi_\mu,\xi_\nu\rangle)\}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=theorem41(OTHERS_BOUND),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("restated.truncated-error-bound", "hu2023.thm2.2-dense-bound-others"),
    notices=(READINGS,),
)

ALL = Inequality(
    id="np2024.thm4.1-bound-all",
    title="Error bound of the sparse-structured map, maximum over all memories",
    source=Source(PAPER, "Thm 4.1; the maximum read over all nu in [M]"),
    provenance="secondary (factor), recalled (range of the maximum)",
    printed=r"\|\mathcal T_{Sparse}(x)-\xi_\mu\|\le m(M+k-2)\exp\{-\beta(\langle\xi_\mu,x\rangle-"
    r"\max_{\nu\in[M]}\langle\xi_\mu,\xi_\nu\rangle)\}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        *theorem41(ALL_BOUND),
        Part(
            "reading A, only queries with |x| <= m",
            Le(err_A, ALL_BOUND),
            trivial=2 * m,
            given=(Hypothesis(Le(norm_x, m)),),
            headline=False,
        ),
    ),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("np2024.thm4.1-bound-others", "restated.truncated-error-bound"),
    notices=(READINGS,),
)


@quantity("gap_least", "min over nu != mu of <xi_mu, xi_mu - xi_nu> - |x - xi_mu| |xi_mu - xi_nu|", real=True)
def gap_least(b: Instances) -> Array:
    reach = norm(b.query - target_memory(b))[:, None] * norm(centred(b))
    return smallest(others(b, gaps(b, target_overlaps(b)) - reach))


TRUNCATED = Inequality(
    id="restated.truncated-error-bound",
    title="Error of the truncated softmax from the separation of the query",
    source=OWN,
    provenance="derived",
    printed=r"\|T_A(x)-\xi_\mu\|\le m(M+k-2)e^{-\beta\Delta(x)};\ \|x-\xi_\mu\|\le r\Rightarrow\Delta(x)\ge"
    r"\Delta_\mu-2mr,\ \Delta(x)\ge\min_\nu(\Delta_{\mu\nu}-r|\xi_\mu-\xi_\nu|)",
    arena=FREE,
    parts=(
        Part("error", Le(err_A, FACTOR * exp(-beta * Delta_x)), trivial=2 * m),
        Part("separation near the memory", Ge(Delta_x, Delta_mu - 2 * m * dist), scale=SQUARES),
        Part("separation by pairs", Ge(Delta_x, gap_least), scale=SQUARES),
    ),
    controls=(
        scaled("9/10", "error"),
        Control(
            "half the loss",
            Ge(Delta_x, Delta_mu - m * dist),
            "separation near the memory",
        ),
        Control("no loss", Ge(Delta_x, gap_least + dist * m), "separation by pairs"),
    ),
    related=("np2024.thm4.1-bound-others",),
    notices=("A single memory has no separation: the statement says nothing there.", READINGS),
)


@quantity("Delta_S", "separation of the query from the other memories in S", real=True)
def Delta_S(b: Instances) -> Array:
    gap = gaps(b, overlaps(b))
    return over_support(b, gap, smallest, largest(gap))


def support_lengths(b: Instances) -> Array:
    """Squared distances |xi_i - xi_j|^2 of pairs in S, 0 elsewhere, shape (B, M, M)."""
    inside = members(b)
    both = inside[:, :, None] & inside[:, None, :]
    away = b.memories[:, :, None, :] - b.memories[:, None, :, :]
    return np.where(both, np.sum(away * away, axis=-1), number(b, 0)[:, None, None])


@quantity("diam_S", "largest distance of two memories in S")
def diam_S(b: Instances) -> Array:
    squares = support_lengths(b).reshape(b.size, -1)
    return np.sqrt(largest(squares))


@quantity(
    "q_S",
    "weight of all memories of S but the target, softmax over S",
    log=lambda b: log_mass_of_others(b, members(b)),
)
def q_S(b: Instances) -> Array:
    return np.sum(others(b, masses(b, chosen(b), "B")[0]), axis=-1)


def majorant(width: object, count: object, separation: object) -> object:
    """diam/(1 + exp(beta Delta)/(count - 1)), count - 1 above so that one memory gives 0."""
    return width * (count - 1) / (count - 1 + exp(beta * separation))  # type: ignore[operator]


PAIRED = Patterns(query="free", min_memories=2, params=SUPPORT, max_size=500)
TWO_IN_S = Hypothesis(Ge(k_S, 2), "Delta_S speaks of a second memory in S")

MASKED = Inequality(
    id="restated.masked-error-bound",
    title="Error of the softmax over S from its diameter and separation",
    source=OWN,
    provenance="derived",
    printed=r"\|T_B(x)-\xi_\mu\|\le\mathrm{diam}_S(1-p_\mu),\ 1-p_\mu\le\frac1{1+e^{\beta\Delta_S(x)}/(k-1)}"
    r"\le(k-1)e^{-\beta\Delta_S(x)}",
    arena=PAIRED,
    parts=(
        Part("error by mass", Le(err_B, diam_S * q_S), trivial=2 * m),
        Part(
            "mass by separation",
            Le(q_S, 1 / (1 + exp(beta * Delta_S) / (k_S - 1))),
            trivial=1,
            given=(TWO_IN_S,),
        ),
        Part(
            "exponential form",
            Le(1 / (1 + exp(beta * Delta_S) / (k_S - 1)), (k_S - 1) * exp(-beta * Delta_S)),
            given=(TWO_IN_S,),
        ),
    ),
    controls=(
        scaled("9/10", "error by mass"),
        scaled("9/10", "mass by separation"),
        scaled("9/10", "exponential form"),
    ),
    related=("np2024.thm4.1-bound-others", "restated.masked-map-is-dense"),
    notices=("With k = 1 both sides of the first part are 0 and the others have no Delta_S.",),
)

VERSUS = Inequality(
    id="np2024.cor4.1.1-sparse-vs-dense",
    title="The sparse-structured error is at most the dense error",
    source=Source(PAPER, "Cor. 4.1.1"),
    provenance="secondary",
    printed=r"\|\mathcal T_{Sparse}(x)-\xi_\mu\|\le\|\mathcal T_{Dense}(x)-\xi_\mu\|",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("reading A", Le(err_A, err_dense)),
        Part("reading B", Le(err_B, err_dense), headline=False),
        Part("top-K, reading A", Le(err_top_A, err_dense), given=(IN_TOP,), headline=False),
        Part("top-K, reading B", Le(err_top_B, err_dense), given=(IN_TOP,), headline=False),
    ),
    controls=(scaled("1/2"),),
    related=("restated.masked-weight-comparison", "np2024.thm4.1-bound-others"),
    notices=(READINGS,),
)

WEIGHTS = Inequality(
    id="restated.masked-weight-comparison",
    title="The softmax over S leaves less weight to the others",
    source=OWN,
    provenance="derived",
    printed=r"1-p_\mu^B\le1-p_\mu;\ \text{the majorant }\mathrm{diam}_S/(1+e^{\beta\Delta_S}/(k-1))"
    r"\text{ does not increase when }M\text{ is replaced by }S",
    arena=PAIRED,
    parts=(
        Part("weight", Le(q_S, q_dense)),
        Part(
            "majorant",
            Le(majorant(diam_S, k_S, Delta_S), majorant(diam, M, Delta_x)),
            given=(TWO_IN_S,),
        ),
    ),
    controls=(scaled("9/10", "weight"), scaled("9/10", "majorant")),
    related=("np2024.cor4.1.1-sparse-vs-dense", "restated.masked-error-bound"),
)

# -- noise -----------------------------------------------------------------------------------------------

eta = Symbol("eta", real=True)


def noise(b: Instances) -> Array:
    """eta (xi_nu - xi_mu) for the memory nu that follows the target in the list, shape (B, d)."""
    count = b.memories.shape[-2]
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    follower = memories[np.arange(b.size), (b.target + 1) % count]
    return b.scalars["eta"][:, None] * (follower - target_memory(b))


def noisy(b: Instances) -> Instances:
    """The batch at x + eta."""
    if "noisy" not in b.cache:
        b.cache["noisy"] = b.with_query(b.query + noise(b))
    return b.cache["noisy"]


def noisy_error(name: str, reading: str) -> Symbol:
    """Register |T(x + eta) - xi_mu|."""
    return quantity(
        name,
        f"error of reading {reading} at x + eta",
        log=lambda b: log_error_of(noisy(b), chosen(noisy(b)), reading),
    )(lambda b: error_of(noisy(b), chosen(noisy(b)), reading))


noisy_A, noisy_B = noisy_error("noisy_A", "A"), noisy_error("noisy_B", "B")


@quantity("xi_eta", "<xi_mu, eta>", real=True)
def xi_eta(b: Instances) -> Array:
    return np.sum(target_memory(b) * noise(b), axis=-1)


NOISE_FACTOR = exp(-beta * xi_eta)

NOISE = Inequality(
    id="np2024.cor-noise",
    title="Noise multiplies the bound of Theorem 4.1",
    source=Source(PAPER, "corollary of Thm 4.1 on noise"),
    provenance="recalled (low; constants not known)",
    printed=r"\|\mathcal T_{Sparse}(x+\eta)-\xi_\mu\|\le m(M+k-2)e^{-\beta(\langle\xi_\mu,x\rangle-"
    r"\max\langle\xi_\mu,\xi_\nu\rangle)}e^{-\beta\langle\xi_\mu,\eta\rangle},\ M+k-2<2(M-1)",
    arena=Patterns(
        query="ball", min_memories=2, params=(*SUPPORT, Param(eta, -1.0, 1.0)), max_size=2000
    ),
    hypotheses=(IN_BALL,),
    parts=(
        Part("reading A, maximum over the others", Le(noisy_A, OTHERS_BOUND * NOISE_FACTOR), trivial=2 * m),
        *(
            Part(f"reading {r}, maximum over {name}", Le(e, bound * NOISE_FACTOR), headline=False)
            for r, e, name, bound in (
                ("B", noisy_B, "the others", OTHERS_BOUND),
                ("A", noisy_A, "all", ALL_BOUND),
                ("B", noisy_B, "all", ALL_BOUND),
            )
        ),
        Part(
            "the factor gains",
            Lt(M + k_S - 2, 2 * (M - 1)),
            given=(Hypothesis(Lt(k_S, M), "S is not everything"),),
        ),
    ),
    controls=(scaled("1/10"), scaled("1/3", "the factor gains")),
    related=("np2024.thm4.1-bound-others", "restated.masked-noise"),
    notices=(
        READINGS,
        "The noise is a multiple of the difference of the target and another memory, of either sign; that x + eta "
        "lies in S_mu is not asked for.  Noise on the memories has no formula of its own in the entry and is not "
        "tested.  At k = M the two factors are equal.",
    ),
)

s, q, k, spread, d = (Symbol(n, positive=True) for n in ("s", "q", "k", "spread", "d"))
b2 = Symbol("beta_m2", positive=True)

MASKED_NOISE = Probability(
    id="restated.masked-noise",
    title="Gaussian noise on the query of the softmax over S",
    source=OWN,
    provenance="derived",
    printed=r"\|T_B(x+\eta)-\xi_\mu\|\le\mathrm{diam}_S(k-1)e^{-\beta(\Delta_S(x)-\|\eta\|\mathrm{diam}_S)};\ "
    r"P\big[\Delta_S(x+\eta)\ge\Delta_S(x)-s\,\mathrm{diam}_S\sqrt{2\ln((k-1)/q)}\big]\ge1-q",
    event=masked_noise_fails,
    arguments={"d": d, "k": k, "beta": b2, "s": s, "q": q},
    points=tuple(
        {"d": dim, "k": count, "beta_m2": beta_m2, "s": size, "q": failure}
        for dim, count, beta_m2 in ((1, 2, 5), (2, 2, 20), (3, 5, 20), (8, 20, 50))
        for size in ("1/10", "1/2")
        for failure in ("1/100", "1/10", "1/2")
    ),
    bound=q,
    controls=(scaled("1/10"),),
    trials=16_000,
    related=("np2024.cor-noise", "restated.masked-error-bound"),
    notices=(
        "A draw fails if the separation of x + eta is too small, or if the error exceeds the first bound, which claims "
        "to hold for every eta.",
        "The union bound loses a factor 2 at k = 2 (one Gaussian tail), more beyond.",
    ),
)

# -- windows ------------------------------------------------------------------------------------------------

WINDOW, BIGBIRD = "window:width=0", "window:width=0,first=1,extra=1"
err_window_A = error_quantity("err_window_A", "error of the window, reading A", fixed(WINDOW), "A")
err_window_B = error_quantity("err_window_B", "error of the window, reading B", fixed(WINDOW), "B")
err_bigbird_A = error_quantity("err_bigbird_A", "error of window + global + random, A", fixed(BIGBIRD), "A")


def window_quantities(name: str, model: str) -> tuple[Symbol, Symbol]:
    """Register the size of the fixed support of a model and whether the target is in it."""
    share = fixed(model)
    size = quantity(f"k_{name}", f"size of the support of the {name}", positive=True)(
        lambda b: np.sum(share(b), axis=-1) + number(b, 0)
    )
    inside = quantity(f"in_{name}", f"whether the target is in the support of the {name}")(
        lambda b: share(b)[np.arange(b.size), b.target] + number(b, 0)
    )
    return size, inside


k_window, in_window = window_quantities("window", WINDOW)
k_bigbird, in_bigbird = window_quantities("bigbird", BIGBIRD)


def _window_mass(b: Instances) -> tuple[Array, Array]:
    share = fixed(WINDOW)(b)
    weights = masses(b, share, "B")[0]
    lengths = np.where(np.asarray(share, dtype=float) > 0, np.sum(centred(b) ** 2, axis=-1), number(b, 0)[:, None])
    return np.sum(others(b, weights), axis=-1), np.sqrt(largest(lengths))


@quantity("window_majorant", "(1 - p_mu) times the largest distance in the window from the target")
def window_majorant(b: Instances) -> Array:
    mass, reach = _window_mass(b)
    return mass * reach


def heads(b: Instances) -> tuple[Array, Array]:
    """Squared errors of two heads (even and odd coordinates) of the window map, and their bounds, each (B,)."""
    share = fixed(WINDOW)(b)
    square, bound = number(b, 0), number(b, 0)
    for first in (0, 1):
        rows = b.memories[..., first::2]
        if rows.shape[-1] == 0:
            continue
        head = Instances(
            b.size,
            memories=rows,
            query=b.query[..., first::2],
            beta=b.beta,
            target=b.target,
            models=b.models,
            exact=b.exact,
        )
        error = error_of(head, share, "B")
        square = square + error * error
        majorant = window_majorant_of(head)
        bound = bound + majorant * majorant
    return square, bound


def window_majorant_of(b: Instances) -> Array:
    mass, reach = _window_mass(b)
    return mass * reach


@quantity("heads_square", "squared error of two heads on the even and odd coordinates, window, reading B")
def heads_square(b: Instances) -> Array:
    return heads(b)[0]


@quantity("heads_bound", "sum over two heads of ((1 - p_mu) reach)^2")
def heads_bound(b: Instances) -> Array:
    return heads(b)[1]


def of_window(size: Symbol) -> object:
    """The bound of Theorem 4.1 (maximum over the others) with k the size of the window."""
    return m * (M + size - 2) * exp(-beta * (z_mu - rival))


MEMBER = Hypothesis(Ge(in_window, 1), "the target is in the window")

WINDOWS = Identity(
    id="np2024.window-multihead",
    title="Window, BigBird-type and multi-head members inherit the statements with k = |S|",
    source=Source(PAPER, "window, BigBird-type and multi-head members"),
    provenance="secondary",
    printed=r"\text{np2024.thm4.1-* and restated.masked-error-bound hold with }k=|S|;\ \text{multi-head: componentwise}",
    arena=Patterns(query="ball", min_memories=2, max_size=1000),
    hypotheses=(IN_BALL,),
    parts=(
        Part("Theorem 4.1 for the window, reading A", Le(err_window_A, of_window(k_window)), given=(MEMBER,), trivial=2 * m),
        Part("error by mass for the window, reading B", Le(err_window_B, window_majorant), given=(MEMBER,), trivial=2 * m),
        Part("two heads, componentwise", Le(heads_square, heads_bound), given=(MEMBER,), scale=m**2),
        Part(
            "Theorem 4.1 for the window, reading B",
            Le(err_window_B, of_window(k_window)),
            given=(MEMBER,),
            headline=False,
        ),
        Part(
            "Theorem 4.1 for window + global + random, reading A",
            Le(err_bigbird_A, of_window(k_bigbird)),
            given=(Hypothesis(Ge(in_bigbird, 1), "the target is in the support"),),
            headline=False,
        ),
    ),
    controls=(
        scaled("1/10"),
        scaled("9/10", "error by mass for the window, reading B"),
        scaled("1/2", "two heads, componentwise"),
    ),
    related=("np2024.thm4.1-bound-others", "restated.masked-error-bound"),
    notices=("The window holds the first memories, as many as the square root of M rounded up.",),
)

STATEMENTS = (
    MAP,
    MASKED_IS_DENSE,
    OTHERS,
    ALL,
    TRUNCATED,
    MASKED,
    VERSUS,
    WEIGHTS,
    NOISE,
    MASKED_NOISE,
    WINDOWS,
)
