import io
import pickle
import struct
import tarfile
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
import torch
from torch import nn

from numerics.arrays import Array
from patn import WeightsError
from patn.checkpoints import (
    load_discriminator,
    load_generator,
    read_metadata,
    save_discriminator,
    save_generator,
)
from patn.importing import read_authors
from patn.models.patn import Patn
from tests.authors_networks import Generator, discriminator, old_state, seasoned

HEIGHT, WIDTH = 16, 24


def save(state: object, path: Path, zipped: bool = False) -> Path:
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    return path


def poses(seed: int) -> Array:
    """Whole pixels, as in the authors' annotations, some joints missing; B x 18 x 2."""
    rng = np.random.default_rng(seed)
    points = np.stack([rng.integers(0, HEIGHT, (2, 18)), rng.integers(0, WIDTH, (2, 18))], axis=-1).astype(np.float32)
    points[:, rng.choice(18, 4, replace=False)] = -1
    return np.asarray(points)


def maps(points: Array, norm: str) -> torch.Tensor:
    """The authors' maps a pixel at a time; DeepFashion's were cut to whole numbers."""
    made = np.zeros((2, 18, HEIGHT, WIDTH), np.float32)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for image, joint in np.ndindex(2, 18):
        y, x = points[image, joint]
        if y != -1:
            made[image, joint] = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 72)
    return torch.from_numpy(made if norm == "batch" else np.floor(made))


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize("blocks", [5, 9])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_a_generator_draws_what_the_authors_network_draws(
    norm: str, blocks: int, dropout: bool, zipped: bool, tmp_path: Path
) -> None:
    theirs = seasoned(Generator(norm, blocks, dropout, width=4))
    ours = load_generator(save(old_state(theirs), tmp_path / "latest_net_netG.pth", zipped))
    image, source, target = torch.rand(2, 3, HEIGHT, WIDTH) * 2 - 1, poses(1), poses(2)
    with torch.no_grad():
        expected = theirs(image, torch.cat([maps(source, norm), maps(target, norm)], dim=1))
        generated = ours(image, torch.from_numpy(source), torch.from_numpy(target))
    assert not ours.training
    assert expected.std() > 0.05
    assert (generated - expected).abs().max() < 1e-5
    known = {"norm": norm, "blocks": blocks, "width": 4, "dropout": dropout}
    assert isinstance(ours, Patn)
    assert {**ours.options, **known} == ours.options
    assert ours.options["pose_maps"] == {"batch": "gaussian", "instance": "onehot"}[norm]
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize(("channels", "role"), [(6, "d_pp"), (21, "d_pb")])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_a_discriminator_judges_as_the_authors_does(
    norm: str, channels: int, role: str, dropout: bool, tmp_path: Path
) -> None:
    theirs = seasoned(discriminator(channels, norm, dropout, width=4))
    path = save(old_state(theirs), tmp_path / "latest_net_netD.pth")
    imported = read_authors(path)
    assert imported.role == role
    assert imported.options == {"in_channels": channels, "width": 4, "blocks": 3, "norm": norm, "dropout": dropout}
    save_discriminator(tmp_path / "ours", imported.build(), role, imported.options)
    judged = torch.rand(2, channels, HEIGHT, WIDTH) * 2 - 1
    with torch.no_grad():
        expected = theirs(judged)
        for file in (path, tmp_path / "ours"):
            ours = load_discriminator(file)
            assert not ours.training
            assert (ours(judged) - expected).abs().max() < 1e-5


def test_a_discriminator_may_have_no_residual_blocks(tmp_path: Path) -> None:
    theirs = seasoned(discriminator(6, "batch", dropout=True, width=2, blocks=0))
    assert read_authors(save(old_state(theirs), tmp_path / "d.pth")).options["blocks"] == 0


@pytest.mark.parametrize(("norm", "size"), [("batch", [128, 64]), ("instance", [256, 176])])
def test_metadata_of_an_authors_file_is_that_of_one_of_ours(norm: str, size: list[int], tmp_path: Path) -> None:
    path = save(old_state(seasoned(Generator(norm, 2, True, width=2))), tmp_path / "g.pth")
    theirs = read_metadata(path)
    assert theirs.extra["size"] == size
    save_generator(tmp_path / "ours", load_generator(path), "patn", theirs.extra)
    assert read_metadata(tmp_path / "ours") == theirs


