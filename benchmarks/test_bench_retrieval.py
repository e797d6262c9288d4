"""One dense and one sparse retrieval step against the machine's own GEMM rate, in one process.

Read the medians as ratios: two matrix products of the same shapes are the floor of a retrieval step.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulations.variants import FAMILIES, variant

D, M, QUERIES = 64, 10_000, 1_000


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.standard_normal((M, D)), rng.standard_normal((QUERIES, D))


def test_two_matrix_products(benchmark, data):
    memories, query = data
    benchmark.group = "retrieval step"
    benchmark(lambda: (query @ memories.T) @ memories)


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_step(benchmark, data, name):
    memories, query = data
    benchmark.group = "retrieval step"
    benchmark(lambda: variant(name).update(memories, query, np.float64(0.1)))
