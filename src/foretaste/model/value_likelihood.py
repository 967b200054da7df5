"""What people took of a column's values in, how likely their next values are out, by smoothing."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from foretaste.domain.data import Floats


def log_likelihoods_by_smoothing(
    value_masses: Floats, target_shares: sp.coo_matrix, shares: Floats, grid: Sequence[float]
) -> dict[float, float]:
    """Smoothing → the log-likelihood of the next items' values.

    value_masses: [cases, values]. target_shares: the same, of the next items. shares: [values], of
    everyone.
    """
    everyone_shares = shares[target_shares.col].astype(np.float64)
    total_mass = value_masses.sum(axis=1, dtype=np.float64)[target_shares.row]
    target_mass = value_masses[target_shares.row, target_shares.col]
    log_likelihoods = {}
    for smoothing in grid:
        log_shares = np.log((target_mass + smoothing * everyone_shares) / (total_mass + smoothing))
        log_likelihoods[smoothing] = float((log_shares * target_shares.data).sum())
    return log_likelihoods
