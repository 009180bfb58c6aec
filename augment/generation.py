"""M^A_p: a complete Market-1501 folder of the kept real images and of generated ones in place of those taken away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from augment import AugmentError
from augment.artefact import artefact, fingerprint, write_csv
from augment.images import load_images, read_image, to_uint8
from augment.plan import Sampling, make_plan
from augment.runtime import Runtime
from augment.split import reduced_set, training_images
from augment.workspace import Workspace
from patn.keypoints import has_torso, keypoint_array, scale_keypoints

if TYPE_CHECKING:
    import torch

BATCH = 32
SET_NAMES = {"removed": "ours", "reduced": "ours*", "all": "ours-all", "own": "self"}
IMAGE_DESCRIPTION, SOFTWARE = 0x010E, 0x0131


def find_generator(workspace: Workspace, generator: str | Path | None) -> Path:
    """The checkpoint of a generator: a name in the workspace, a path, or None for the workspace's only one.

    Raises AugmentError where it is not there or, for None, where there are several.
    """
    if generator is None:
        found = sorted((workspace.root / "patn").glob("*/generator.safetensors"))
        if not found:
            raise AugmentError(f"{workspace.root / 'patn'}: no trained generator; run `augment patn-train`")
        if len(found) > 1:
            names = ", ".join(path.parent.name for path in found)
            raise AugmentError(f"{workspace.root / 'patn'}: several generators; name one with --generator: {names}")
        return found[0]
    for path in (workspace.patn_dir(str(generator)) / "generator.safetensors", Path(generator)):
        path = path / "generator.safetensors" if path.is_dir() else path
        if path.is_file():
            return path
    raise AugmentError(
        f"{workspace.patn_dir(str(generator))}: no trained generator there; run `augment patn-train`, "
        "with --portion P for one trained inside M^R_p"
    )


def keep_reduced(workspace: Workspace, portion: float, seed: int) -> list[str]:
    """M^R_p's image names, written to `reduced/` for the reader."""
    kept = reduced_set(workspace.images(), portion, seed)
    path = workspace.reduced_csv(portion, seed)
    if not path.exists():
        table = training_images(workspace.images())
        write_csv(table.loc[table["name"].isin(kept), ["name", "pid", "camid"]], path)
    return kept


def plan_set(workspace: Workspace, portion: float, seed: int, sampling: Sampling) -> tuple[pd.DataFrame, list[str]]:
    """The plan of a generated set and the names of the real images it keeps."""
    train = training_images(workspace.images())
    kept = keep_reduced(workspace, portion, seed)
    return make_plan(train, posed_names(workspace, train["name"].tolist()), kept, sampling, seed), kept


def posed_names(workspace: Workspace, names: Sequence[str]) -> list[str]:
    """Those training images whose key points have both shoulders and both hips, which PATN's pairs need."""
    table = workspace.keypoints("train")
    known = [name for name in names if name in table.index]
    return [name for name, usable in zip(known, has_torso(keypoint_array(table, known)), strict=True) if usable]


def generate(
    workspace: Workspace,
    *,
    portion: float,
    seed: int = 0,
    generator: str | Path | None = None,
    target_poses: str = "removed",
    ratio: int = 1,
    missing: str = "fill",
    name: str | None = None,
    runtime: Runtime,
) -> dict[str, Any]:
    """Make M^A_p and return what was made: folder, counts of real, generated, pose replaced, copied, dropped.

    Finished sets are skipped, interrupted ones go on to the same bytes.  `name` defaults to the paper's row: `ours` for
    poses of removed images, `ours*` for poses of M^R_p, `self` for the source's own pose.
    Raises AugmentError for missing poses or generator, or a folder made with other options.
    """
    sampling = Sampling(target_poses, ratio, missing)
    checkpoint = find_generator(workspace, generator)
    folder = workspace.generated_dir(name or SET_NAMES[target_poses], portion, seed, ratio)
    plan, kept = plan_set(workspace, portion, seed, sampling)
    options = {"portion": portion, **asdict(sampling)}
    if runtime.precision == "bf16":
        options["precision"] = "bf16"
    train = training_images(workspace.images())
    inputs = {"generator": fingerprint(checkpoint), "images": fingerprint([Path(path) for path in train["path"]])}
    inputs["keypoints"] = workspace.keypoints_source() or ""
    with artefact(
        folder, "generated", options, inputs=inputs, seed=seed, force=runtime.force, wait=runtime.wait
    ) as run:  # fmt: skip
        if not run.finished:
            link_real(workspace, kept, folder)
            draw_plan(workspace, plan, checkpoint, inputs["generator"], folder, runtime)
            manifest = make_manifest(plan, kept, inputs["generator"])
            write_csv(_with_scores(manifest, folder, workspace, runtime), folder / "manifest.csv")
            how = plan["how"].value_counts()
            removed = len(train) - len(kept)
            run.finish({
                "folder": str(folder.relative_to(workspace.root)), "real": len(kept), "generated": len(plan),
                "replaced_pose": int(how.get("other pose", 0)), "copied": int(how.get("copy", 0)),
                "dropped": removed - len(plan) if ratio == 1 else 0,
            })  # fmt: skip
        return run.result


