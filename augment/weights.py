"""The one finder of weight files: `--weights-dir`, then the torch hub cache, then one sentence that says what to do."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from augment import AugmentError, Misuse
from augment.fields import as_options
from augment.results import Result


@dataclass(frozen=True)
class WeightFile:
    """An official weight file; the last part of its name is how the SHA-256 of its bytes begins.

    Attributes:
        file: its name.
        network: that it is for, as its owners call it.
        needed_for: what needs it, in words.
        fetch: the Python call that downloads it into the torch hub cache.
        origin: whose network it is.
        option: how a file elsewhere is named.
    """

    file: str
    network: str
    needed_for: str
    fetch: str
    origin: str = "torchvision"
    option: str = "name its folder with ⟨weights_dir⟩"

    @property
    def hash_prefix(self) -> str:
        """The hexadecimal digits that the file's SHA-256 begins with."""
        return Path(self.file).stem.rpartition("-")[2]


_VGG19 = WeightFile(
    "vgg19-dcbb9e9d.pth",
    "vgg19",
    "the perceptual loss of patn-train",
    'torchvision.models.vgg19(weights="IMAGENET1K_V1")',
)
_RESNET50 = WeightFile(
    "resnet50-0676ba61.pth",
    "resnet50",
    "reid-train --backbone resnet50 from ImageNet weights",
    'torchvision.models.resnet50(weights="IMAGENET1K_V1")',
)
_INCEPTION = WeightFile(
    "weights-inception-2015-12-05-6726825d.pth",
    "inception-2015-12-05",
    "IS, mask-IS and FID of patn-eval",
    'torch_fidelity.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])',
    "torch-fidelity",
)
_SSD300 = WeightFile(
    "ssd300_vgg16_coco-b556d3b4.pth",
    "ssd300_vgg16",
    "DS of patn-eval",
    'torchvision.models.detection.ssd300_vgg16(weights="COCO_V1")',
)
_ALEXNET = WeightFile(
    "alexnet-owt-7be5be79.pth", "alexnet", "LPIPS of patn-eval", 'torchvision.models.alexnet(weights="IMAGENET1K_V1")'
)
_KEYPOINT_RCNN = WeightFile(
    "keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
    "keypointrcnn_resnet50_fpn",
    "poses --estimator keypointrcnn",
    'torchvision.models.detection.keypointrcnn_resnet50_fpn(weights="COCO_V1")',
    option="name it with ⟨model⟩",
)

WEIGHTS: Mapping[str, tuple[WeightFile, ...]] = MappingProxyType(
    {
        "vgg19": (_VGG19,),
        "resnet50": (_RESNET50, replace(_RESNET50, file="resnet50-19c8e357.pth")),
        "inception": (_INCEPTION, replace(_INCEPTION, file="pt_inception-2015-12-05-6726825d.pth")),
        "ssd300": (_SSD300,),
        "alexnet": (_ALEXNET,),
        "keypointrcnn": (_KEYPOINT_RCNN,),
    }
)
"""Networks and their official files, the preferred one first; any of a network's files will do.

resnet50's two files hold the same ImageNet weights (torchvision's IMAGENET1K_V1) in two forms; inception's two are one
file under the names of torch-fidelity and pytorch-fid.
"""


def official_files(name: str) -> tuple[WeightFile, ...]:
    """The official files of a network, the preferred one first.

    Args:
        name: of the network (`vgg19`), or of one file (`vgg19-dcbb9e9d.pth`).

    Raises:
        AugmentError: for a name that is neither.
    """
    if name in WEIGHTS:
        return WEIGHTS[name]
    found = tuple(weight for files in WEIGHTS.values() for weight in files if weight.file == name)
    if not found:
        raise AugmentError(f"{name}: no known weight file; known networks are {', '.join(WEIGHTS)}")
    return found


