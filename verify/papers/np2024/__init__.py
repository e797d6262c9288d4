"""Statements on nonparametric, sparse-structured and efficient models (Hu et al. 2024), in the order of the page."""

from verify.papers.np2024 import (
    capacity,
    complexity,
    convergence,
    error_bounds,
    features,
    maps,
    noise,
    recovery,
    regression,
    storage,
    topk,
    windows,
)

PAPER = {
    "key": "np2024",
    "title": "Nonparametric Modern Hopfield Models",
    "authors": "J. Y.-C. Hu, B.-Y. Chen, D. Wu, F. Ruan, H. Liu",
    "year": 2024,
    "arxiv": "2404.03900",
    "venue": "ICML 2025",
}

MODULES = (
    storage,
    regression,
    recovery,
    maps,
    error_bounds,
    noise,
    convergence,
    capacity,
    complexity,
    topk,
    features,
    windows,
)
ORDER = (
    "np2024.def-stored",
    "restated.r-storage",
    "np2024.thm3.1-svr",
    "restated.svr-kkt",
    "np2024.dense-recovery-substitution",
    "np2024.dense-recovery-optimum",
    "restated.dense-kernel-residual",
    "np2024.thm3.2-sparse-structured-map",
    "restated.masked-map-is-dense",
    "np2024.thm4.1-bound-others",
    "np2024.thm4.1-bound-all",
    "restated.truncated-error-bound",
    "restated.masked-error-bound",
    "np2024.cor4.1.1-sparse-vs-dense",
    "restated.masked-weight-comparison",
    "np2024.cor-noise",
    "restated.masked-noise",
    "np2024.lemma4.1-fixed-point",
    "restated.ball-contraction",
    "np2024.well-separation",
    "np2024.lemma4.2-capacity",
    "restated.capacity-random-zeta",
    "np2024.complexity-fixed",
    "np2024.complexity-topk",
    "np2024.topk",
    "restated.topk-energy",
    "np2024.random-mask",
    "restated.random-mask-success",
    "np2024.prf",
    "restated.prf-variance",
    "restated.prf-effective-temperature",
    "np2024.linear",
    "restated.linear-target-weight",
    "np2024.window-multihead",
)
"""The statements as they follow each other in the paper, related ones beside them."""

_BY_ID = {s.id: s for module in MODULES for s in module.STATEMENTS}

STATEMENTS = tuple(_BY_ID[identifier] for identifier in ORDER)
