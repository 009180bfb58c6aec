"""The tool: workspaces, reduced and generated training sets, training of generators and re-ID, the command line."""


class AugmentError(Exception):
    """Something a user can mend: one sentence that names the file, what is wrong and what to do."""


class Busy(AugmentError):
    """Another process is at work on an artefact, and the caller would rather do something else than wait."""


class Different(AugmentError):
    """An artefact was made otherwise than is asked for now: what differs, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"
