"""NumPy arrays as arrays of another kind, for tests of models on several libraries."""

import array_api_strict
import pytest


def convert(kind, a):
    """The array as one of array-api-strict ("strict"), of torch, or else as a read-only copy."""
    if kind == "strict":
        return array_api_strict.asarray(a.copy())
    if kind == "torch":
        return pytest.importorskip("torch").tensor(a)
    a = a.copy()
    a.flags.writeable = False
    return a
