import pickle
import shutil
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import torch

import patn
import reid
from augment.artefacts.artefact import fingerprint
from augment.artefacts.records import read_run
from augment.images import load_images
from patn.checkpoints import load_discriminator, load_generator, read_metadata
from patn.state_dict import read_state
from reid.models.weight_files import read_weights
from tests.authors_networks import Generator, discriminator, old_state, seasoned
from tests.conftest import invoke, run


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A small generator as the authors' Market-1501 training would save it."""
    path = tmp_path / "latest_net_netG.pth"
    torch.save(old_state(seasoned(Generator("batch", 2, True, width=2))), path, _use_new_zipfile_serialization=False)
    return path


def test_an_imported_generator_is_recorded_and_draws_as_its_file_does(checkpoint: Path, people: Path) -> None:
    result = run(people, "patn-import", str(checkpoint))
    theirs = load_generator(checkpoint)
    assert result == {
        "folder": "patn/imported",
        "network": "generator",
        "norm": "batch",
        "blocks": 2,
        "width": 2,
        "dropout": True,
        "pose_maps": "gaussian",
        "size": [128, 64],
        "parameters": sum(p.numel() for p in theirs.parameters()),
    }
    record = read_run(people / "patn" / "imported")
    assert record
    assert record.origin.kind == "generator"
    assert record.inputs == {"file": fingerprint(checkpoint)}
    ours = load_generator(people / "patn" / "imported" / "generator.safetensors")
    image, poses = torch.rand(1, 3, 16, 16) * 2 - 1, torch.rand(2, 1, 18, 2) * 16
    with torch.no_grad():
        assert torch.equal(ours(image, *poses), theirs(image, *poses))


def test_generate_takes_an_imported_generator_by_name_and_the_file_itself(checkpoint: Path, people: Path) -> None:
    run(people, "patn-import", str(checkpoint), "--name", "released")
    by_name = run(people, "generate", "--portion", "0.5", "--generator", "released")
    by_file = run(people, "generate", "--portion", "0.5", "--generator", str(checkpoint), "--name", "theirs")
    assert by_name["generated"] == by_file["generated"] > 0
    manifest = pd.read_csv(people / by_name["folder"] / "manifest.csv")
    paths = [Path("bounding_box_train", name) for name in manifest.query("kind == 'generated'")["name"][:3]]
    drawn = [load_images([people / made["folder"] / path for path in paths], (128, 64)) for made in (by_name, by_file)]
    assert torch.equal(*drawn)


def test_the_deepfashion_model_gets_its_size_and_maps_unless_others_are_given(people: Path, tmp_path: Path) -> None:
    path = tmp_path / "fashion.pth"
    torch.save(old_state(Generator("instance", 1, False, width=2)), path)
    released = run(people, "patn-import", str(path), "--name", "fashion")
    assert (released["norm"], released["dropout"]) == ("instance", False)
    assert (released["pose_maps"], released["size"]) == ("onehot", [256, 176])
    given = run(people, "patn-import", str(path), "--pose-maps", "gaussian", "--size", "64", "32", "--name", "market")
    metadata = read_metadata(people / given["folder"] / "generator.safetensors")
    assert metadata.options["pose_maps"] == given["pose_maps"] == "gaussian"
    assert metadata.extra["size"] == given["size"] == [64, 32]


@pytest.mark.parametrize(("channels", "role"), [(6, "d_pp"), (21, "d_pb")])
def test_a_discriminator_is_imported_as_one(channels: int, role: str, people: Path, tmp_path: Path) -> None:
    path = tmp_path / "latest_net_netD.pth"
    torch.save(old_state(seasoned(discriminator(channels, "batch", True, width=2))), path)
    result = run(people, "patn-import", str(path))
    assert (result["folder"], result["network"]) == (f"patn/imported-{role}", role)
    record = read_run(people / result["folder"])
    assert record
    assert record.origin.kind == "discriminator"
    judged = torch.rand(1, channels, 16, 8)
    ours = load_discriminator(people / result["folder"] / f"{role}.safetensors")
    assert torch.equal(ours(judged), load_discriminator(path)(judged))
    assert "pose_maps" not in result


def test_importing_again_changes_nothing_and_another_file_is_refused(
    checkpoint: Path, people: Path, tmp_path: Path
) -> None:
    result = run(people, "patn-import", str(checkpoint))
    before = (people / "patn" / "imported" / "generator.safetensors").stat().st_mtime_ns
    shutil.copyfile(checkpoint, tmp_path / "copy.pth")
    assert run(people, "patn-import", str(tmp_path / "copy.pth")) == result
    assert (people / "patn" / "imported" / "generator.safetensors").stat().st_mtime_ns == before
    torch.save(old_state(Generator("batch", 3, True, width=2)), checkpoint)
    refusal = invoke(people, "patn-import", str(checkpoint))
    assert refusal.exit_code == 1
    assert "another --name" in refusal.stderr
    assert run(people, "patn-import", str(checkpoint), "--force")["blocks"] == 3


def test_a_foreign_file_or_size_is_one_sentence_and_leaves_nothing(
    checkpoint: Path, people: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.pth").write_text("not weights")
    for arguments, status, word in (
        ([str(tmp_path / "notes.pth")], 1, "notes.pth is not a file of plain weights"),
        ([str(checkpoint), "--size", "130", "64"], 2, "divisible by 4"),
    ):
        refusal = invoke(people, "patn-import", *arguments)
        assert refusal.exit_code == status
        assert refusal.stderr.startswith("Error: ")
        assert word in refusal.stderr
        assert len(refusal.stderr.splitlines()) == 1
    assert not (people / "patn").exists()


def test_the_refusal_of_a_pickle_is_all_that_is_said(people: Path, tmp_path: Path) -> None:
    (tmp_path / "latest_net_netG.pth").write_bytes(pickle.dumps(Path, protocol=4))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        refusal = invoke(people, "patn-import", str(tmp_path / "latest_net_netG.pth"))
    assert refusal.exit_code == 1
    assert "is not a file of plain weights" in refusal.stderr
    assert len(refusal.stderr.splitlines()) == 1
    assert not [str(each.message) for each in warned if "pickle" in str(each.message)]


@pytest.mark.parametrize("read", [read_state, partial(read_weights, network="resnet50")])
def test_weights_that_are_a_pickle_are_refused_without_a_warning(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "weights.pth").write_bytes(pickle.dumps(Path, protocol=4))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises((patn.WeightsError, reid.WeightsError), match=r"weights\.pth is no"):
            read(tmp_path / "weights.pth")
    assert not warned
