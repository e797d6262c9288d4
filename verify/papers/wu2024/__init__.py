"""Statements on U-Hop (Wu, Hu, Hsiao, Liu 2024)."""

from verify.papers.wu2024 import (
    convergence,
    error_bounds,
    feature_maps,
    loss,
    minima,
    retrieval,
    training,
)

PAPER = {
    "key": "wu2024",
    "title": "Uniform Memory Retrieval with Larger Capacity for Modern Hopfield Models",
    "authors": "D. Wu, J. Y.-C. Hu, T.-Y. Hsiao, H. Liu",
    "year": 2024,
    "arxiv": "2404.03827",
    "venue": "ICML 2024",
}

STATEMENTS = (
    *retrieval.STATEMENTS,
    *convergence.STATEMENTS,
    *loss.STATEMENTS,
    *minima.STATEMENTS,
    *feature_maps.STATEMENTS,
    *error_bounds.STATEMENTS,
    *training.STATEMENTS,
    *convergence.RELATED,
)
