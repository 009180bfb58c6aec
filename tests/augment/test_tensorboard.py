import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from augment.training.tensorboard import EVENTS, write_events
from augment.workspace import Workspace
from tests.conftest import invoke, run


@pytest.fixture
def workspace(people: Path) -> Workspace:
    """A workspace with one generator's log of three records and two sample sheets, and one re-ID log."""
    folder = people / "patn" / "mine"
    (folder / "samples").mkdir(parents=True)
    log(folder, [(50, 1.5, 10.0), (100, 1.25, 20.0), (150, 1.0, 5.0)])  # resumed after step 100
    for step, colour in ((75, "red"), (150, "blue")):
        Image.new("RGB", (20, 10), colour).save(folder / "samples" / f"{step:06d}.png")
    (people / "reid" / "small").mkdir(parents=True)
    log(people / "reid" / "small", [(1, 3.0, 1.0)])
    return Workspace.find(people)


def log(folder: Path, records: list[tuple[int, float, float]]) -> None:
    lines = [json.dumps({"step": step, "loss": loss, "seconds": seconds}) for step, loss, seconds in records]
    (folder / "metrics.jsonl").write_text("".join(line + "\n" for line in lines))


def read(folder: Path) -> EventAccumulator:
    """What TensorBoard itself reads."""
    return EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0}).Reload()


def test_tensorboard_reads_every_number_and_sheet(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "events"
    result = run(workspace.root, "tensorboard", "-o", str(out))
    assert (result["trainings"], result["new"]) == (2, 2)
    events = read(out / "patn" / "mine")
    assert events.Tags()["scalars"] == ["loss"]
    scalars = events.Scalars("loss")
    assert [(event.step, event.value) for event in scalars] == [(50, 1.5), (100, 1.25), (150, 1.0)]
    assert [round(event.wall_time - scalars[0].wall_time, 3) for event in scalars] == [0, 10, 15]
    images = events.Images("samples")
    assert [(event.step, event.width, event.height) for event in images] == [(75, 20, 10), (150, 20, 10)]
    colours = [Image.open(io.BytesIO(event.encoded_image_string)).getpixel((0, 0)) for event in images]
    assert colours == [(255, 0, 0), (0, 0, 255)]
    assert [event.value for event in read(out / "reid" / "small").Scalars("loss")] == [3.0]


def test_a_second_time_only_what_is_new_is_written(workspace: Workspace, tmp_path: Path) -> None:
    log_folder, out = workspace.root / "patn" / "mine", tmp_path / "events"
    path = out / "patn" / "mine" / EVENTS
    write_events(workspace, out)
    before, stat = path.read_bytes(), path.stat()
    assert write_events(workspace, out).unchanged == 2
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (stat.st_mtime_ns, stat.st_ino)
    with (log_folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"step": 200, "loss": 0.5, "seconds": 9.0}) + "\n" + '{"step": 250, "lo')
    os.utime(log_folder / "metrics.jsonl", (1e9, 1e9))  # the file's time is no part of the events already written
    assert write_events(workspace, out).appended == 1
    assert path.read_bytes().startswith(before)
    assert path.stat().st_ino == stat.st_ino
    assert [event.step for event in read(path.parent).Scalars("loss")] == [50, 100, 150, 200]


def test_a_file_cut_short_is_completed_and_one_of_another_training_replaced(
    workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "events"
    write_events(workspace, out)
    path = out / "patn" / "mine" / EVENTS
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert write_events(workspace, out).appended == 1
    assert path.read_bytes() == whole
    log(workspace.root / "patn" / "mine", [(50, 9.0, 1.0)])
    assert write_events(workspace, out).replaced == 1
    assert [event.value for event in read(path.parent).Scalars("loss")] == [9.0]
    path.write_bytes(b"something else entirely")
    assert write_events(workspace, out).replaced == 1


def test_a_real_training_can_be_looked_at(people: Path) -> None:
    run(people, "patn-train", "--preset", "demo", "--steps", "2", "--batch", "2", "--perceptual", "none")
    run(people, "tensorboard")
    events = read(people / "tensorboard" / "patn" / "patn")
    assert {"l1", "loss_g"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Images("samples")] == [1, 2]


def test_without_a_training_it_says_what_to_run(people: Path) -> None:
    result = invoke(people, "tensorboard")
    assert result.exit_code == 1
    assert "no training has been logged yet; run `augment patn-train`" in result.stderr


def test_sample_sheets_show_the_same_pairs_every_time(people: Path) -> None:
    run(people, "patn-train", "--preset", "demo", "--steps", "2", "--batch", "2", "--perceptual", "none")
    sheets = sorted((people / "patn" / "patn" / "samples").glob("*.png"))
    assert [path.name for path in sheets] == ["000001.png", "000002.png"]
    first, last = (Image.open(path).convert("RGB") for path in sheets)
    width, height = first.size
    for column in range(4):  # source, target pose, generated, target
        box = (column * 68, 0, column * 68 + 64, height)
        same = first.crop(box).tobytes() == last.crop(box).tobytes()
        assert same == (column != 2), column
    assert width == 4 * 68 - 4
