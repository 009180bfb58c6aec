"""`generate` against the released test loop."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augment.datasets.dataset import Dataset
from augment.datasets.pairs import posed_names
from augment.inference.generators import builtin_generator
from augment.workspace import Workspace
from benchmarks.conftest import Scale
from benchmarks.generating import OurGenerate
from benchmarks.networks import Convolution, bfloat16_is_native, save_released
from benchmarks.released_testing import ReleasedTest, joint_map
from benchmarks.results import Row
from benchmarks.sides import Sides, take_turns
from numerics.arrays import Array
from patn.complexity import complexity
from patn.keypoints import keypoint_array

SIZE = (128, 64)


@pytest.fixture
def workspace(people: Path, tmp_path: Path) -> Workspace:
    """A workspace on the rendered people."""
    return Workspace.create(tmp_path / "workspace", {"data": str(people), "size": list(SIZE)})


def pairs_of(workspace: Workspace, count: int) -> list[tuple[str, str]]:
    """Pairs of training images of one person."""
    table = workspace.images().query("split == 'train'").set_index("name")
    names, pid = posed_names(Dataset.of(workspace), table.index.tolist()), table["pid"].to_dict()
    pairs = [(a, b) for a in names for b in names if a != b and pid[a] == pid[b]]
    return pairs[:: max(1, len(pairs) // count)][:count]


def test_generate(
    benchmark: Any, scale: Scale, sides: Sides, record: Any, workspace: Workspace, tmp_path: Path
) -> None:
    blocks, width, ours, theirs = (1, 4, 4, 2) if scale.tiny else (9, 64, 32, 8)
    checkpoint = tmp_path / "latest_net_netG.pth"
    save_released(checkpoint, blocks, width, SIZE)
    pairs = pairs_of(workspace, ours)
    names = sorted({name for pair in pairs for name in pair})
    images = workspace.images().set_index("name")["path"]
    (tmp_path / "maps").mkdir()
    for name, keypoints in zip(names, keypoint_array(workspace.keypoints("train"), names), strict=True):
        np.save(tmp_path / "maps" / f"{name}.npy", joint_map(keypoints, SIZE))
    released = sides.open(
        ReleasedTest,
        images={name: images[name] for name in names},
        maps=tmp_path / "maps",
        pairs=pairs[:theirs],
        checkpoint=checkpoint,
        blocks=blocks,
        width=width,
        folder=tmp_path / "panels",
    )
    precisions = ("fp32", "bf16") if bfloat16_is_native() else ("fp32",)
    running = {"released": (released, float(theirs))}
    for precision in precisions:
        side = sides.open(
            OurGenerate,
            workspace=workspace.root,
            checkpoint=checkpoint,
            pairs=pairs,
            precision=precision,
            folder=tmp_path / precision,
        )
        running[precision] = (side, float(ours))
        running[f"core {precision}"] = (sides.open(Convolution, precision=precision), Convolution.gflop())
    rounds = take_turns(benchmark, running, scale.rounds(4))

    gflop = complexity("patn", {"blocks": blocks, "width": width}, SIZE).gflop
    rows, required = [], {"fp32": (1.3, "generate, decode to JPEG, fp32"), "bf16": (2.5, "generate, bf16 weights")}
    for precision in precisions:
        rate, core = rounds.rate(precision), rounds.rate(f"core {precision}")
        least, work = required[precision]
        rows.append(
            Row(
                work,
                f"{rate:.2f} images/s",
                f"the released test loop, {rounds.rate('released'):.2f} images/s",
                rounds.ratio(precision, "released"),
                "x",
                least,
                core / gflop / rounds.rate("released"),
            )
        )
        share = 100 * gflop * rounds.ratio(precision, f"core {precision}")
        least_share = 90.0 if precision == "fp32" else None
        reference = f"3x3 convolution 256->256, {core:.0f} GFLOP/s"
        rows.append(
            Row(
                f"share of the core's rate, {precision}",
                f"{rate * gflop:.0f} GFLOP/s",
                reference,
                share,
                "%",
                least_share,
                100.0,
            )
        )
    drawn = running["fp32"][0].result()[:theirs].astype(int)
    levels = np.abs(drawn - released.result().astype(int))
    remark = (
        f"Weights of the generator: random. Its fp32 images and the released loop's differ by at most {levels.max()} "
        f"grey level, on {100 * (levels > 0).mean():.2f} % of the values."
    )
    assert levels.max() <= 1
    record("generate", rows, (remark,))


def test_overlap(benchmark: Any, scale: Scale, sides: Sides, record: Any, workspace: Workspace, tmp_path: Path) -> None:
    """The built-in generator on two cores: reading and writing beside the network, and after it."""
    count = 8 if scale.tiny else 1024
    pairs = (pairs_of(workspace, count) * count)[:count]
    running = {
        name: (
            sides.open(
                OurGenerate,
                workspace=workspace.root,
                checkpoint=builtin_generator(),
                pairs=pairs,
                precision="fp32",
                folder=tmp_path / name,
                cores=0 if scale.tiny else 2,
                in_turn=name == "in turn",
            ),
            float(count),
        )
        for name in ("in turn", "overlapped")
    }
    rounds = take_turns(benchmark, running, scale.rounds(6))
    row = Row(
        "generate by the built-in generator, reading and writing meanwhile (two cores)",
        f"{rounds.rate('overlapped'):.0f} images/s",
        f"one after the other here, {rounds.rate('in turn'):.0f} images/s",
        rounds.ratio("overlapped", "in turn"),
        "x",
    )
    record("overlap", [row])


@pytest.mark.skipif(not bfloat16_is_native(), reason="the processor does not multiply in bfloat16")
def test_bf16_images_stay_close(scale: Scale, record: Any, workspace: Workspace) -> None:
    import torch

    from augment.inference.plan_images import SplitGenerator
    from augment.runtime import Runtime
    from augment.training.generator import train_generator
    from patn.metrics.ssim import ssim
    from patn.training.configuration import PRESETS

    training = PRESETS["demo"].of_steps(2 if scale.tiny else 300)
    training = replace(training, lambda_gan=0.0, lambda_perceptual=0.0)
    train_generator(workspace, training, runtime=Runtime("cpu", "auto", threads=1, progress=False))
    checkpoint = workspace.patn_dir("patn") / "generator.safetensors"
    pairs = pairs_of(workspace, 64)
    sources, poses = [a for a, _ in pairs], [b for _, b in pairs]
    made = {}
    for precision in ("fp32", "bf16"):
        drawing = SplitGenerator(
            Dataset.of(workspace), checkpoint, Runtime("cpu", precision, threads=1, progress=False)
        )
        made[precision] = torch.from_numpy(drawing(sources, poses)).permute(0, 3, 1, 2)
    levels = (made["bf16"].int() - made["fp32"].int()).abs().float()
    real = torch.stack([torch.from_numpy(_real(workspace, name)).permute(2, 0, 1) for name in poses])
    against = {precision: float(ssim(real, images).mean()) for precision, images in made.items()}
    changed, between = 100 * (levels > 0).float().mean(), float(ssim(made["fp32"], made["bf16"]).mean())
    remark = (
        f"bf16 weights, on a demo-size generator trained for {training.steps} steps: values differ from fp32 by "
        f"{levels.mean():.2f} grey levels on average and {levels.max():.0f} at most, {changed:.0f} % of them at all; "
        f"SSIM to the real images {against['bf16']:.4f} (fp32 {against['fp32']:.4f}), between the two {between:.4f}."
    )
    record("bf16", [], (remark,))


def _real(workspace: Workspace, name: str) -> Array:
    from augment.images import read_image

    return read_image(workspace.images().set_index("name")["path"].to_dict()[name], workspace.size).copy()