def test_released_deepfashion_layout_has_nine_blocks_and_its_running_statistics_are_dropped(tmp_path: Path) -> None:
    state = old_state(Generator("instance", 9, True, width=2))
    statistics = {key for key in state if ".running_" in key}
    # released: 8 norms in encoders and decoder, 3 in the blocks (the pose path's last convolution has none)
    assert len(statistics) == 2 * (6 + 2 + 9 * 3)
    assert {"model.stream1_down.2.running_mean", "model.att.8.conv_block_stream2.2.running_var"} <= statistics
    imported = read_authors(save(state, tmp_path / "latest_net_netG.pth"))
    assert imported.options["blocks"] == 9
    assert not [key for key in imported.tensors if "running" in key]
    assert len(imported.tensors) == len(state) - len(statistics)


def test_batch_norm_keeps_its_running_statistics_and_gets_a_count_of_batches(tmp_path: Path) -> None:
    theirs = seasoned(Generator("batch", 1, True, width=2))
    tensors = read_authors(save(old_state(theirs), tmp_path / "old.pth")).tensors
    assert torch.equal(tensors["image_encoder.2.running_var"], theirs.get_buffer("stream1_down.2.running_var"))
    assert tensors["image_encoder.2.num_batches_tracked"].equal(torch.tensor(0))
    theirs.get_buffer("stream1_down.2.num_batches_tracked").fill_(5)
    new = {f"model.{key}": value for key, value in theirs.state_dict().items()}
    counts = read_authors(save(new, tmp_path / "new.pth", zipped=True)).tensors
    assert counts["image_encoder.2.num_batches_tracked"].equal(torch.tensor(5))


class OldPickler(pickle._Pickler):
    """Tensors as PyTorch 0.3.1 pickled them: `_rebuild_tensor` on a storage that the stream names by a key."""

    def __init__(self, file: IO[bytes], storages: dict[str, Array]) -> None:
        super().__init__(file, protocol=2)
        self.storages = storages

    def persistent_id(self, value: object) -> tuple[str, type, str, str, int, None] | None:
        if not isinstance(value, OldStorage):
            return None
        self.storages[str(id(value.array))] = value.array
        return ("storage", torch.FloatStorage, str(id(value.array)), "cpu", value.array.size, None)


class OldStorage:
    def __init__(self, array: Array) -> None:
        self.array = array


