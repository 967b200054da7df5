"""In: two items and a space of pictures or vectors. Out: whether they are alike in it."""

import numpy as np

from foretaste.domain.data import Catalogue
from foretaste.domain.media import MediaSpace

MIN_DEVIATIONS = 1.5
"""Standard deviations above the mean from which two items look alike."""
MAX_COMPARED_ITEMS = 500


def media_space(catalogue: Catalogue, name: str) -> MediaSpace | None:
    """The space of this name; None where there is none."""
    return next((space for space in catalogue.media if space.name == name), None)


def min_similarity(catalogue: Catalogue, name: str, item: int) -> float:
    """The cosine with an item, by its internal id, from which another looks like it."""
    space = media_space(catalogue, name)
    if space is None:
        return np.inf
    step = max(len(space.vectors) // MAX_COMPARED_ITEMS, 1)
    compared = np.asarray(space.vectors[::step], np.float32)
    compared = compared[compared.any(axis=1)]
    if len(compared) < 2:
        return np.inf
    cosines = np.sort(compared @ np.asarray(space.vectors[item], np.float32))[:-1]  # not itself
    return float(cosines.mean() + MIN_DEVIATIONS * cosines.std())
