"""Are two codes the same up to rotation, reflection and renumbering?"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def same_spectrum(a: Floats, b: Floats, tol: float = 1e-7) -> bool:
    """Tell whether the sorted cosines of all pairs of two codes (N, n) agree within tol.

    Necessary for an isometry, not sufficient.
    """
    if a.shape != b.shape:
        return False
    upper = np.triu_indices(len(a), 1)
    return bool(np.all(np.abs(np.sort((a @ a.T)[upper]) - np.sort((b @ b.T)[upper])) <= tol))


def isometric(a: Floats, b: Floats, tol: float = 1e-7) -> bool:
    """Tell whether an orthogonal map takes code a (N, n) to code b up to order, each cosine within tol.

    Sorted cosines of all pairs and of every point with the others sift out most; then the images of a
    spanning set of a are sought among the points of b by backtracking, and the whole map is checked.
    """
    if not same_spectrum(a, b, tol):
        return False
    gram_a, gram_b = a @ a.T, b @ b.T
    fits = _profiles_fit(gram_a, gram_b, tol)
    if not np.all(fits.any(axis=1)):
        return False
    frame = _frame(a, fits.sum(axis=1))
    # Rounding in the images of a badly conditioned frame is spread over the other points.
    return _extend(frame, [], fits, (gram_a, gram_b), (a, b), tol)


def _profiles_fit(gram_a: Floats, gram_b: Floats, tol: float) -> NDArray[np.bool_]:
    """Return which point of b sees the same sorted cosines as which point of a, (N, N)."""
    rows_a, rows_b = np.sort(gram_a, axis=1), np.sort(gram_b, axis=1)
    return np.array([np.all(np.abs(row - rows_b) <= tol, axis=1) for row in rows_a])


def _frame(points: Floats, choices: Ints) -> list[int]:
    """Choose points that span what all span, those with few possible images first."""
    frame: list[int] = []
    residual = points.copy()
    rank = int(np.linalg.matrix_rank(points, tol=1e-9))
    while len(frame) < rank:
        length = np.linalg.norm(residual, axis=1)
        # Well away from the span so far, lest the frame be badly conditioned.
        far = length > 0.5 * length.max()
        pick = int(np.flatnonzero(far)[np.argmin(choices[far])])
        frame.append(pick)
        axis = residual[pick] / length[pick]
        residual = residual - (residual @ axis)[:, None] * axis
    return frame


def _extend(
    frame: list[int],
    images: list[int],
    fits: NDArray[np.bool_],
    grams: tuple[Floats, Floats],
    codes: tuple[Floats, Floats],
    tol: float,
) -> bool:
    """Find an image for the next frame point that keeps its cosines with the earlier ones."""
    gram_a, gram_b = grams
    done = len(images)
    if done == len(frame):
        return _maps(frame, images, codes, tol)
    point = frame[done]
    candidates = fits[point].copy()
    for earlier, image in zip(frame, images, strict=False):
        candidates &= np.abs(gram_b[image] - gram_a[point, earlier]) <= tol
    candidates[images] = False
    return any(
        _extend(frame, [*images, int(image)], fits, grams, codes, tol) for image in np.flatnonzero(candidates)
    )


def _maps(frame: list[int], images: list[int], codes: tuple[Floats, Floats], tol: float) -> bool:
    """Tell whether the linear map given by the frame takes the first code to the second."""
    a, b = codes
    linear = np.linalg.lstsq(a[frame], b[images], rcond=None)[0]
    cosines = (a @ linear) @ b.T
    best = np.argmax(cosines, axis=1)
    gap = np.abs(a @ linear - b[best]).max()
    return bool(gap <= 100 * tol and len(np.unique(best)) == len(best))


def distinct(codes: list[Floats], tol: float = 1e-7) -> list[int]:
    """Return the index of the first code of each class up to isometry."""
    kept: list[int] = []
    for index, code in enumerate(codes):
        if not any(isometric(codes[other], code, tol) for other in kept):
            kept.append(index)
    assert all(i < j for i, j in pairwise(kept))
    return kept
