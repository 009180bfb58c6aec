"""TensorBoard's event files from what trainings wrote: the numbers of metrics.jsonl and the sample sheets."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment import AugmentError
from augment.artefacts.records import read_run
from augment.results import Result
from augment.training.loop import METRICS
from augment.workspace import Workspace
from numerics.files import replacing

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

EVENTS = "events.out.tfevents.augment"
NO_SCALARS = ("step", "seconds")


@dataclass(frozen=True)
class EventFiles(Result):
    """What was done to the event files of a workspace's trainings.

    Attributes:
        out: the folder they are below.
        trainings: how many have one.
        new: how many were written.
        appended: how many got their newest records.
        replaced: how many were of another training.
        unchanged: how many were complete.
    """

    out: str
    trainings: int
    new: int
    appended: int
    replaced: int
    unchanged: int


def write_events(workspace: Workspace, out: Path) -> EventFiles:
    """Bring event files up to date with all trainings of a workspace.

    One file a training, `out/KIND/NAME/`: every number of metrics.jsonl as a scalar, every sample sheet as an image.  A
    file that lacks only the newest records gets these appended, one of another training is replaced, and one that is
    complete is not touched.

    Args:
        workspace: whose trainings are read.
        out: the folder that tensorboard is pointed at.

    Raises:
        AugmentError: where there is no training or a file cannot be written.
    """
    folders = workspace.trainings(METRICS)
    if not folders:
        raise AugmentError(f"{workspace.root}: no training has been logged yet; run `augment patn-train`")
    written: dict[str, str] = {}
    for folder in folders:
        name = str(folder.relative_to(workspace.root))
        path = out / name / EVENTS
        try:
            written[name] = _bring_up_to_date(path, folder)
        except OSError as error:
            raise AugmentError(f"{path}: cannot be written ({error.strerror}); choose another folder") from error
    counts = {word: list(written.values()).count(word) for word in ("new", "appended", "replaced", "unchanged")}
    return EventFiles(str(out), len(written), **counts)


def _bring_up_to_date(path: Path, folder: Path) -> str:
    """Write, append to, replace or leave one event file; says which."""
    present = path.read_bytes() if path.exists() else b""
    started = _first_wall_time(present)
    wanted = b"".join(record(event) for event in events(folder, _started(folder) if started is None else started))
    if present == wanted:
        return "unchanged"
    if present and wanted.startswith(present):
        with path.open("ab") as file:
            file.write(wanted[len(present) :])
        return "appended"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, path.with_name("partial")) as partial:  # a name that TensorBoard passes over
        partial.write_bytes(wanted)
    return "replaced" if present else "new"


def events(folder: Path, started: float) -> Iterator[Event]:
    """The events of one training in the order of its steps.

    Numbers other than step and seconds are scalars of their own name; `samples/STEP.png` is the image `samples`.

    Args:
        folder: of the training.
        started: seconds since 1970, to which those of training are added as wall times.
    """
    from tensorboard.compat.proto.event_pb2 import Event

    yield Event(wall_time=started, file_version="brain.Event:2")
    sheets = {int(path.stem): path for path in sorted((folder / "samples").glob("*.png")) if path.stem.isdigit()}
    wall, earlier = started, 0.0
    for line in logged(folder):
        step, seconds = int(line["step"]), float(line.get("seconds", earlier))
        for passed in [number for number in sheets if number < step]:
            yield _image(sheets.pop(passed), passed, wall)
        wall += seconds - earlier if seconds >= earlier else seconds  # a resumed training counts from 0 again
        earlier = seconds
        yield _scalars(line, step, wall)
        if step in sheets:
            yield _image(sheets.pop(step), step, wall)


def logged(folder: Path) -> list[Mapping[str, Any]]:
    """The whole records of a training; a last line that is still being written is left for the next time.

    Args:
        folder: holds metrics.jsonl.
    """
    lines = (folder / METRICS).read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _scalars(line: Mapping[str, Any], step: int, wall: float) -> Event:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [
        Summary.Value(tag=name, simple_value=float(value))
        for name, value in line.items()
        if name not in NO_SCALARS and isinstance(value, int | float)
    ]
    return Event(wall_time=wall, step=step, summary=Summary(value=values))


def _image(path: Path, step: int, wall: float) -> Event:
    from PIL import Image
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(path) as opened:
        width, height = opened.size
    image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=path.read_bytes())
    return Event(wall_time=wall, step=step, summary=Summary(value=[Summary.Value(tag="samples", image=image)]))


def record(event: Event) -> bytes:
    """An event as TFRecord: length, its checksum, the bytes, their checksum.

    Args:
        event: a protocol buffer; equal ones give equal bytes.
    """
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    data = event.SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(data))
    checksums = [struct.pack("<I", masked_crc32c(part)) for part in (length, data)]
    written: bytes = length + checksums[0] + data + checksums[1]
    return written


def _first_wall_time(present: bytes) -> float | None:
    """The wall time that an event file begins with, None where it does not begin as one of ours."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    if len(present) < 12:
        return None
    (length,) = struct.unpack("<Q", present[:8])
    try:
        return float(Event.FromString(present[12 : 12 + length]).wall_time)
    except DecodeError:
        return None


def _started(folder: Path) -> float:
    """When a training began, in seconds since 1970: as its run.json says, else from its log's time and length."""
    run = read_run(folder)
    if run is not None:
        return float(run.started)
    lines = logged(folder)
    return (folder / METRICS).stat().st_mtime - (float(lines[-1].get("seconds", 0)) if lines else 0)


def tensorboard_text(result: EventFiles) -> str:
    """What was done, and how to look at it, in words.

    Args:
        result: as `write_events` returns it.
    """
    counts = f"{result.new} new, {result.appended} appended, {result.replaced} replaced, {result.unchanged} unchanged"
    return f"{result.trainings} trainings: {counts}\nLook at them with: tensorboard --logdir {result.out}"