class OldTensor:
    def __init__(self, tensor: torch.Tensor) -> None:
        self.array = tensor.detach().numpy().copy()

    def __reduce__(self) -> tuple[Any, ...]:
        strides = tuple(step // 4 for step in self.array.strides)
        return torch._utils._rebuild_tensor, (OldStorage(self.array), 0, self.array.shape, strides)


def write_as_pytorch_0_3_1(state: dict[str, torch.Tensor], path: Path) -> Path:
    """Byte by byte what its `torch.save` wrote, whatever the torch at hand writes."""
    storages: dict[str, Array] = {}
    body = io.BytesIO()
    OldPickler(body, storages).dump(OrderedDict((key, OldTensor(value)) for key, value in state.items()))
    with path.open("wb") as file:
        pickle.dump(0x1950A86A20F9469CFC6C, file, protocol=2)
        pickle.dump(1001, file, protocol=2)
        sizes = {"short": 2, "int": 4, "long": 4}
        system = {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}
        pickle.dump(system, file, protocol=2)
        file.write(body.getvalue())
        pickle.dump(list(storages), file, protocol=2)
        for array in storages.values():
            file.write(struct.pack("<q", array.size) + array.tobytes())
    return path


def test_a_file_of_pytorch_0_3_1_is_read(tmp_path: Path) -> None:
    theirs = seasoned(Generator("instance", 2, True, width=2))
    path = write_as_pytorch_0_3_1(old_state(theirs), tmp_path / "latest_net_netG.pth")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = load_generator(path)
    assert torch.equal(ours.get_parameter("decoder.7.weight"), theirs.get_parameter("stream1_up.7.weight"))
    weight = theirs.get_parameter("att.1.conv_block_stream2.6.weight")
    assert torch.equal(ours.get_parameter("blocks.1.pose_path.6.weight"), weight)


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("form", ["zip", "legacy", "bare pickle", "tar"])
def test_a_hostile_file_runs_nothing(form: str, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "latest_net_netG.pth"
    hostile = {**old_state(Generator("batch", 1, True, width=1)), "model.extra": Touch(victim)}
    if form == "bare pickle":
        path.write_bytes(pickle.dumps(hostile))
    elif form == "tar":
        with tarfile.open(path, "w") as tar:
            for name in ("storages", "tensors", "pickle"):
                member = tarfile.TarInfo(name)
                data = pickle.dumps(Touch(victim))
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    else:
        save(hostile, path, zipped=form == "zip")
    for read in (load_generator, load_discriminator, read_metadata, read_authors):
        with pytest.raises(WeightsError, match=r"latest_net_netG\.pth ") as refusal:
            read(path)
        assert "\n" not in str(refusal.value)
    assert not victim.exists()


def refused(state: dict[str, torch.Tensor]) -> dict[str, tuple[object, str]]:
    """Files that are no such network, with a word of the sentence that refuses them."""
    first = next(iter(state))
    fine = {key.replace("stream1_down.", "stream1_down.0."): value for key, value in state.items()}
    wide = {**state, "model.stream1_up.7.weight": torch.zeros(4, 2, 7, 7)}
    gap = {key.replace("att.1.", "att.5."): value for key, value in state.items()}
    deep = {**old_state(discriminator(6, "batch", True, width=2)), "model.10.weight": torch.zeros(8, 8, 3, 3)}
    return {
        "fine": (fine, "PATN_Fine"),
        "bare keys": ({key.removeprefix("model."): value for key, value in state.items()}, "neither a generator"),
        "another network": (nn.Linear(2, 2).state_dict(), "neither a generator"),
        "two networks": ({"netG": state, "generator": state}, "'netG'"),
        "a tensor": (torch.zeros(3), "no state dict"),
        "nothing": ({}, "no state dict"),
        "no norm": ({key: value for key, value in state.items() if ".2." not in key}, "neither batch norm nor"),
        "short": ({key: state[key] for key in list(state)[:-1]}, "decoder.7.bias is missing"),
        "wide": (wide, r"decoder.7.weight is of shape \(4, 2, 7, 7\), expected \(3, 2, 7, 7\)"),
        "extra": ({**state, "model.att.0.gate": torch.zeros(1)}, "att.0.gate belongs to no layer"),
        "gap": (gap, "missing"),
        "damaged": ({**state, first: state[first] * float("nan")}, "not finite"),
        "a number": ({**state, first: torch.tensor(1.0)}, "layer|missing|shape|cannot be"),
        "another D": (old_state(discriminator(9, "batch", True, width=2)), "9 input channels"),
        "a deep D": (deep, "layers.10.weight belongs to no layer"),
    }


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {f"module.{key}": value for key, value in state.items()},
        lambda state: {f"_orig_mod.module.{key}": value for key, value in state.items()},
        lambda state: {key.replace("model.", "model.module.", 1): value for key, value in state.items()},
        lambda state: {f"netG.{key}": value for key, value in state.items()},
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": {f"module.{key}": value for key, value in state.items()}, "optimizer": {"lr": 0.1}},
    ],
)
def test_what_other_programs_put_around_a_network_does_not_matter(
    wrap: Callable[[dict[str, torch.Tensor]], dict[str, Any]], tmp_path: Path
) -> None:
    state = old_state(Generator("batch", 1, True, width=2))
    plain, wrapped = save(state, tmp_path / "plain.pth"), save(wrap(state), tmp_path / "wrapped.pth")
    expected, found = read_authors(plain).tensors, read_authors(wrapped).tensors
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_anything_else_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for name, (state, word) in refused(old_state(Generator("batch", 2, True, width=2))).items():
        path = save(state, tmp_path / f"{name}.pth")
        with pytest.raises(WeightsError, match=word) as refusal:
            read_authors(path)
        assert str(refusal.value).startswith(str(path)), name
        assert "\n" not in str(refusal.value)
    whole = save(old_state(Generator("batch", 1, True, width=2)), tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    for name in ("cut.pth", "missing.pth"):
        with pytest.raises(WeightsError, match=name):
            read_authors(tmp_path / name)


def test_a_discriminator_is_no_generator_and_the_other_way_round(tmp_path: Path) -> None:
    g = save(old_state(Generator("batch", 1, True, width=2)), tmp_path / "g.pth")
    d = save(old_state(discriminator(21, "batch", True, width=2)), tmp_path / "d.pth")
    with pytest.raises(WeightsError, match="discriminator d_pb, not a generator"):
        load_generator(d)
    with pytest.raises(WeightsError, match="generator, not a discriminator"):
        load_discriminator(g)
    save_generator(tmp_path / "ours", load_generator(g), "patn")
    with pytest.raises(WeightsError, match="not a discriminator"):
        load_discriminator(tmp_path / "ours")
    save_discriminator(tmp_path / "ours", load_discriminator(d), "d_pb", read_authors(d).options)
    with pytest.raises(WeightsError, match="not a generator"):
        load_generator(tmp_path / "ours")
