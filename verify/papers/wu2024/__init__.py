"""Statements on U-Hop (Wu, Hu, Hsiao, Liu 2024)."""

from verify.papers.wu2024 import feature_maps, loss, minima, training

PAPER = {
    "key": "wu2024",
    "title": "Uniform Memory Retrieval with Larger Capacity for Modern Hopfield Models",
    "authors": "D. Wu, J. Y.-C. Hu, T.-Y. Hsiao, H. Liu",
    "year": 2024,
    "arxiv": "2404.03827",
    "venue": "ICML 2024",
}

STATEMENTS = (*loss.STATEMENTS, *feature_maps.STATEMENTS, *training.STATEMENTS, *minima.STATEMENTS)
