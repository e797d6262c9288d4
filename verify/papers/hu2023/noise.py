"""Noise: growth of bounds and errors, Lipschitz constants, tolerance radius, decay with the separation.

J. Y.-C. Hu et al., "On Sparse Modern Hopfield Model", NeurIPS 2023, arXiv 2309.12673: Corollary 2.2.1 and the
corollary on rapid convergence, and statements of this project beside them.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from sympy import E, Eq, Ge, Gt, Le, Rational, exp

from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.capacity import kappa, towards
from verify.papers.hu2023.error_bounds import support_gap, z_mu
from verify.papers.hu2023.retrieval import IN_BALL, OWN, PAPER
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source
from verify.vocabulary import (
    Delta_mu,
    J_norm,
    M,
    beta,
    centred,
    diam,
    dist,
    err_dense,
    err_sparse,
    m,
    measure,
    norm,
    others,
    quantity,
    smallest,
    target_memory,
    target_overlaps,
    update,
    weights,
)

eta = sp.Symbol("eta", positive=True)
side = sp.Symbol("side", integer=True)
NOISY = Patterns(
    model="sparse",
    query="ball",
    min_memories=2,
    params=(Param(eta, 1e-3, 1.0, log=True), Param(side, -1, 1, integer=True)),
    max_size=400,
    more=4,
)


def moved(b: Instances) -> Instances:
    """The batch with noise eta * side * (nearest competitor - target) added to the query."""

    def shift() -> Array:
        away = centred(b)
        squares = np.sum(away * away, axis=-1)
        rows = []
        for i in range(b.size):
            values = [float(v) for v in squares[i]]
            values[int(b.target[i])] = math.inf
            rows.append(away[i, int(np.argmin(values))])
        step = b.scalars["eta"] * b.scalars["side"]
        return b.query + step[:, None] * np.array(rows, dtype=object if b.exact else float)

    if "moved" not in b.cache:
        b.cache["moved"] = b.with_query(shift())
    found: Instances = b.cache["moved"]
    return found


@quantity("noise", "|eta|, the length of the noise vector")
def noise(b: Instances) -> Array:
    return norm(moved(b).query - b.query)


@quantity("noise_overlap", "<xi_mu, eta>", real=True)
def noise_overlap(b: Instances) -> Array:
    return np.sum(target_memory(b) * (moved(b).query - b.query), axis=-1)


@quantity(
    "sparse_bound_change",
    "change of the right side of (2.8) under the noise, without the factor sqrt(d) m beta",
)
def sparse_bound_change(b: Instances) -> Array:
    return np.abs(_support_term(moved(b)) - _support_term(b))


def _support_term(b: Instances) -> Array:
    return measure(b, kappa) * measure(b, support_gap)


@quantity("z_mu_moved", "overlap of the noisy query with the target", real=True)
def z_mu_moved(b: Instances) -> Array:
    return measure(moved(b), z_mu)


@quantity("err_sparse_moved", "sparse error at the noisy query")
def err_sparse_moved(b: Instances) -> Array:
    return measure(moved(b), err_sparse)


@quantity("err_dense_moved", "dense error at the noisy query")
def err_dense_moved(b: Instances) -> Array:
    return measure(moved(b), err_dense)


@quantity("T_change_dense", "|T_Dense(x + eta) - T_Dense(x)|")
def T_change_dense(b: Instances) -> Array:
    return norm(update(moved(b), "dense") - update(b, "dense"))


@quantity("T_change_sparse", "|T(x + eta) - T(x)| of the sparse map")
def T_change_sparse(b: Instances) -> Array:
    return norm(update(moved(b), "sparse") - update(b, "sparse"))


@quantity("support_change", "number of memories whose sparse weight is positive on one side only")
def support_change(b: Instances) -> Array:
    here, there = weights(b, "sparse") > 0, weights(moved(b), "sparse") > 0
    return b.beta * 0 + np.sum(here != there, axis=-1)


@quantity(
    "r_mu", "tolerance radius min over nu of (<xi_mu, xi_mu - xi_nu> - 1/beta)/|xi_mu - xi_nu|", real=True
)
def r_mu(b: Instances) -> Array:
    z = target_overlaps(b)
    own = z[np.arange(b.size), b.target]
    with np.errstate(divide="ignore"):  # a copy of the target has no direction: -inf, and no radius
        return smallest((own[:, None] - others(b, z) - 1 / b.beta[:, None]) / others(b, norm(centred(b))))


share = sp.Symbol("share", positive=True)


@quantity("err_at_share", "sparse error at distance share * r_mu towards the memory that sets r_mu")
def err_at_share(b: Instances) -> Array:
    z, lengths = target_overlaps(b), norm(centred(b))
    own = z[np.arange(b.size), b.target]
    gaps = np.array([[float(v) for v in row] for row in own[:, None] - z - 1 / b.beta[:, None]])
    with np.errstate(divide="ignore", invalid="ignore"):
        radii = gaps / np.array([[float(v) for v in row] for row in lengths])
    moved_query = towards(b, np.nan_to_num(radii, nan=math.inf), measure(b, r_mu) * b.scalars["share"])
    if not b.exact:
        moved_query.query = np.nan_to_num(moved_query.query, posinf=0.0, neginf=0.0)
    return measure(moved_query, err_sparse)


JUMP = 10 * M * m

COR221 = Inequality(
    id="hu2023.cor2.2.1-noise",
    title="Noise enters linearly (sparse) and exponentially (dense)",
    source=Source(PAPER, "Corollary 2.2.1 (noise robustness)"),
    provenance="recalled",
    printed=r"\text{noise enters the sparse bound (2.8) linearly, the dense bound (2.7) exponentially}",
    arena=NOISY,
    hypotheses=(IN_BALL, Hypothesis(Gt(noise, 0), "there is noise")),
    parts=(
        Part(
            "(i) the sparse bound changes by at most 10 M m sqrt(d) m beta |eta|",
            Le(sparse_bound_change, JUMP * noise),
        ),
        Part(
            "(i) the dense bound changes by exp(-beta <xi_mu, eta>)",
            Eq(z_mu_moved - z_mu, noise_overlap),
            scale=m**2,
        ),
        Part(
            "(ii) the sparse error grows at most linearly, slope beta M diam^2/4",
            Le(err_sparse_moved, err_sparse + beta * M * diam**2 / 4 * noise),
        ),
        Part(
            "reading (ii): the dense error outgrows a linear bound, as exponential growth must",
            Gt(err_dense_moved, err_dense + beta * diam**2 / 4 * noise),
            headline=False,
        ),
        Part(
            "reading (ii): the dense error, too, grows at most linearly, slope beta diam^2/4",
            Le(err_dense_moved, err_dense + beta * diam**2 / 4 * noise),
            headline=False,
        ),
    ),
    controls=(scaled("1/100", part="(ii) the sparse error grows at most linearly, slope beta M diam^2/4"),),
    related=("restated.lipschitz-dense-sparse", "hu2023.thm2.2-sparse-bound"),
    notices=(
        "kappa (z_(1) - z_(kappa)) jumps where a memory enters the support: the bound (2.8) is not continuous.",
        "Both maps are Lipschitz; an error cannot grow exponentially in the noise without bound.",
    ),
)

SAME_SUPPORT = Hypothesis(Eq(support_change, 0), "the same support at both ends, hence on the segment")

LIPSCHITZ = Inequality(
    id="restated.lipschitz-dense-sparse",
    title="Lipschitz constants of the dense and the sparse map",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\mathrm{Lip}(T_{Dense})\le\tfrac\beta4\mathrm{diam}^2,\ \mathrm{Lip}(T)\le\tfrac\beta4\kappa_{max}\mathrm{diam}^2",
    arena=Patterns(
        model="sparse",
        query="free",
        min_memories=2,
        params=(Param(eta, 1e-2, 1.0, log=True), Param(side, -1, 1, integer=True)),
        max_size=400,
    ),
    parts=(
        Part("sparse, Jacobian", Le(J_norm, beta * kappa * diam**2 / 4)),
        Part("dense", Le(T_change_dense, beta * diam**2 / 4 * noise)),
        Part(
            "sparse, on a segment with one support",
            Le(T_change_sparse, beta * kappa * diam**2 / 4 * noise),
            given=(SAME_SUPPORT,),
        ),
        Part("sparse, any segment, kappa_max at most M", Le(T_change_sparse, beta * M * diam**2 / 4 * noise)),
    ),
    controls=(
        scaled("9/10", part="sparse, Jacobian"),
        scaled("9/10", part="dense"),
        scaled("9/10", part="sparse, on a segment with one support"),
    ),
    related=("hu2023.cor2.2.1-noise",),
    notices=(
        "The cells of equal support are convex, and the map is continuous: the constant on single cells is the "
        "constant of the whole segment with kappa_max.",
    ),
)

TOLERANCE = Identity(
    id="restated.sparse-tolerance-radius",
    title="The largest ball that the sparse map sends to its memory",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"r_\mu=\min_{\nu\ne\mu}\dfrac{\langle\xi_\mu,\xi_\mu-\xi_\nu\rangle-1/\beta}{|\xi_\mu-\xi_\nu|}\text{ is the largest }r\text{ with }T(x)=\xi_\mu\ \forall|x-\xi_\mu|\le r",
    arena=Patterns(
        model="sparse",
        query="ball",
        min_memories=2,
        params=(Param(share, 0.01, 2.0),),
        max_size=400,
    ),
    hypotheses=(Hypothesis(Ge(r_mu, 0)),),
    parts=(
        Part(
            "inside the radius the map is exact",
            Le(err_sparse, 0),
            scale=m,
            given=(Hypothesis(Le(dist, r_mu)),),
        ),
        Part(
            "on the way to the nearest border it is exact up to r_mu",
            Le(err_at_share, 0),
            scale=m,
            given=(Hypothesis(Le(share, 1 - Rational(1, 10**6))),),
        ),
        Part(
            "beyond the radius it is not",
            Gt(err_at_share, 0),
            scale=m,
            given=(Hypothesis(Ge(share, 1 + Rational(1, 10**6))), Hypothesis(Gt(r_mu, 0))),
        ),
    ),
    controls=(
        Control(
            "exact in the whole of S_mu",
            Le(err_at_share, -m / 10**6),
            "on the way to the nearest border it is exact up to r_mu",
        ),
        Control(
            "beyond the radius the error is at least m", Ge(err_at_share, m), "beyond the radius it is not"
        ),
    ),
    related=("hu2023.cor2.2.1-noise", "hfy2024.prop3-ball"),
)

RAPID = Inequality(
    id="hu2023.cor-rapid-convergence",
    title="One sparse step has an error exponentially small in the separation",
    source=Source(PAPER, "corollary on rapid convergence"),
    provenance="recalled",
    printed=r"\|\mathcal T(x)-\xi_\mu\|=O\big(e^{-\beta\Delta_\mu}\big)\text{ after one step}",
    arena=Patterns(model="sparse", query="ball", min_memories=2, max_size=2000),
    hypotheses=(IN_BALL,),
    parts=(
        Part(
            "constant 2 e (M-1) m, as in the dense theorem",
            Le(err_sparse, 2 * E * (M - 1) * m * exp(-beta * Delta_mu)),
            trivial=2 * m,
        ),
        Part("constant 10^6 m", Le(err_sparse, 10**6 * M * m * exp(-beta * Delta_mu)), trivial=2 * m),
    ),
    controls=(scaled("1/100"),),
    related=("restated.exact-recovery", "restated.sparse-tolerance-radius"),
    notices=(
        "The sparse error of a query with margin at least 1/beta is exactly 0; before that it falls linearly.",
    ),
)

STATEMENTS = (COR221, LIPSCHITZ, TOLERANCE, RAPID)
