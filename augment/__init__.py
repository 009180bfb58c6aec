"""Augments re-ID training sets with pose-transferred images: reduced sets, generated sets, workspaces, the command line."""


class AugmentError(Exception):
    """Something a user can mend: one sentence that names the file, what is wrong and what to do."""
