"""The built-in generator is made again from a seed, by the same verbs that a user has."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from augment.artefacts.artefact import fingerprint
from augment.artefacts.records import read_run
from augment.pedestrians.camera import draw_camera
from augment.pedestrians.identity import draw_identity
from augment.pedestrians.settings import Pedestrians
from augment.training.initial import discriminators_file
from augment.training.loop import read_networks
from numerics.seeds import Stream, random_stream
from patn.checkpoints import load_generator, read_metadata
from patn.keypoints import keypoint_array, read_keypoints
from tools.builtin_generator import BUILTIN, main
from tools.builtin_people import KEYPOINTS, PAIRS, TRAIN, Variety, render_people


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("builtin")
    arguments = [str(folder / "work"), "--identities", "2", "--steps", "2", "--out", str(folder / "out")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["builtin_generator", *arguments])
        main()
        first = (folder / "out" / "correspondence-64x32.safetensors").read_bytes()
        main()  # goes on where it was, which is the end
    assert (folder / "out" / "correspondence-64x32.safetensors").read_bytes() == first
    return folder


def test_the_file_is_a_generator_in_half_precision_that_says_where_it_comes_from(made: Path) -> None:
    file = made / "out" / "correspondence-64x32.safetensors"
    assert file.stat().st_size < 3_000_000  # of the wheel
    about = read_metadata(file)
    assert about.generator == "correspondence"
    assert "no image of a real person" in about.extra["trained_on"]
    assert (about.extra["size"], about.extra["seed"]) == ([64, 32], 0)
    trained = load_generator(made / "work" / "workspace" / "patn" / "correspondence-64" / "generator.safetensors")
    for name, value in load_generator(file).state_dict().items():
        assert torch.equal(value, trained.state_dict()[name].half().float())


def test_its_discriminator_lies_beside_it_and_in_the_wheel(made: Path) -> None:
    last = read_networks(made / "work" / "workspace" / "patn" / "correspondence-64" / "last.safetensors")
    written = read_networks(made / "out" / "correspondence-64x32-discriminators.safetensors")
    assert set(written) == set(last) - {"generator", "average"} != set()
    for name, weights in written.items():
        assert all(torch.equal(value, last[name][key]) for key, value in weights.items())
    there = read_networks(discriminators_file(BUILTIN / "correspondence-64x32.safetensors"))
    assert {name: _shapes(weights) for name, weights in there.items()} == {
        name: _shapes(weights) for name, weights in written.items()
    }


def _shapes(weights: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in weights.items()}


def test_pairs_are_of_one_person_in_one_place(made: Path) -> None:
    people = made / "work" / "people"
    names = sorted(path.name for path in (people / TRAIN).iterdir())
    assert len(names) == 2 * Variety.visits * Variety.images
    pairs = pd.read_csv(people / PAIRS)
    assert len(pairs) == 2 * Variety.visits * Variety.images * (Variety.images - 1)
    assert (pairs["from"] != pairs["to"]).all()
    for side in ("from", "to"):
        assert set(pairs[side]) == set(names)
    assert (pairs["from"].str[:7] == pairs["to"].str[:7]).all()  # identity and visit


def test_people_depend_on_the_seed_alone(made: Path, tmp_path: Path) -> None:
    people = made / "work" / "people"
    variety = Variety(identities=2, images=2)
    for name, jobs in (("one", 1), ("two", 2)):
        render_people(tmp_path / name, variety, jobs)
    render_people(tmp_path / "other", Variety(identities=2, images=2, seed=1), 1)
    first = "0001_c1s1_000000_01.jpg"
    read = {name: (tmp_path / name / TRAIN / first).read_bytes() for name in ("one", "two", "other")}
    assert read["one"] == read["two"] == (people / TRAIN / first).read_bytes()
    assert read["other"] != read["one"]
    one, two = (read_keypoints(Path(tmp_path, name, KEYPOINTS)) for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)


def test_a_killed_rendering_goes_on(tmp_path: Path) -> None:
    variety = Variety(identities=1, visits=1, images=2)
    render_people(tmp_path, variety, 1)
    picture = tmp_path / TRAIN / "0001_c1s1_000001_01.jpg"
    before = picture.read_bytes()
    (tmp_path / "notes" / "0001.json").unlink()
    picture.unlink()
    render_people(tmp_path, variety, 1)
    assert picture.read_bytes() == before


def test_the_larger_one_goes_on_from_the_smaller(made: Path) -> None:
    arguments = [str(made / "work"), "--identities", "2", "--steps", "1", "--height", "128", "--out", str(made / "out")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["builtin_generator", *arguments])
        main()
    large, small = (made / "out" / f"correspondence-{size}.safetensors" for size in ("128x64", "64x32"))
    about = read_metadata(large)
    assert (about.extra["size"], about.options["sigma"]) == ([128, 64], 6.0)
    run = read_run(made / "work" / "workspace" / "patn" / "correspondence-128")
    assert run is not None
    assert run.inputs["initial"] == fingerprint(small)
    assert discriminators_file(large).is_file()


@pytest.mark.parametrize("height", [64, 128])
def test_the_ones_that_come_with_the_tool_move_people_they_never_saw(height: int, tmp_path: Path) -> None:
    variety = Variety(identities=4, visits=1, images=3, height=height, width=height // 2, seed=77)
    render_people(tmp_path, variety, 1)
    file = BUILTIN / f"correspondence-{height}x{height // 2}.safetensors"
    assert read_metadata(file).extra["size"] == [height, height // 2]
    assert file.stat().st_size < 3_000_000
    pairs, poses = pd.read_csv(tmp_path / PAIRS), read_keypoints(tmp_path / KEYPOINTS)
    images, keypoints = {}, {}
    for side in ("from", "to"):
        read = [np.asarray(Image.open(tmp_path / TRAIN / name)) for name in pairs[side]]
        images[side] = torch.from_numpy(np.stack(read)).permute(0, 3, 1, 2) / 127.5 - 1
        keypoints[side] = torch.from_numpy(keypoint_array(poses, pairs[side])).float()
    with torch.inference_mode():
        made = load_generator(file)(images["from"], keypoints["from"], keypoints["to"])
    copied, moved = ((picture - images["to"]).abs().mean() for picture in (images["from"], made))
    assert moved < 0.85 * copied


def test_nobody_it_was_trained_on_and_none_of_its_places_are_in_a_rendered_data_set() -> None:
    """Else its rows on the demo's people would show people it knows."""
    for seed in (0, 1):
        here = {draw_identity(random_stream(seed, Stream.RENDERED_IDENTITY, number)) for number in range(1, 41)}
        known = {draw_identity(random_stream(seed, Stream.BUILTIN_IDENTITY, number)) for number in range(1, 41)}
        assert not here & known
    settings = Pedestrians()
    one, two = (draw_camera(settings, 5, stream).scene for stream in (Stream.RENDERED_CAMERA, Stream.BUILTIN_CAMERA))
    assert not np.array_equal(one, two)
