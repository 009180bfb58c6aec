import hashlib
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from augment.datasets.dataset import Dataset
from augment.generation.links import link
from augment.generation.manifest import sharpness
from augment.images import load_images
from augment.inference.plan_images import SplitGenerator
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.checkpoints import load_generator, read_metadata, save_generator
from patn.keypoints import keypoint_array
from reid.data.market1501 import read_market1501, torchreid_dataset
from tests.conftest import invoke, run
from tests.torture.processes import Process


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.jpg"))}


@pytest.fixture
def generated(people: Path, trained: Path) -> Path:
    run(people, "generate", "--portion", "0.3", "--generator", str(trained))
    return people / "generated" / "ours-p0.3-s0"


def test_the_set_is_complete_under_the_original_names(people: Path, generated: Path) -> None:
    train = Workspace.find(people).images().query("split == 'train'")
    kept = pd.read_csv(people / "reduced" / "p0.3-s0.csv")["name"]
    expected = {name if name in set(kept) else name.replace(".jpg", "_gen.jpg") for name in train["name"]}
    assert set(digests(generated / "bounding_box_train")) == expected
    originals = train.set_index("name")["path"]
    for name in kept:
        assert (generated / "bounding_box_train" / name).read_bytes() == Path(originals[name]).read_bytes()


def test_torchreids_own_class_reads_it(people: Path, generated: Path) -> None:
    theirs, table = torchreid_dataset(generated), Workspace.find(people).images()
    assert len(theirs.train) == len(table.query("split == 'train'"))
    assert len(theirs.query) == len(table.query("split == 'query'"))
    assert len(theirs.gallery) == len(table.query("split == 'gallery' and pid >= 0"))
    assert theirs.num_train_pids == 8


def test_generated_images_have_the_datas_size_and_say_what_they_are(generated: Path) -> None:
    manifest = pd.read_csv(generated / "manifest.csv").query("kind == 'generated'")
    for row in manifest.to_dict("records"):
        with Image.open(generated / "bounding_box_train" / row["name"]) as image:
            assert image.size == (64, 128)
            description = image.getexif()[0x010E]
        assert description.startswith("generated image")
        assert row["source"] in description
        assert row["pose"] in description
        assert row["generator"] in description
    assert manifest["sharpness"].between(0, 1).all()


def test_a_set_with_files_missing_is_finished_to_the_same_bytes(people: Path, generated: Path, trained: Path) -> None:
    before = digests(generated / "bounding_box_train")
    made = sorted((generated / "bounding_box_train").glob("*_gen.jpg"))
    for path in (*made[1::3], generated / "run.json"):
        path.unlink()
    run(people, "generate", "--portion", "0.3", "--generator", str(trained))
    assert digests(generated / "bounding_box_train") == before


def test_a_generator_draws_at_the_size_it_was_trained_for(people: Path, trained: Path) -> None:
    workspace = Workspace.find(people)
    draw = SplitGenerator(Dataset.of(workspace), trained, Runtime(device="cpu"))
    sources, poses = draw.keypoints.index[:2].tolist(), draw.keypoints.index[2:4].tolist()
    assert draw.at_own_size(sources, poses).shape == (2, 3, 64, 32)
    assert draw(sources, poses).shape == (2, 128, 64, 3)
    network = load_generator(trained)
    condition = load_images([draw.paths[name] for name in sources], (64, 32)).float() / 127.5 - 1
    scaled = [(draw.keypoints.loc[names].to_numpy(np.float32) + 0.5) / 2 - 0.5 for names in (sources, poses)]
    source, target = (torch.from_numpy(rows.reshape(2, 2, 18)).transpose(1, 2) for rows in scaled)  # all joints present
    with torch.inference_mode():
        expected = network(condition, source, target)
    assert (draw.at_own_size(sources, poses).float() - (expected + 1) / 2 * 255).abs().max() < 1.01


def test_each_row_of_the_table_has_its_folder(people: Path, trained: Path) -> None:
    for poses, name in (("reduced", "ours-star"), ("own", "self"), ("all", "ours-all")):
        result = run(people, "generate", "--portion", "0.5", "--target-poses", poses, "--generator", str(trained))
        assert result["folder"] == f"generated/{name}-p0.5-s0"
        assert result["real"] + result["generated"] == 48
    result = run(people, "generate", "--portion", "1.0", "--ratio", "2", "--generator", str(trained))
    assert (result["real"], result["generated"]) == (48, 48)
    assert len(read_market1501(people / result["folder"], splits=("train",))) == 96


def test_images_without_a_pose_are_reported_and_replaced(people: Path, trained: Path) -> None:
    workspace = Workspace.find(people)
    own = people / "data"
    shutil.copytree(workspace.data, own)
    csv = own / "keypoints" / "train.csv"
    lines = csv.read_text().splitlines()
    kept = set(pd.read_csv(people / "reduced" / "p0.5-s0.csv")["name"]) if (people / "reduced").exists() else set()
    nothing = "[" + ", ".join(["-1"] * 18) + "]"
    removed = [line for line in lines[1:] if line.split(":")[0] not in kept][:2]
    lines = [f"{line.split(':')[0]}:{nothing}:{nothing}" if line in removed else line for line in lines]
    csv.write_text("\n".join(lines) + "\n")
    (people / "augment.toml").write_text('data = "data"\n')
    result = run(people, "generate", "--portion", "0.2", "--generator", str(trained))
    assert 1 <= result["replaced_pose"] + result["copied"] <= 2
    link = people / result["folder"] / "query"
    assert not os.readlink(link).startswith("/")  # a workspace that holds its data can be moved


