"""Exact SHAP values of tree ensembles by quadrature, some fifty to a hundred times faster than by unwinding paths.

>>> from governance.engine import treeshap
>>> found = treeshap.explain(forest, X)               # a fitted model of scikit-learn
>>> found.base + found.values.sum(axis=1)             # the model's output, to rounding

The package stands on numpy and numba alone and imports nothing of its surroundings: copy the folder and it works.

What is computed
----------------
The path-dependent ("conditional on the tree's own covers") SHAP values of Lundberg et al. [1]_, the same numbers as
``shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")``. A feature outside a coalition is averaged
out by following both branches of its splits, weighted with the share of training rows that went there.

How
---
For one leaf with value v, let a path's features be j = 1..d; o_j is 1 if the row passes all splits on j on the path,
else 0, and a_j is the product of the shares of these splits. The game of the leaf is the product
v ∏ (o_j if j in S, else a_j). The Shapley value averages over orders; drawing an arrival time uniformly in [0, 1] for
each feature instead turns that average into an integral, as for Owen's multilinear extension [2]_:

    φ_i = v ∫₀¹ (o_i - a_i) ∏_{j≠i} F_j(t) dt        F_j(t) = a_j (1 - t) + o_j t

The integrand is a polynomial of degree d - 1, so Gauss-Legendre quadrature with ⌈d/2⌉ nodes gives it without error
but rounding [3]_. No subsets are enumerated and no path is unwound, which is also why nothing cancels on long paths.

Leaves share their paths, so the products are carried along one walk of the tree. Write for a split on feature f,
with z the share of its first child, o = 1 if the row goes there, a = the product of the shares of earlier splits on f
above (1 if none), and g = o - z (0 if the row left this path at one of them). At each node t with weight w:

    scale = a (1 - t) + t          τ = t / scale          ω = a / scale²          (τ = t, ω = 1 without earlier splits)
    down    P_root = w             r = z + τ g            P_first = P r           P_second = P (1 - r)
    up      K_leaf = v             Δ = K_first - K_second                         K = K_second + r Δ
    out     φ_f += g ∑ ω P Δ       over the nodes

r is F_f after the split by F_f before it, and g ω is what the split adds to (o_f - a_f) / F_f for the first child and
takes from it for the second; so the sum over a feature's splits is its integral, leaf by leaf.

The cost is splits x ⌈d/2⌉ a row, against leaves x d² of the usual algorithm. All rows take the same walk, 32 side by
side, which processors do at the price of a few.

Files: ``ensemble`` (a model as arrays), ``readers`` (scikit-learn's models), ``program`` (the walk, laid out once),
``lanes`` (32 rows as one number), ``kernel`` (the walk itself), ``values`` (what callers use).

.. [1] S. M. Lundberg et al., "From local explanations to global understanding with explainable AI for trees",
   Nature Machine Intelligence 2, 2020.
.. [2] G. Owen, "Multilinear extensions of games", Management Science 18, 1972.
.. [3] G. H. Golub, J. H. Welsch, "Calculation of Gauss quadrature rules", Mathematics of Computation 23, 1969.
"""

from .ensemble import Ensemble, NotAdditive, Refused
from .readers import read
from .values import Explainer, TreeShap, explain, warm_up

__all__ = ["Ensemble", "Explainer", "NotAdditive", "Refused", "TreeShap", "explain", "read", "warm_up"]