def link_real(workspace: Workspace, kept: Sequence[str], folder: Path) -> None:
    """Link (copy where links are impossible) the kept real images, the query and the gallery folder."""
    train = training_images(workspace.images()).set_index("name")
    target = folder / "bounding_box_train"
    target.mkdir(exist_ok=True)
    for name in kept:
        link(Path(str(train.at[name, "path"])), target / name, workspace.root)
    for split in ("bounding_box_test", "query"):
        if (workspace.data / split).is_dir():
            link(workspace.data / split, folder / split, workspace.root)


def link(source: Path, target: Path, root: Path) -> None:
    """A symbolic link at `target`, relative where both lie under `root`; a copy where the system has no links."""
    if target.is_symlink() or target.exists():
        return
    inside = source.is_relative_to(root) and target.is_relative_to(root)
    try:
        target.symlink_to(os.path.relpath(source, target.parent) if inside else source)
    except OSError:
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, target)


def draw_plan(
    workspace: Workspace, plan: pd.DataFrame, checkpoint: Path, mark: str, folder: Path, runtime: Runtime
) -> None:
    """Make the images of a plan in fixed batches; a batch whose files are all there is skipped.

    Files appear by rename, so a killed run goes on with the same batches and ends with the same bytes.
    """
    target = folder / "bounding_box_train"
    path_of = training_images(workspace.images()).set_index("name")["path"].to_dict()
    for row in plan[plan["how"] == "copy"].itertuples():
        pixels = read_image(path_of[row.source], workspace.size)
        _write(pixels, target / str(row.output), _description(row, mark))
    transfers = plan[plan["how"] != "copy"]
    starts = range(0, len(transfers), BATCH)
    batches = [transfers.iloc[start : start + BATCH] for start in starts]
    todo = [batch for batch in batches if not all((target / name).is_file() for name in batch["output"])]
    if not todo:
        return
    draw = Drawing(workspace, checkpoint, runtime)
    bar = tqdm(todo, desc=folder.name, unit="batch", disable=None if runtime.progress else True)
    for batch in bar:
        images = draw(batch["source"].tolist(), batch["pose"].tolist())
        for row, image in zip(batch.itertuples(), images, strict=True):
            _write(image, target / str(row.output), _description(row, mark))


