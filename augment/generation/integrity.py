"""Whether a finished generated set is still what was made, and from what there is now."""

from __future__ import annotations

from pathlib import Path

from augment import AugmentError, Different
from augment.artefacts.artefact import Fingerprint, fingerprint, fingerprint_names
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.generation.manifest import MANIFEST
from augment.inference.generators import recorded_file
from reid.data.market1501 import FOLDERS


def data_inputs(data: Dataset) -> dict[str, Fingerprint]:
    """What any generated set is made from, as its `run.json` records it.

    Args:
        data: whose training images and key points they are.
    """
    return {"images": images_input(data.train), "keypoints": keypoints_input(data, "train")}


def refuse_stale(data: Dataset, folder: Path) -> None:
    """Refuse a finished generated set that was made from other input than there is now, or was changed.

    What was not recorded, or is gone by now, is not compared.

    Args:
        data: what there is now.
        folder: the set's.

    Raises:
        AugmentError: naming the difference.
    """
    run = read_run(folder)
    if run is None:
        return
    inputs = data_inputs(data) if run.inputs else {}
    checkpoint = recorded_file(str(run.result.get("generator", "")), data.root)
    if checkpoint is not None:
        inputs["generator"] = fingerprint(checkpoint)
    for name, now in inputs.items():
        if run.inputs.get(name, now) != now:
            raise AugmentError(
                f"{folder}: was made from other {name} ({run.inputs[name]}) than there are now ({now}); put them back, "
                "or generate the set again with ⟨force⟩"
            )
    refuse_altered(folder, run.result.get("contents"))


def set_contents(folder: Path) -> str:
    """A fingerprint of what a generated set holds for training: its manifest and its images, by name and content.

    Args:
        folder: of the set; hidden files, which file managers leave where somebody looks, are not of it.
    """
    images = sorted(path for path in (folder / FOLDERS["train"]).iterdir() if not path.name.startswith("."))
    files = [folder / MANIFEST, *images]
    return fingerprint_names([fingerprint(files), *(file.name for file in files)])


def refuse_altered(folder: Path, contents: object) -> None:
    """Refuse a finished set whose images or manifest are no longer those that were made.

    Args:
        folder: of the set.
        contents: as of `set_contents`, when it was made; None where that was not recorded.

    Raises:
        Different: where they are not.
    """
    if contents not in (None, set_contents(folder)):
        raise Different(
            f"{folder}: its images or its {MANIFEST} were changed after they were made",
            "generate the set again with ⟨force⟩; or copy the folder elsewhere and name it as "
            "⟨images --augmentation⟩ DIR",
        )
