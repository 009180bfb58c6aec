"""LPIPS beside torchmetrics' own, on an AlexNet of random weights; the files it refuses."""

from pathlib import Path

import pytest
import torch

from patn import WeightsError
from patn.metrics.lpips import Lpips, find_linear


@pytest.fixture
def trunk(tmp_path: Path) -> Path:
    from torchvision.models import alexnet

    torch.manual_seed(0)
    torch.save(alexnet(weights=None).state_dict(), tmp_path / "alexnet.pth")
    return tmp_path / "alexnet.pth"


def test_distance_is_torchmetrics(trunk: Path) -> None:
    lpips = pytest.importorskip("torchmetrics.functional.image.lpips")
    linear = find_linear()
    assert linear is not None
    ours = Lpips(trunk, linear)
    theirs = lpips._LPIPS(pretrained=True, net="alex", pnet_rand=True)
    features = {
        name.removeprefix("features."): value for name, value in torch.load(trunk).items() if "features" in name
    }
    for name, parameter in theirs.net.named_parameters():
        parameter.data = features[name.partition(".")[2]]
    a, b = torch.rand(2, 3, 3, 128, 64).mul(2).sub(1).unbind()
    assert torch.allclose(ours(a, b), theirs(a, b).view(-1), atol=1e-6)
    assert ours(a, a).tolist() == [0, 0, 0]
    assert (ours(a, b) > 0).all()


def test_a_file_without_the_weightings_is_refused(trunk: Path) -> None:
    with pytest.raises(WeightsError, match="does not hold LPIPS's weights for AlexNet"):
        Lpips(trunk, trunk)
