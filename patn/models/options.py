"""The constructor arguments of PATN and of its relatives, and what they can be."""

from dataclasses import dataclass

from patn import DataError

POSE_MAPS = ("gaussian", "onehot")
POSE_REDUCTIONS = ("second", "first")
FUSIONS = ("concat", "two_streams")
SKIPS = ("segments", "affine")


@dataclass(frozen=True, kw_only=True)
class SharedOptions:
    """What PATN, Resnet and patn-skips have in common.

    Attributes:
        blocks: number of blocks between encoders and decoder (paper: 9).
        width: channels at full resolution (paper: 64); the codes have 4 * width.
        norm: "batch" (Market-1501) or "instance" (DeepFashion).
        dropout: of one half, in the blocks, in training.
        pose_maps: see `patn.models.patn.pose_maps`.
        sigma: see `patn.models.patn.pose_maps`.

    Raises:
        DataError: for a value that makes no sense, naming the option.
    """

    blocks: int = 9
    width: int = 64
    norm: str = "batch"
    dropout: bool = True
    pose_maps: str = "gaussian"
    sigma: float = 6.0

    def __post_init__(self) -> None:
        if self.blocks < 1 or self.width < 1:
            raise DataError(
                f"a generator of {self.blocks} blocks and width {self.width} cannot be built; both must be at least 1"
            )
        one_of("pose_maps", self.pose_maps, POSE_MAPS)


@dataclass(frozen=True, kw_only=True)
class PatnOptions(SharedOptions):
    """PATN's.

    Attributes:
        add: False leaves out the sum of eq. 2 (Table 4).
        cat: False leaves out eq. 3, so that the pose code never sees the image (Table 4).
        pose_reduction: which convolution of a block's pose path halves the depth: the "second" as released, which alone
            gives the paper's 41.36 M weights, or the "first" as the paper's text says.
    """

    add: bool = True
    cat: bool = True
    pose_reduction: str = "second"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("pose_reduction", self.pose_reduction, POSE_REDUCTIONS)


@dataclass(frozen=True, kw_only=True)
class SkipsOptions(PatnOptions):
    """Those of patn-skips.

    Attributes:
        skips: how codes are moved: "segments", seven upright boxes (see `patn.models.segments`), or "affine", Deform's
            ten parts.
        decoder_blocks: residual blocks at each of the decoder's three sizes.
    """

    skips: str = "segments"
    decoder_blocks: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("skips", self.skips, SKIPS)


@dataclass(frozen=True, kw_only=True)
class ResnetOptions(SharedOptions):
    """Resnet's.

    Attributes:
        fusion: how image and poses meet, which the paper does not say. "concat" puts image and both poses into one
            encoder of 39 channels, as the usual Resnet generator; "two_streams" has PATN's two encoders and works on
            both codes together, at twice the width, so that its weights are about as many as PATN's.
    """

    fusion: str = "concat"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("fusion", self.fusion, FUSIONS)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse an option that is none of the choices.

    Args:
        name: the option's.
        value: its value.
        choices: what is allowed.

    Raises:
        DataError: naming the option.
    """
    if value not in choices:
        raise DataError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