def hub_checkpoints() -> Path:
    """The folder where torch keeps downloaded weights: torch.hub's own rule, without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "torch"
    return Path(os.environ.get("TORCH_HOME") or cache).expanduser() / "hub" / "checkpoints"


def find_weights(name: str, weights_dir: Path | None = None) -> Path | None:
    """The file of a network or official file name, or None where there is none.

    Its bytes are not looked at; use load_path for a file that is about to be read.

    Args:
        name: as of `official_files`.
        weights_dir: a folder searched before the hub's cache.

    Raises:
        AugmentError: for a name that is neither.
    """
    for folder in (weights_dir, hub_checkpoints()):
        for weight in official_files(name):
            if folder is not None and (folder / weight.file).is_file():
                return folder / weight.file
    return None


def load_path(name: str, weights_dir: Path | None = None) -> Path:
    """The file of a network, its SHA-256 checked against its name.

    Args:
        name: as of `official_files`.
        weights_dir: a folder searched before the hub's cache.

    Raises:
        AugmentError: where there is none, and for a file that is damaged or another one under that name.
    """
    path = find_weights(name, weights_dir)
    if path is None:
        raise AugmentError(missing_sentence(name))
    verify(path)
    return path


def given_file(path: Path | None, needed: str) -> Path:
    """The file that a user named.

    Args:
        path: it, or None where the user named none.
        needed: the estimator and the file that it needs, in words.

    Returns:
        The path.

    Raises:
        AugmentError: where none was named, and where there is no such file.
    """
    if path is None:
        raise Misuse(f"{needed}; name the file with ⟨model⟩")
    if not path.is_file():
        raise AugmentError(f"{path}: there is no such file; {needed}")
    return path


def verify(path: Path) -> None:
    """Refuse a damaged file of weights.

    Args:
        path: the last part of its name says how the SHA-256 of its bytes begins.

    Raises:
        AugmentError: where it does not, and for a file that cannot be read.
    """
    expected = path.stem.rpartition("-")[2]
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AugmentError(f"{path}: cannot be read ({error.strerror}); copy it again") from error
    if not digest.startswith(expected):
        raise AugmentError(
            f"{path}: its SHA-256 begins with {digest[: len(expected)]}, not {expected}; "
            "the copy is damaged or incomplete, copy it again"
        )


def missing_sentence(name: str) -> str:
    """Of an error: which file is missing, its hash, where to put it and how to get it; fields are marked.

    Args:
        name: as of `official_files`.

    Raises:
        AugmentError: for another name.
    """
    weight = official_files(name)[0]
    return (
        f"{weight.file} ({weight.origin}'s {weight.network}, SHA-256 {weight.hash_prefix}...) was not found; "
        f"put it into {hub_checkpoints()} or {weight.option} "
        f"({weight.fetch} fetches it where there is a network)"
    )


@dataclass(frozen=True)
class FoundWeights(Result):
    """The weights of a network, found or missing.

    Attributes:
        network: its name.
        file: the name of the file found, else of the preferred one.
        hash_prefix: how the file's SHA-256 begins.
        needed_for: what needs it, in words.
        path: where it is, None where it is missing.
    """

    network: str
    file: str
    hash_prefix: str
    needed_for: str
    path: str | None


def weights_report(weights_dir: Path | None = None) -> tuple[FoundWeights, ...]:
    """The weights of every network, found or missing.

    Args:
        weights_dir: a folder searched before the hub's cache.
    """
    report = []
    for network, (preferred, *_) in WEIGHTS.items():
        path = find_weights(network, weights_dir)
        file = path.name if path else preferred.file
        weight = official_files(file)[0]
        report.append(FoundWeights(network, file, weight.hash_prefix, weight.needed_for, str(path) if path else None))
    return tuple(report)


def weights_lines(report: Iterable[FoundWeights]) -> list[str]:
    """What was found, in words, one line a network.

    Args:
        report: as `weights_report` returns it.
    """
    return [
        f"{found.file}: {found.path}" if found.path else as_options(f"missing: {missing_sentence(found.file)}")
        for found in report
    ]