class Drawing:
    """A loaded generator that draws the workspace's training images in each other's poses."""

    def __init__(self, workspace: Workspace, checkpoint: Path, runtime: Runtime, split: str = "train") -> None:
        import torch

        from patn.bfloat16 import with_bfloat16_weights
        from patn.checkpoints import load_generator, read_metadata

        runtime.prepare()
        self.device = runtime.torch_device()
        self.network = load_generator(checkpoint, self.device).to(memory_format=torch.channels_last)
        if runtime.precision == "bf16":  # asked for by name: `auto` draws in fp32
            self.network = with_bfloat16_weights(self.network)
        made_for = read_metadata(checkpoint)["extra"].get("size", workspace.size)
        self.size = (int(made_for[0]), int(made_for[1]))
        self.out = workspace.size
        self.paths = workspace.images().query("split == @split").set_index("name")["path"]
        self.keypoints = workspace.keypoints(split)

    def poses(self, names: Sequence[str]) -> torch.Tensor:
        """Key points of images in the generator's pixels, B x 18 x 2."""
        import torch

        return torch.from_numpy(scale_keypoints(keypoint_array(self.keypoints, names), self.out, self.size))

    def at_own_size(self, sources: Sequence[str], poses: Sequence[str]) -> torch.Tensor:
        """Images of `sources` in the poses of `poses` as uint8 B x 3 x h x w at the generator's own size."""
        import torch

        images = load_images([self.paths[name] for name in sources], self.size, jobs=1).to(self.device)
        condition = (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            drawn = self.network(condition, self.poses(sources).to(self.device), self.poses(poses).to(self.device))
        return to_uint8(drawn).cpu()

    def __call__(self, sources: Sequence[str], poses: Sequence[str]) -> np.ndarray:
        """The same at the workspace's image size, as uint8 B x H x W x 3."""
        from torch.nn.functional import interpolate

        drawn = self.at_own_size(sources, poses)
        if self.size != self.out:
            drawn = interpolate(drawn.float(), self.out, mode="bicubic").clamp(0, 255).round().byte()
        return drawn.permute(0, 2, 3, 1).contiguous().numpy()


def _description(row: Any, mark: str) -> str:
    if row.how == "copy":
        return f"copy of the real image {row.source}, which has no pose to generate from"
    return f"generated image; source {row.source}; pose {row.pose}; generator {mark}"


def _write(pixels: np.ndarray, path: Path, description: str) -> None:
    """A JPEG of quality 95 whose metadata says what it is, written by rename."""
    from PIL import Image

    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION], exif[SOFTWARE] = description, "augment"
    partial = path.with_suffix(".partial")
    try:
        Image.fromarray(pixels).save(partial, "JPEG", quality=95, exif=exif)
        partial.replace(path)
    except OSError as error:
        raise AugmentError(f"{path}: cannot be written ({error.strerror}); free space and run again") from error


def make_manifest(plan: pd.DataFrame, kept: Sequence[str], mark: str) -> pd.DataFrame:
    """One row a file: name, kind (real, generated, copy), source, pose, generator fingerprint."""
    real = pd.DataFrame({"name": list(kept), "kind": "real", "source": list(kept), "pose": "", "generator": ""})
    made = pd.DataFrame({
        "name": plan["output"], "kind": np.where(plan["how"] == "copy", "copy", "generated"),
        "source": plan["source"], "pose": plan["pose"], "generator": np.where(plan["how"] == "copy", "", mark),
    })  # fmt: skip
    return pd.concat([real, made], ignore_index=True).sort_values("name", ignore_index=True)


def _with_scores(manifest: pd.DataFrame, folder: Path, workspace: Workspace, runtime: Runtime) -> pd.DataFrame:
    """The manifest with each file's sharpness: the mean absolute gradient of its grey values, in [0, 1]."""
    paths = [folder / "bounding_box_train" / name for name in manifest["name"]]
    sharp = [sharpness(load_images(paths[start : start + 512], workspace.size)) for start in range(0, len(paths), 512)]
    return manifest.assign(sharpness=np.concatenate(sharp).round(5) if sharp else [])


def sharpness(images: torch.Tensor) -> np.ndarray:
    """Mean absolute difference of horizontal and vertical neighbours of the grey image, per image, in [0, 1].

    images: uint8 N x 3 x H x W.  Blurred images score low; the gain in re-ID follows this more than SSIM.
    """
    grey = images.float().mean(dim=1) / 255
    down, right = grey.diff(dim=1).abs().mean(dim=(1, 2)), grey.diff(dim=2).abs().mean(dim=(1, 2))
    return ((down + right) / 2).numpy()


def summary(result: Mapping[str, Any]) -> str:
    """One paragraph for people about a generated set."""
    lines = [f"{result['folder']}: {result['real']} real and {result['generated']} generated images"]
    if result["replaced_pose"]:
        lines.append(f"{result['replaced_pose']} removed images had no pose: another image's pose was taken")
    if result["copied"]:
        lines.append(f"{result['copied']} could not be generated (no kept image with a pose): a real image was copied")
    if result["dropped"]:
        lines.append(f"{result['dropped']} removed images without a pose were left out")
    return "\n".join(lines)
