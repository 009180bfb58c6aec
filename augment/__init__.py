"""The tool: workspaces, reduced and generated training sets, training of generators and re-ID, the command line."""


class AugmentError(Exception):
    """Something a user can mend: one sentence that names the file, what is wrong and what to do."""


class Busy(AugmentError):
    """Another process is at work on an artefact, and the caller would rather do something else than wait."""
