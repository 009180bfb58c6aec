"""Video files: frames read to image files, and frames written as MP4 (through ffmpeg) or GIF, by rename."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path

import numpy as np

from augment import AugmentError
from augment.images import open_image
from augment.layouts.natural_order import natural_key
from numerics.arrays import Array
from numerics.files import replacing
from numerics.images import upright_rgb

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".gif", ".m4v")
WRITTEN = (".mp4", ".gif")
FPS = 12.0
"""Frames a second where nothing says how many."""
GIF_LEAST, GIF_USUAL = 20, 100
"""Milliseconds of a GIF's frame: what lasts less than the first lasts the second, as browsers and ffmpeg have it."""


def require_ffmpeg() -> str:
    """The path of ffmpeg.

    Raises:
        AugmentError: where the package that brings it is missing, or the program itself.
    """
    if find_spec("imageio_ffmpeg") is None:
        raise AugmentError("videos need imageio-ffmpeg; run `pip install augment-reid[video]` (a GIF is made without)")
    from imageio_ffmpeg import get_ffmpeg_exe

    try:
        return str(get_ffmpeg_exe())
    except RuntimeError as error:  # a package without the program, and none on the path
        raise AugmentError("imageio-ffmpeg finds no ffmpeg; install it, or name it in IMAGEIO_FFMPEG_EXE") from error


def film_ending() -> str:
    """The ending of the best video that can be written here: .mp4, and .gif where there is no ffmpeg."""
    try:
        require_ffmpeg()
    except AugmentError:
        return ".gif"
    return ".mp4"


def extract_frames(video: Path, folder: Path, most: int | None = None) -> tuple[list[Path], float]:
    """Write a video's frames as PNG files.

    Args:
        video: the file.
        folder: to write into.
        most: at most so many; None: all.

    Returns:
        Their paths and the frames per second.

    Raises:
        AugmentError: for a file that cannot be read, and where ffmpeg, which all but a GIF need, is missing.
    """
    if video.suffix.lower() == ".gif":
        return _gif_frames(video, folder, most)
    limit = [] if most is None else ["-frames:v", str(most)]
    where = ["-fps_mode", "passthrough", *limit, str(folder / "frame-%08d.png")]
    command = [require_ffmpeg(), "-nostdin", "-y", "-i", f"file:{video}", "-an", *where]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    paths = sorted(folder.glob("frame-*.png"), key=natural_key)[:most]
    rate = re.search(r"Video:.*?([\d.]+) fps", done.stderr)
    if done.returncode or not paths:
        said = done.stderr.strip().splitlines()
        raise AugmentError(f"{video}: not a readable video ({said[-1] if said else 'no frame'}); give another")
    return paths, float(rate[1]) if rate else FPS


def _gif_frames(video: Path, folder: Path, most: int | None) -> tuple[list[Path], float]:
    """As `extract_frames`: of a GIF that does not say how long its frames last ffmpeg would read only the first."""
    from PIL import ImageSequence

    paths: list[Path] = []
    lasting = []
    with open_image(video) as image:
        for frame in islice(ImageSequence.Iterator(image), most):
            paths.append(folder / f"frame-{len(paths) + 1:08d}.png")
            upright_rgb(frame).save(paths[-1])
            lasted = frame.info.get("duration", 0)
            lasting.append(lasted if lasted >= GIF_LEAST else GIF_USUAL)
    return paths, round(1000 / (sum(lasting) / len(lasting)), 2)


def write_video(frames: Iterable[Array], path: Path, fps: float, description: str) -> None:
    """Write frames as .mp4 (H.264) or .gif.

    The file appears by rename when it is whole.

    Args:
        frames: equally large, uint8 H x W x 3.
        path: its ending says which.
        fps: frames a second.
        description: the file's comment.

    Raises:
        AugmentError: where it cannot be written.
    """
    write = _write_gif if path.suffix.lower() == ".gif" else _write_mp4
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, path.with_name(f".{path.stem}.partial{path.suffix}")) as partial:
            write(frames, partial, fps, description)
    except OSError as error:
        raise AugmentError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from error


def _write_mp4(frames: Iterable[Array], path: Path, fps: float, description: str) -> None:
    """H.264 in 4:2:0, which needs even sides: an odd one gets a white line."""
    made = (
        np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), constant_values=255)
        for frame in frames
    )
    first = next(made)
    size = f"{first.shape[1]}x{first.shape[0]}"
    taken = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(fps), "-i", "-"]
    coded = ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    command = [require_ffmpeg(), "-y", *taken, *coded, "-metadata", f"comment={description}", f"file:{path}"]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere) as ffmpeg:
        assert ffmpeg.stdin is not None
        try:
            for frame in chain([first], made):
                ffmpeg.stdin.write(frame.tobytes())
        except BrokenPipeError:  # ffmpeg has given up, and its exit status says so
            pass
    if ffmpeg.returncode:
        raise OSError(f"ffmpeg gave up with status {ffmpeg.returncode}")


def _write_gif(frames: Iterable[Array], path: Path, fps: float, description: str) -> None:
    """A GIF that repeats for ever; its clock counts hundredths of a second."""
    from PIL import Image

    first, *others = [Image.fromarray(frame).quantize(256, dither=Image.Dither.NONE) for frame in frames]
    duration = max(20, round(100 / fps) * 10)
    first.save(path, "GIF", save_all=True, append_images=others, duration=duration, loop=0, comment=description[:255])
