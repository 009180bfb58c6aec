"""People in motion: every image generated in the pose of every frame, as the paper's video shows it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from augment import AugmentError, Misuse
from augment.images import read_image
from augment.inference.generator import BATCH
from augment.inference.request import LoadedRequest, Request, Transferred
from augment.inference.sheets import draw_skeleton, sheet
from augment.inference.video import FPS, VIDEOS, WRITTEN, extract_frames, require_ffmpeg, write_video
from augment.pedestrians.walking import walking
from augment.plurals import counted
from augment.poses.readers import Pose, folder_images, scaled_to
from augment.poses.smoothing import bridge, fit, inside, jerk, smooth
from augment.results import Result, spread
from numerics.arrays import Array
from patn.keypoints import joints_present, scale_keypoints

WALK = 56


@dataclass(frozen=True)
class Motion:
    """Which poses follow each other, and what is done to them.

    Attributes:
        poses: a folder of frames, a video or an annotation file in frame order; None walks.
        frames: at most so many.
        bridge: longest gap in frames that is filled in a line, 0 for none.
        smooth: frames of the smoothing window, 0 for none.
        fit: whether the motion is moved onto the identity of each image.
        fps: None takes the video's, else 12.
    """

    poses: str | None = None
    frames: int | None = None
    bridge: int = 5
    smooth: int = 7
    fit: bool = True
    fps: float | None = None


@dataclass(frozen=True)
class _Track:
    """Joints T x 18 x 2 in pixels of frames of `size` (height, width), missing = -1; what found them; the rate."""

    joints: Array
    size: tuple[int, int]
    origin: str
    fps: float = FPS


@dataclass(frozen=True)
class Animation(Result):
    """A written video.

    Attributes:
        out: its file.
        transferred: what was generated.
        frames: how many.
        fps: frames a second.
        empty: frames in which nobody was found.
        bridged: missing joints that were filled in.
        jerk: mean length of the joints' second differences, in pixels.
        smoothed_jerk: the same after smoothing.
    """

    out: str
    transferred: Transferred = field(metadata=spread(Transferred))
    frames: int
    fps: float
    empty: int
    bridged: int
    jerk: float
    smoothed_jerk: float


def animate(request: Request, motion: Motion, out: Path, *, plain: bool = False) -> Animation:
    """Write the video of some images in the frames of a motion.

    A grid as in the paper: the images above, the skeleton at the left.  The file appears by rename; the same command
    makes the same frames.

    Args:
        request: the images and the generator; its `poses` are not used.
        motion: the frames' poses.
        out: the file, .mp4 or .gif.
        plain: show the generated images alone, side by side.

    Raises:
        AugmentError: for another ending, and where no frame shows a person.
    """
    if out.suffix.lower() not in WRITTEN:
        raise Misuse(f"{out}: videos end in {' or '.join(WRITTEN)}; give one of these")
    if out.suffix.lower() == ".mp4":
        require_ffmpeg()
    work = LoadedRequest(request)
    work.refuse_input(out, motion.poses)
    track = _read(work, motion)
    seen = joints_present(track.joints)
    if not seen.any():
        raise AugmentError(
            f"{motion.poses}: no person was found in any frame; give other frames or key points as a CSV"
        )
    bridged = bridge(track.joints, motion.bridge)
    smoothed = bridged if motion.poses is None else smooth(bridged, motion.smooth)  # the walk has no jitter
    fps = motion.fps or track.fps
    moved = [_targets(work, source, smoothed, track.size, motion.fit) for source in work.sources]
    names = ", ".join(source.name for source in work.sources)
    made_by = f"motion {motion.poses or 'built-in walk'}; generator {work.generator.fingerprint}"
    said = f"generated video; source {names}; {made_by}"
    write_video(_frames(work, moved, plain), out, fps, said)
    return Animation(
        out=str(out),
        transferred=replace(work.summary(track.origin), poses=None),
        frames=len(seen),
        fps=fps,
        empty=int((~seen.any(axis=1)).sum()),
        bridged=int(joints_present(bridged).sum() - seen.sum()),
        jerk=round(jerk(bridged), 4),
        smoothed_jerk=round(jerk(smoothed), 4),
    )


def _read(work: LoadedRequest, motion: Motion) -> _Track:
    """The joints of every frame in order, also of frames in which nobody was found."""
    if motion.poses is None:
        return _Track(walking(motion.frames or WALK, work.generator.size), work.generator.size, "exact")
    path = Path(motion.poses)
    if path.is_dir():
        return _of_images(work, folder_images(path)[: motion.frames])
    if path.suffix.lower() == ".csv":
        size = work.request.csv_size or (work.request.workspace.size if work.request.workspace else work.generator.size)
        return _track(work.reader(size).read(motion.poses)[: motion.frames], size)
    if path.suffix.lower() not in VIDEOS or not path.is_file():
        raise AugmentError(f"{path}: neither a folder of frames, a video nor a CSV; give one of them with ⟨poses⟩")
    with tempfile.TemporaryDirectory() as folder:
        images, fps = extract_frames(path, Path(folder), motion.frames)
        return _of_images(work, images, fps)


def _of_images(work: LoadedRequest, images: Sequence[Path], fps: float = FPS) -> _Track:
    height, width = read_image(images[0]).shape[:2]
    return _track(work.reader((height, width)).of_images(images), (height, width), fps)


def _track(poses: Sequence[Pose], size: tuple[int, int], fps: float = FPS) -> _Track:
    return _Track(np.stack([pose.keypoints for pose in poses]).astype(np.float64), size, poses[0].origin, fps)


def _targets(work: LoadedRequest, source: Pose, track: Array, size: tuple[int, int], fitted: bool) -> list[Pose]:
    """The motion in the generator's pixels, moved onto the person of an image where that is asked for and possible."""
    moved = fit(track, source.keypoints.astype(np.float64)) if fitted else None
    if moved is None:
        moved = scale_keypoints(track, size, work.generator.size)
    points = inside(moved, work.generator.size).astype(np.float32)
    return [Pose(f"frame {number}", joints, "track") for number, joints in enumerate(points)]


