"""Squared Euclidean distances of features, in float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from numerics.arrays import Array
from reid import DataError
from reid.evaluation.tally import Identities


def feature_matrices(
    query_features: ArrayLike, gallery_features: ArrayLike, identities: Identities
) -> tuple[Array, Array]:
    """Both sets of features as float32 matrices that fit the identities.

    Args:
        query_features: queries x D.
        gallery_features: gallery x D.
        identities: those of the queries and of the gallery.

    Returns:
        The two matrices.

    Raises:
        DataError: if they do not fit.
    """
    queries, gallery = (np.ascontiguousarray(f, dtype=np.float32) for f in (query_features, gallery_features))
    shapes, counts = (queries.shape, gallery.shape), identities.shape
    fit = queries.ndim == gallery.ndim == 2 and (len(queries), len(gallery)) == counts
    if not fit or queries.shape[1] != gallery.shape[1]:
        raise DataError(f"The features are {shapes[0]} and {shapes[1]} for {counts} queries and gallery images")
    return queries, gallery


def squared_lengths(features: Array) -> Array:
    """|f|^2 of each row.

    Args:
        features: float32 N x D.

    Returns:
        float32 N.
    """
    lengths: Array = np.einsum("ij,ij->i", features, features)
    return lengths


def squared_distances(queries: Array, gallery: Array, lengths: Array) -> Array:
    """Squared Euclidean distances of features, |q|^2 + |g|^2 - 2 q.g.

    Args:
        queries: float32 queries x D.
        gallery: float32 gallery x D.
        lengths: |g|^2 of the gallery (see `squared_lengths`).

    Returns:
        float32 queries x gallery, at least 0.
    """
    distances: Array = queries @ gallery.T
    distances *= -2.0
    distances += squared_lengths(queries)[:, None]
    distances += lengths
    return np.maximum(distances, 0, out=distances)
