"""Features do not depend on the batch and are what the model computes; checkpoints give the same model back."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reid import DataError, WeightsError
from reid.checkpoints import load_model, save_model
from reid.data.transforms import normalise
from reid.features import extract_features
from reid.models.backbones import ReidModel, build_model


@pytest.fixture(scope="module")
def model() -> ReidModel:
    torch.manual_seed(0)
    model = build_model("small", classes=6, features=4)
    with torch.no_grad():
        for _ in range(3):  # batch norms with statistics of their own
            model.train()(torch.randn(8, 3, 64, 32))
    return model


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.randint(0, 256, (7, 3, 128, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("feature", ["logits", "pooled"])
def test_features_do_not_depend_on_the_batch(model: ReidModel, images: torch.Tensor, feature: str) -> None:
    one, all_at_once = (extract_features(model, images, batch=batch, feature=feature) for batch in (1, 64))
    torch.testing.assert_close(one, all_at_once, atol=1e-5, rtol=1e-4)


def test_features_are_logits_or_the_pooled_map_in_evaluation_mode(model: ReidModel, images: torch.Tensor) -> None:
    small = images[:, :, ::2, ::2].contiguous()
    with torch.inference_mode():
        expected = model.eval()(normalise(small))
        pooled = model.embed(normalise(small))
        mirrored = model(normalise(small.flip(3)))
    model.train()
    torch.testing.assert_close(extract_features(model, small), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(extract_features(model, small, feature="pooled"), pooled, atol=1e-5, rtol=1e-4)
    both = extract_features(model, small, flip=True)
    torch.testing.assert_close(both, (expected + mirrored) / 2, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["resnet50", "inception"])
def test_features_are_the_models_own_and_the_model_stays_as_it_is(name: str, images: torch.Tensor) -> None:
    model = build_model(name, classes=6)
    with torch.no_grad():
        model.train()(torch.randn(8, 3, 64, 32))
        expected = model.eval()(normalise(images))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = extract_features(model, images, size=(128, 64))
    torch.testing.assert_close(found, expected, atol=1e-5 * float(expected.abs().max()), rtol=1e-4)
    after = model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before.keys() | after.keys())


def test_the_neck_is_what_the_classifier_sees(model: ReidModel, images: torch.Tensor) -> None:
    neck, logits = (extract_features(model, images, feature=feature) for feature in ("neck", "logits"))
    with torch.inference_mode():
        torch.testing.assert_close(model.classifier(neck), logits)


def test_cosine_features_rank_as_the_cosine(model: ReidModel, images: torch.Tensor) -> None:
    plain, unit = (extract_features(model, images, feature="neck", distance=d) for d in ("euclidean", "cosine"))
    torch.testing.assert_close(unit.square().sum(1), torch.ones(7))
    cosines = torch.nn.functional.cosine_similarity(plain[:, None], plain[None], dim=2)
    squared = (unit[:, None] - unit).square().sum(2)
    torch.testing.assert_close(squared, 2 - 2 * cosines, atol=1e-5, rtol=1e-4)


def test_unknown_feature_is_refused(model: ReidModel, images: torch.Tensor) -> None:
    with pytest.raises(DataError, match="euclidean or cosine"):
        extract_features(model, images, distance="manhattan")
    with pytest.raises(DataError, match="logits, pooled, neck"):
        extract_features(model, images, feature="norm")


def test_a_saved_model_comes_back_with_its_metadata(model: ReidModel, images: torch.Tensor, tmp_path: Path) -> None:
    path = tmp_path / "new" / "model.safetensors"
    save_model(path, model, {"labels": [3, 5], "size": [64, 32]})
    loaded, metadata = load_model(path)
    assert metadata == {"labels": [3, 5], "size": [64, 32]}
    assert loaded.options == model.options
    assert not loaded.training
    assert torch.equal(extract_features(loaded, images), extract_features(model, images))
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


def test_a_bnneck_model_comes_back_as_it_was(images: torch.Tensor, tmp_path: Path) -> None:
    model = build_model("small", classes=6, features=0, dropout=0.0, bnneck=True)
    save_model(tmp_path / "model.safetensors", model)
    loaded, _ = load_model(tmp_path / "model.safetensors")
    assert loaded.classifier.bias is None
    assert torch.equal(extract_features(loaded, images), extract_features(model, images))


def test_files_of_others_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="does not exist"):
        load_model(tmp_path / "none.safetensors")
    text = tmp_path / "text.safetensors"
    text.write_text("not a model")
    with pytest.raises(WeightsError, match=r"text\.safetensors is no safetensors file"):
        load_model(text)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, foreign)
    with pytest.raises(WeightsError, match="no re-ID model"):
        load_model(foreign)
    save_file({"a": torch.zeros(2)}, foreign, metadata={"reid-model-1": '{"model": {}, "metadata": {}}'})
    with pytest.raises(WeightsError, match="does not hold the model"):
        load_model(foreign)
