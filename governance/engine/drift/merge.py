"""Two sorted samples, merged once: the largest and the summed distance between their distribution functions.

Exact, in one pass and without a copy, where scipy concatenates, sorts again and searches. Compiled by numba at
first use; the compiled code is kept beside the module or in the user's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

BLOCK = 256  # terms summed plainly before their sum is added with its rounding error kept


def merge(reference: np.ndarray, current: np.ndarray) -> tuple[float, float]:
    """Kolmogorov-Smirnov and Wasserstein-1 distance of two samples.

    Parameters
    ----------
    reference, current : ndarray of float64, shape (n,) and (m,)
        Sorted upwards, without NaN, none empty.

    Returns
    -------
    ks : float
        Largest distance of the distribution functions: the same double that ``scipy.stats.ks_2samp`` gives.
    wasserstein : float
        Area between them, in the unit of the values; infinite or NaN where a value is infinite.
    """
    return _compiled("_merge")(reference, current)


def merge_weighted(
    reference: np.ndarray, reference_shares: np.ndarray, current: np.ndarray, current_shares: np.ndarray
) -> tuple[float, float]:
    """The same of weighted samples.

    Parameters
    ----------
    reference, current : ndarray of float64, shape (n,) and (m,)
        Sorted upwards.
    reference_shares, current_shares : ndarray of float64, shape (n,) and (m,)
        The distribution function at each value: cumulated weights over their sum.
    """
    return _compiled("_merge_weighted")(reference, reference_shares, current, current_shares)


@cache
def _compiled(name: str) -> Callable[..., tuple[float, float]]:
    from numba import njit

    function = globals()[name]
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder may be written: compiled anew in each process
        return njit(nogil=True)(function)


def _merge(a, b):
    n, m = a.size, b.size
    i = j = most = 0
    ks, area, lost = 0.0, 0.0, 0.0
    last = min(a[0], b[0])
    while i < n or j < m:
        part = 0.0
        for _ in range(BLOCK):
            if i < n and j < m:
                first, second = a[i], b[j]
                x = min(first, second)
            elif i < n:
                x = first = a[i]
                second = np.inf
            elif j < m:
                x = second = b[j]
                first = np.inf
            else:
                break
            if x != last:
                # Whole numbers decide where it is largest, and scipy's own expression gives the double there.
                apart = abs(i * m - j * n)
                if apart >= most:
                    most = apart
                    ks = max(ks, abs(i / n - j / m))
                part += apart * (x - last)
                last = x
            # Added, not branched on: which sample is next cannot be foretold.
            i += (first <= second) & (i < n)
            j += (second <= first) & (j < m)
        add = part - lost
        total = area + add
        lost = (total - area) - add
        area = total
    return ks, area / n / m


def _merge_weighted(a, f, b, g):
    n, m = a.size, b.size
    i = j = 0
    here = there = 0.0
    ks, area = 0.0, 0.0
    while i < n or j < m:
        x = a[i] if j == m or (i < n and a[i] <= b[j]) else b[j]
        while i < n and a[i] == x:
            here = f[i]
            i += 1
        while j < m and b[j] == x:
            there = g[j]
            j += 1
        ks = max(ks, abs(here - there))
        if i < n or j < m:
            after = a[i] if j == m or (i < n and a[i] <= b[j]) else b[j]
            area += abs(here - there) * (after - x)
    return ks, area
