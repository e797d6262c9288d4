"""Statements on nonparametric, sparse-structured and efficient models (Hu et al. 2024), in the order of the page."""

from verify.papers.np2024 import bounds_of_errors, capacity, complexity, features, regression, storage, topk

PAPER = {
    "key": "np2024",
    "title": "Nonparametric Modern Hopfield Models",
    "authors": "J. Y.-C. Hu, B.-Y. Chen, D. Wu, F. Ruan, H. Liu",
    "year": 2024,
    "arxiv": "2404.03900",
    "venue": "ICML 2025",
}

MODULES = (bounds_of_errors, storage, regression, capacity, topk, features, complexity)
STATEMENTS = tuple(s for module in MODULES for s in module.STATEMENTS)