def test_a_copy_that_broke_off_where_links_are_impossible_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(1, "no links here")

    monkeypatch.setattr(Path, "symlink_to", no_link)
    source, target = tmp_path / "query", tmp_path / "w"
    source.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (source / name).write_text(name)
    killed = Process(lambda: link(source, target, tmp_path), tmp_path / "said.txt", die_at=3).end()
    assert killed.status == -signal.SIGKILL  # with one of the two copied
    assert not target.exists()
    link(source, target, tmp_path)
    assert [path.name for path in sorted(target.iterdir())] == ["a.jpg", "b.jpg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["query", "said.txt", "w"]


def test_other_options_are_refused_until_forced(people: Path, generated: Path, trained: Path) -> None:
    wrong = ("generate", "--portion", "0.3", "--name", "ours", "--target-poses", "own", "--generator", str(trained))
    result = invoke(people, *wrong)
    assert result.exit_code == 1
    assert "was made with target_poses removed, not own" in result.stderr
    (people / "odd.safetensors").write_bytes(b"no generator")
    odd = invoke(people, "generate", "--portion", "0.3", "--generator", str(people / "odd.safetensors"), "--force")
    assert odd.exit_code == 1
    assert (generated / "run.json").is_file()  # what is there is not given up for a file that cannot be used
    run(people, *wrong, "--force")


def test_sharpness_is_the_mean_neighbour_difference() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (6, 5))
    images = torch.from_numpy(np.stack([grey] * 3)[None].astype(np.uint8))
    scaled = grey / 255
    expected = (np.abs(scaled[1:] - scaled[:-1]).mean() + np.abs(scaled[:, 1:] - scaled[:, :-1]).mean()) / 2
    assert sharpness(images) == pytest.approx([expected], abs=1e-6)


def test_bfloat16_has_to_be_asked_for_and_is_recorded(people: Path, trained: Path, tmp_path: Path) -> None:
    workspace = Workspace.find(people)
    names = sorted(workspace.images().query("split == 'train'")["name"])
    network = load_generator(trained).train()
    poses = torch.from_numpy(keypoint_array(workspace.keypoints("train"), names[:8])) / 2
    for _ in range(20):  # what batch norm remembers of 4 steps of training leaves every image grey
        network(torch.rand(8, 3, 64, 32) * 2 - 1, poses, poses.flip(0))
    lively = tmp_path / "generator.safetensors"
    save_generator(lively, network, "patn", read_metadata(trained).extra)
    drawn = {}
    for precision in ("auto", "fp32", "bf16"):
        draw = SplitGenerator(Dataset.of(workspace), lively, Runtime("cpu", precision))
        drawn[precision] = draw(names[:4], names[4:8]).astype(int)
    assert (drawn["auto"] == drawn["fp32"]).all()
    assert drawn["fp32"].std() > 1
    difference = np.abs(drawn["bf16"] - drawn["fp32"])
    assert 0 < difference.mean() < 1.5
    run(people, "generate", "--portion", "0.3", "--generator", str(trained))
    refused = invoke(people, "--precision", "bf16", "generate", "--portion", "0.3", "--generator", str(trained))
    assert refused.exit_code == 1
    assert "precision" in refused.stderr


def test_every_identity_is_filled_up_to_the_same_number_of_images(people: Path, trained: Path) -> None:
    options = ("generate", "--portion", "0.3", "--per-identity", "4", "--generator", str(trained))
    result = run(people, *options)
    images = read_market1501(people / result["folder"], splits=("train",))
    assert set(images.groupby("pid").size()) == {4}
    assert result["folder"] == "generated/ours-k4-p0.3-s0"
    assert result["real"] + result["generated"] == len(images)


def test_poses_of_a_file_are_drawn(people: Path, trained: Path, tmp_path: Path) -> None:
    workspace = Workspace.find(people)
    lines = (workspace.data / "keypoints" / "test.csv").read_text().splitlines()
    (tmp_path / "bank.csv").write_text("\n".join(lines[:6]) + "\n")
    options = ("--portion", "0.5", "--generator", str(trained), "--target-poses", "file")
    result = run(people, "generate", *options, "--pose-file", str(tmp_path / "bank.csv"))
    manifest = pd.read_csv(people / result["folder"] / "manifest.csv", keep_default_na=False)
    poses = set(manifest.loc[manifest["kind"] == "generated", "pose"])
    assert poses <= {f"bank/{line.split(':')[0]}" for line in lines[1:6]}
    refused = invoke(people, "generate", *options)
    assert refused.exit_code == 2
    assert "--pose-file" in refused.stderr
