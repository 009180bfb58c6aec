"""What data set of rendered pedestrians to make."""

from dataclasses import asdict, dataclass

from augment import AugmentError

_MOST_PIDS = 1501  # torchreid's Market1501 refuses a larger pid


@dataclass(frozen=True, kw_only=True)
class Pedestrians:
    """Size, content and seed of a rendered data set; every image is a function of these numbers.

    Distractors (pid 0000) are identities seen nowhere else; junk (pid -1) is badly cropped.

    Attributes:
        clutter: from 0 (flat backgrounds) to 1 (strong ones, with a wide spread of camera gains).
        first_identity: the same seed and another offset give other identities before the same cameras.

    Raises:
        AugmentError: when a number is out of range.
    """

    train_identities: int = 100
    test_identities: int = 80
    images_per_identity: int = 14
    queries_per_identity: int = 2
    cameras: int = 6
    distractors: int = 60
    junk: int = 30
    height: int = 128
    width: int = 64
    clutter: float = 0.45
    seed: int = 0
    first_identity: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered or what re-ID code could not read."""
        ranges: dict[str, tuple[float, float]] = {
            "train_identities": (1, _MOST_PIDS - 1),
            "test_identities": (1, _MOST_PIDS - self.train_identities),
            "images_per_identity": (2, 1000),
            "queries_per_identity": (1, self.images_per_identity - 1),
            "cameras": (2, 6),
            "distractors": (0, 9999),
            "junk": (0, 9999),
            "height": (32, 1024),
            "width": (16, 1024),
            "clutter": (0, 1),
            "seed": (0, 2**32 - 1),
            "first_identity": (0, 900_000),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            whole = name == "clutter" or isinstance(value, int)
            if not whole or not low <= value <= high:
                kind = "a number" if name == "clutter" else "a whole number"
                raise AugmentError(f"Rendered pedestrians: {name} is {value!r}, give {kind} from {low} to {high}.")

    def as_dict(self) -> dict[str, int | float]:
        """The settings as plain data, for JSON."""
        return asdict(self)
