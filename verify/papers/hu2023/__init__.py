"""Statements of Hu et al. 2023 (sparse model), in the order of the paper, related ones beside them."""

from verify.papers.hu2023 import capacity, dynamics, error_bounds, noise, retrieval

PAPER = {
    "key": "hu2023",
    "title": "On Sparse Modern Hopfield Model",
    "authors": "J. Y.-C. Hu, D. Yang, D. Wu, C. Xu, B.-Y. Chen, H. Liu",
    "year": 2023,
    "arxiv": "2309.12673",
    "venue": "NeurIPS 2023",
}

_BY_ID = {
    s.id: s for module in (dynamics, retrieval, error_bounds, noise, capacity) for s in module.STATEMENTS
}

STATEMENTS = tuple(_BY_ID.values())
