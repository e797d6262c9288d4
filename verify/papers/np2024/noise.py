"""Noise on the query of sparse-structured maps.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: the corollary of Theorem 4.1 on noise, and a statement of this project beside it.
"""

from __future__ import annotations

import numpy as np
from sympy import Le, Lt, Symbol, exp

from simulations.events_structured import masked_noise_fails
from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.np2024.error_bounds import ALL_BOUND, OTHERS_BOUND
from verify.papers.np2024.shared import IN_BALL, OWN, PAPER, READINGS
from verify.papers.np2024.supports import (
    SUPPORT,
    chosen,
    error_of,
    k_S,
    log_error_of,
)
from verify.statement import Hypothesis, Inequality, Part, Probability, Source
from verify.vocabulary import (
    M,
    beta,
    m,
    quantity,
    target_memory,
)

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
    moved: Instances = b.cache["noisy"]
    return moved


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
    arena=Patterns(query="ball", min_memories=2, params=(*SUPPORT, Param(eta, -1.0, 1.0)), max_size=2000),
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

STATEMENTS = (
    NOISE,
    MASKED_NOISE,
)
