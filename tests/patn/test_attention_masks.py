import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from patn import DataError
from patn.models.attention import forward_with_masks, mask_maps
from patn.models.patn import Patn


def inputs(size: tuple[int, int] = (32, 16), batch: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    image = torch.rand(batch, 3, *size, generator=draw) * 2 - 1
    poses = [torch.rand(batch, 18, 2, generator=draw) * torch.tensor(size) for _ in range(2)]
    poses[1][:, 3] = -1
    return image, poses[0], poses[1]


def moved(network: Patn) -> Patn:
    """In eval mode, with statistics and scales as different from a new network's as training makes them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.get_buffer("running_mean"), -0.3, 0.3)
            nn.init.uniform_(module.get_buffer("running_var"), 0.2, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, 0.15)
    return network.eval()


def gaussians(poses: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Heat maps joint by joint, pixel by pixel."""
    maps = torch.zeros(len(poses), 18, *size)
    rows, columns = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    for b, pose in enumerate(poses):
        for joint, (y, x) in enumerate(pose):
            if y != -1 and x != -1:
                maps[b, joint] = torch.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))
    return maps


class ByHand:
    """Paper eq. 1 to 3 with the weights of a state dict and torch's functions alone (batch norm, eval mode)."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        self.state = state

    def norm(self, x: Tensor, name: str) -> Tensor:
        mean, var, weight, bias = (
            self.state[f"{name}.{part}"].view(1, -1, 1, 1) for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias

    def encoder(self, x: Tensor, name: str) -> Tensor:
        x = F.conv2d(F.pad(x, (3, 3, 3, 3), mode="reflect"), self.state[f"{name}.1.weight"])
        x = self.norm(x, f"{name}.2").relu()
        for conv in (4, 7):
            x = F.conv2d(x, self.state[f"{name}.{conv}.weight"], stride=2, padding=1)
            x = self.norm(x, f"{name}.{conv + 1}").relu()
        return x

    def path(self, x: Tensor, name: str, last_norm: bool) -> Tensor:
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.state[f"{name}.1.weight"])
        x = self.norm(x, f"{name}.2").relu()
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.state[f"{name}.6.weight"])
        return self.norm(x, f"{name}.7") if last_norm else x

    def masks(self, image: Tensor, poses: Tensor, blocks: int) -> list[Tensor]:
        image_code, pose_code = self.encoder(image, "image_encoder"), self.encoder(poses, "pose_encoder")
        found = []
        for index in range(blocks):
            features = self.path(pose_code, f"blocks.{index}.pose_path", last_norm=False)
            found.append(1 / (1 + torch.exp(-features)))
            image_code = image_code + found[-1] * self.path(image_code, f"blocks.{index}.image_path", last_norm=True)
            pose_code = torch.cat([features, image_code], dim=1)
        return found


def test_masks_are_those_of_the_paper_computed_by_hand() -> None:
    torch.manual_seed(0)
    network = moved(Patn(blocks=3, width=4, sigma=3.0))
    image, source, target = inputs()
    with torch.no_grad():
        _, masks = forward_with_masks(network, image, source, target)
        poses = torch.cat([gaussians(pose, (32, 16), 3.0) for pose in (source, target)], dim=1)
        expected = ByHand(network.state_dict()).masks(image, poses, 3)
    assert [mask.shape for mask in masks] == [(2, 16, 8, 4)] * 3
    for mask, by_hand in zip(masks, expected, strict=True):
        torch.testing.assert_close(mask, by_hand, atol=1e-5, rtol=1e-5)
        assert by_hand.std() > 0.05  # not a constant half


def test_the_image_is_the_calls_own_and_nothing_stays_behind() -> None:
    torch.manual_seed(0)
    network = moved(Patn(blocks=2, width=4))
    with torch.no_grad():
        before = network(*inputs())
        generated, masks = forward_with_masks(network, *inputs())
        again, _ = forward_with_masks(network, *inputs())
        network(*inputs())
    assert len(masks) == 2
    torch.testing.assert_close(generated, before, atol=0, rtol=0)
    torch.testing.assert_close(generated, again, atol=0, rtol=0)


def test_masks_of_an_untrained_network_are_close_to_one_half() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        _, masks = forward_with_masks(Patn(blocks=2, width=8).eval(), *inputs())
    maps = mask_maps(masks)
    assert maps.shape == (2, 2, 8, 4)
    assert (maps - 0.5).abs().max() < 0.05


def test_a_map_is_the_mean_over_channels_or_one_of_them() -> None:
    masks = [torch.rand(1, 3, 2, 2), torch.rand(1, 3, 2, 2)]
    torch.testing.assert_close(mask_maps(masks)[0, 1], (masks[1][0, 0] + masks[1][0, 1] + masks[1][0, 2]) / 3)
    torch.testing.assert_close(mask_maps(masks, channel=2)[0, 0], masks[0][0, 2])
    with pytest.raises(DataError, match="channels 0 to 2"):
        mask_maps(masks, channel=3)


def test_a_generator_without_blocks_has_no_masks() -> None:
    with pytest.raises(DataError, match="no attention masks"):
        forward_with_masks(nn.Identity(), *inputs())
