"""The TensorFlow Inception network of 2015-12-05, as torch-fidelity holds it: what IS and FID are defined by."""

import importlib.util
import io
from pathlib import Path

import torch
from torch import Tensor, nn

from patn import WeightsError
from patn.state_dict import read_state

FEATURES, CLASSES = 2048, 1008


class Inception(nn.Module):
    """The network that IS and FID are defined by: `inception(images)`.

    The scores that the probabilities come from leave the bias out, as the released evaluation does.

    Args:
        weights: torch-fidelity's or pytorch-fid's file.

    Raises:
        WeightsError: where that is another file or torch-fidelity is not installed.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        if importlib.util.find_spec("torch_fidelity") is None:
            raise WeightsError("torch-fidelity is not installed; install it with `pip install augment-reid[metrics]`")
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        safe = io.BytesIO()  # the package would unpickle whatever the file holds; these bytes are ours
        torch.save(read_state(weights), safe)
        safe.seek(0)
        try:
            self.network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], safe)
        except RuntimeError as error:
            raise WeightsError(f"{weights} does not hold torch-fidelity's Inception; fetch it again") from error
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features and class probabilities of a batch.

        Args:
            images: uint8 B x 3 x H x W of any size; the network resizes them to 299 x 299 in TensorFlow 1's way.

        Returns:
            B x 2048 and B x 1008.
        """
        features, logits = self.network(images)
        return features, logits.softmax(dim=1)
