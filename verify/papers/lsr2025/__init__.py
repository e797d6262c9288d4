"""Statements on the log-sum-ReLU energy (Hoover et al. 2025), related ones beside them."""

from verify.papers.lsr2025 import emergent, grid, retrieval

PAPER = {
    "key": "lsr2025",
    "title": "Dense Associative Memory with Epanechnikov Energy",
    "authors": "B. Hoover, Z. Shi, K. Balasubramanian, D. Krotov, P. Ram",
    "year": 2025,
    "arxiv": "2506.10801",
    "venue": "NeurIPS 2025",
}

_ORDER = (
    "lsr2025.thm1",
    "restated.lsr-exact-retrieval",
    "lsr2025.prop1",
    "restated.lse-extreme-point",
    "lsr2025.prop2",
    "restated.lsr-self-consistent",
    "lsr2025.thm2a-distance",
    "lsr2025.thm2a-retrieval",
    "lsr2025.thm2b-radius",
    "lsr2025.thm2b-count",
    "restated.lsr-cell-count",
    "lsr2025.prop3",
)
_BY_ID = {s.id: s for module in (retrieval, emergent, grid) for s in module.STATEMENTS}

STATEMENTS = tuple(_BY_ID[i] for i in _ORDER)
