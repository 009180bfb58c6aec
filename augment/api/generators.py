"""Train or find a generator, generate a set or single images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError
from augment.generation.generate import generate
from augment.generation.plan import Sampling
from augment.generation.prepared_set import SetRequest, prepare_set
from augment.inference.generators import find_generator as find
from augment.inference.request import LoadedRequest, Request
from augment.poses.readers import Pose, with_a_person
from augment.runtime import Runtime
from augment.training.generator import train_generator as train
from augment.training.identity import IdentityModel
from augment.training.initial import InitialWeights, starting_training
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import JOINTS, scale_keypoints

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining

TargetPose = str | Path | Array
"""A pose: an image that shows it, or key points, 18 x 2 as (y, x) in pixels of the images made, missing = -1."""


def train_generator(
    workspace: Workspace,
    preset: str | GeneratorTraining | None = None,
    *,
    generator: str | None = None,
    steps: int | None = None,
    size: tuple[int, int] | None = None,
    portion: float | None = None,
    init: str | Path | None = None,
    identity_model: str | None = None,
    name: str | None = None,
    seed: int | None = None,
    perceptual: str = "auto",
    weights_dir: Path | None = None,
    runtime: Runtime | None = None,
) -> Path:
    """Train a pose-transfer generator, as `augment patn-train` does.

    Args:
        workspace: whose training images and key points are used.
        preset: market, deepfashion, demo or study; or a training with numbers of your own. None is market or, with
            `init`, the configuration of that generator, with 1,200 updates at half its learning rate.
        generator: a kind, such as patn; None is patn or, with `init`, that generator's kind.
        steps: updates; None is the preset's.
        size: height and width of the images in pixels; None is the preset's or, with `init` and no preset, that
            generator's.
        portion: train inside M^R_p only; None takes all training pairs, as the paper.
        init: starts from the weights of another generator of the same kind, at any size: builtin, a name below `patn/`
            or a file; None takes fresh ones.
        identity_model: a finished re-ID model below `reid/` for the identity term, whose weight is 1 where the training
            says nothing else; None trains without the term.
        name: folder below `patn/`; None is the generator's kind, with the portion and seed if there is one.
        seed: None is the workspace's.
        perceptual: network of the perceptual term: auto, vgg19, mobilenet or none.
        weights_dir: folder of weight files, searched before torch's hub cache.
        runtime: device, number format, threads.

    Returns:
        The file of the trained generator, which `generate_set` and `generate_images` take.

    Raises:
        AugmentError: where key points, pairs or weight files are missing, and for an identity model that was trained
            on images which the generator must not see.
        patn.DataError: for a preset or kind that there is not, and for numbers that cannot be.
    """
    initial = None if init is None else InitialWeights.find(workspace, init)
    given = None if isinstance(preset, str) else preset
    training = given or starting_training(preset if isinstance(preset, str) else None, generator, initial)
    if steps is not None:
        training = training.of_steps(steps)
    if size is not None:
        training = training.of_size(*size)
    seed = workspace.seed if seed is None else seed
    name = name or (training.generator if portion is None else f"{training.generator}-p{portion}-s{seed}")
    train(
        workspace,
        training,
        name=name,
        portion=portion,
        seed=seed,
        initial=initial,
        identity=None if identity_model is None else IdentityModel.find(workspace, identity_model),
        perceptual=perceptual,
        weights_dir=weights_dir,
        runtime=runtime or Runtime(),
    )
    return find_generator(workspace, name)


def find_generator(workspace: Workspace, name: str | Path | None = None) -> Path:
    """The file of a generator that was trained or imported before.

    Args:
        workspace: where it was trained.
        name: its folder below `patn/`, a file, or builtin; None is the workspace's only one, else the built-in one.

    Raises:
        AugmentError: where it is not there, or where there are several.
    """
    return find(workspace, name)


def generate_set(
    workspace: Workspace,
    portion: float,
    *,
    generator: str | Path | None = None,
    target_poses: str = "removed",
    ratio: int = 1,
    scenes: bool = False,
    name: str | None = None,
    seed: int | None = None,
    runtime: Runtime | None = None,
) -> Path:
    """Make an augmented set M^A_p, as `augment generate` does.

    Args:
        workspace: whose training images are kept and generated.
        portion: share p of the training images that is kept, in (0, 1].
        generator: a name below `patn/`, a file, or builtin; None is the workspace's only one, else the built-in one.
        target_poses: removed (Ours), reduced (Ours*), all, own (Self), canonical or rare.
        ratio: 2 and 3 add one and two images per real one, at portion 1.
        scenes: put each generated person before the background of a kept image, in the colours of its camera.
        name: folder below `generated/`; None is that of the poses: ours, ours-random, self.
        seed: of split and plan; None is the workspace's.
        runtime: device, number format, threads.

    Returns:
        The folder, a complete Market-1501 data set with a `manifest.csv`.

    Raises:
        AugmentError: where key points or the generator are missing.
    """
    request = SetRequest(
        portion=portion,
        seed=workspace.seed if seed is None else seed,
        generator=generator,
        sampling=Sampling(target_poses, ratio, scenes=scenes),
        name=name,
    )
    made = generate(prepare_set(workspace, request), runtime or Runtime())
    return workspace.root / made.folder


def generate_images(
    generator: str | Path,
    pairs: Sequence[tuple[str | Path, TargetPose]],
    *,
    workspace: Workspace | None = None,
    size: tuple[int, int] | None = None,
    runtime: Runtime | None = None,
) -> Array:
    """Images of people in given poses.

    Args:
        generator: its file, or builtin; inside a workspace also its name.
        pairs: (image, pose): an image's file or, inside a workspace, its name; a pose as an image that shows it, or as
            key points, 18 x 2 as (y, x) in pixels of the images made, missing = -1.
        workspace: whose names and key points are used; without one, key points of images are estimated.
        size: (height, width) of the images made; None is the workspace's, else the generator's own.
        runtime: device, number format, threads.

    Returns:
        uint8 N x height x width x 3, RGB, in the order of the pairs.

    Raises:
        AugmentError: for files that are not there, images in which nobody is found, and what is no pose.
    """
    if not pairs:
        raise AugmentError("there is no pair; give at least one (image, pose)")
    images = list(dict.fromkeys(str(image) for image, _ in pairs))
    request = Request(
        images, (), workspace=workspace, generator=str(generator), size=size, runtime=runtime or Runtime()
    )
    work = LoadedRequest(request)
    poses = [_pose(work, pose) for _, pose in pairs]
    made = np.empty((len(pairs), *work.generator.out, 3), dtype=np.uint8)
    for image, source in zip(images, work.sources, strict=True):
        rows = [row for row, pair in enumerate(pairs) if str(pair[0]) == image]
        made[rows] = work.generate(source, [poses[row] for row in rows])
    return made


def _pose(work: LoadedRequest, pose: TargetPose) -> Pose:
    """A caller's pose in the generator's pixels; raises AugmentError where it is none."""
    if isinstance(pose, np.ndarray):
        if pose.shape != (len(JOINTS), 2):
            raise AugmentError(f"key points are an array of shape {pose.shape}; give {len(JOINTS)} x 2, as (y, x)")
        found = [
            Pose(
                "key points", scale_keypoints(pose.astype(np.float32), work.generator.out, work.generator.size), "array"
            )
        ]
    elif not isinstance(pose, str | Path):
        raise AugmentError(f"a pose is a {type(pose).__name__}; give the name or file of an image, or an array")
    else:
        found = work.reader(work.generator.size).read(str(pose))
    if len(found) != 1:
        raise AugmentError(f"{pose}: holds {len(found)} poses; give one image or one array of key points a pair")
    return with_a_person(found, "pose")[0]
