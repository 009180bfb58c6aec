"""Person re-identification on top of torchreid: the Market-1501 folder, backbones, training protocol, ranking.

The package knows nothing of generators or of workspaces: it is handed tables, tensors and paths.
"""


class DataError(Exception):
    """Something a user can mend: one sentence that names the file, what is wrong and what to do."""


class BrokenLink(DataError):
    """A link in a folder of images that leads to no file."""


class WeightsError(DataError):
    """A weight file or checkpoint that cannot be used."""
