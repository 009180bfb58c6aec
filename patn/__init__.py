"""Pose transfer between images of one person: key points, pairs, generators, discriminators, training, image quality.

The package knows nothing of re-ID or of workspaces: it is handed tables, tensors and paths.
"""


class DataError(Exception):
    """Something a user can mend: one sentence that names the file, what is wrong and what to do."""


class KeypointError(DataError):
    """Key points that are malformed, missing or of another number than 18."""


class WeightsError(DataError):
    """A weight file or checkpoint that cannot be used."""