def _frames(work: LoadedRequest, moved: Sequence[Sequence[Pose]], plain: bool) -> Iterator[Array]:
    """The pictures of the video, uint8 H x W x 3, generated in batches while they are written: it may be long.

    moved: for each image of the request the pose of every frame; the skeleton is that of the first image.
    """
    conditions = [read_image(source.path, work.generator.out) for source in work.sources if source.path is not None]
    blank = np.full((*work.generator.out, 3), 255, dtype=np.uint8)
    starts = range(0, len(moved[0]), BATCH)
    for start in tqdm(starts, desc="animate", unit="batch", disable=None if work.request.runtime.progress else True):
        part = slice(start, start + BATCH)
        generated = [work.generate(source, poses[part]) for source, poses in zip(work.sources, moved, strict=True)]
        for images, pose in zip(zip(*generated, strict=True), moved[0][part], strict=True):
            if plain:
                yield sheet([images])
                continue
            skeleton = draw_skeleton(scaled_to(pose, work.generator.size, work.generator.out), work.generator.out)
            yield sheet([[blank, *conditions], [skeleton, *images]])


def animation_text(result: Animation) -> str:
    """The result in words.

    Args:
        result: as the command has it.
    """
    people = counted(result.transferred.images, "person", "people")
    lines = [f"{result.out}: {people}, {counted(result.frames, 'frame')} at {result.fps:g} a second"]
    lines.append(
        f"Joints: {result.bridged} bridged, nobody found in {counted(result.empty, 'frame')}; "
        f"jerk {result.jerk:.2f} pixels, after smoothing {result.smoothed_jerk:.2f}"
    )
    return "\n".join(lines)
