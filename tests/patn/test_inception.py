"""The Inception network around torch-fidelity's: what goes in and out, and which files it refuses."""

from pathlib import Path

import pytest
import torch

from patn import WeightsError
from patn.metrics.inception import Inception

pytest.importorskip("torch_fidelity")


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "inception.pth")
    with pytest.raises(WeightsError, match=r"inception\.pth does not hold torch-fidelity's Inception"):
        Inception(tmp_path / "inception.pth")


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"layer.weight": print}, tmp_path / "inception.pth")
    with pytest.raises(WeightsError, match="can be read safely"):
        Inception(tmp_path / "inception.pth")


def test_images_of_any_size_become_features_and_probabilities_without_the_bias(tmp_path: Path) -> None:
    state = random_state()
    state["fc.bias"] += 100 * torch.arange(1008)
    torch.save(state, tmp_path / "inception.pth")
    features, probabilities = Inception(tmp_path / "inception.pth")(torch.full((2, 3, 40, 20), 128, dtype=torch.uint8))
    assert features.shape == (2, 2048)
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(2))
    assert torch.allclose(probabilities, (features @ state["fc.weight"].T).softmax(dim=1), atol=1e-5)


def random_state() -> dict[str, torch.Tensor]:
    """Weights of torch-fidelity's network with the right names and shapes, without its file."""
    import io

    from torch_fidelity import feature_extractor_inceptionv3 as package

    class Blank(package.FeatureExtractorInceptionV3):
        def load_state_dict(self, state: object) -> None:
            """Keep the random weights."""

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    torch.manual_seed(0)
    state: dict[str, torch.Tensor] = Blank("inception-v3-compat", ["2048"], nothing).state_dict()
    return state
