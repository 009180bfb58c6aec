"""Numbers printed in the PATN paper (Zhu et al., CVPR 2019), exactly as in its text."""

PORTIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

# Table 5: ten portions p of the real images at ratio 1, then augmentation ratios 2 and 3 at p = 1.
TABLE5: dict[tuple[str, str], tuple[float | None, ...]] = {
    ("inception", "none"): (5.7, 16.6, 26.0, 33.5, 39.2, 42.2, 46.5, 49.0, 49.5, 52.7, None, None),
    ("inception", "ours"): (42.3, 43.6, 45.7, 46.7, 48.0, 48.5, 49.1, 50.7, 51.6, 52.7, 56.6, 57.1),
    ("resnet50", "none"): (9.2, 27.6, 41.5, 50.3, 56.2, 58.8, 61.2, 62.7, 63.8, 65.3, None, None),
    ("resnet50", "vunet"): (49.8, 51.7, 53.7, 54.5, 56.6, 58.4, 59.4, 61.3, 62.9, 65.3, 63.9, 64.1),
    ("resnet50", "deform"): (51.9, 53.9, 55.4, 56.1, 57.6, 59.4, 60.5, 62.2, 63.5, 65.3, 64.2, 64.6),
    ("resnet50", "ours"): (52.6, 54.5, 56.5, 56.6, 60.3, 60.9, 62.1, 63.3, 64.8, 65.3, 65.3, 65.7),
    ("resnet50", "ours*"): (53.3, 55.9, 56.0, 57.3, 58.8, 60.4, 60.7, 63.1, 64.5, 65.3, 65.1, 65.4),
}

# Table 2: millions of parameters, frames per second on a Titan Xp; DeepFashion.
TABLE2: dict[str, tuple[float, float]] = {
    "pg2": (437.09, 10.36),
    "deform": (82.08, 17.74),
    "vunet": (139.36, 29.37),
    "patn": (41.36, 60.61),
}

# Table 1: columns as of Table 4; a star is what the authors measured on their test set with released models.
TABLE1: dict[str, tuple[float | None, ...]] = {
    "Ma et al. (PG2)": (0.253, 3.460, 0.792, 3.435, None, None, 0.762, 3.090, None, None),
    "Ma et al. (disentangled)": (0.099, 3.483, 0.614, 3.491, None, None, 0.614, 3.228, None, None),
    "Siarohin et al. (Deform)": (0.290, 3.185, 0.805, 3.502, 0.72, None, 0.756, 3.439, 0.96, None),
    "Ma et al. * (PG2)": (0.261, 3.495, 0.782, 3.367, 0.39, 0.73, 0.773, 3.163, 0.951, 0.89),
    "Siarohin et al. * (Deform)": (0.291, 3.230, 0.807, 3.502, 0.72, 0.94, 0.760, 3.362, 0.967, 0.94),
    "Esser et al. * (VUNet)": (0.266, 2.965, 0.793, 3.549, 0.72, 0.92, 0.763, 3.440, 0.972, 0.93),
    "Ours": (0.311, 3.323, 0.811, 3.773, 0.74, 0.94, 0.773, 3.209, 0.976, 0.96),
    "Real data": (1.000, 3.890, 1.000, 3.706, 0.74, 1.00, 1.000, 4.053, 0.968, 1.00),
}

# Table 3, user study in percent: R2G and G2R on Market-1501, then on DeepFashion.
TABLE3: dict[str, tuple[float, float, float, float]] = {
    "Ma et al. (PG2)": (11.2, 5.5, 9.2, 14.9),
    "Siarohin et al. (Deform)": (22.67, 50.24, 12.42, 24.61),
    "Ours": (32.23, 63.47, 19.14, 31.78),
}

# Table 4: on Market-1501 SSIM, IS, mask-SSIM, mask-IS, DS, PCKh; then on DeepFashion SSIM, IS, DS, PCKh.
MARKET, DEEPFASHION = "market", "deepfashion"
DATA_TITLES = {MARKET: "Market-1501", DEEPFASHION: "DeepFashion"}
TABLE4_METRICS = {
    MARKET: ("SSIM", "IS", "mask-SSIM", "mask-IS", "DS", "PCKh"),
    DEEPFASHION: ("SSIM", "IS", "DS", "PCKh"),
}
TABLE4: dict[str, tuple[float, ...]] = {
    "resnet5": (0.297, 3.236, 0.802, 3.807, 0.67, 0.84, 0.764, 2.952, 0.900, 0.89),
    "resnet9": (0.301, 3.077, 0.802, 3.862, 0.69, 0.87, 0.767, 3.157, 0.941, 0.90),
    "resnet13": (0.300, 3.134, 0.797, 3.731, 0.67, 0.88, 0.766, 3.107, 0.943, 0.89),
    "patn5": (0.309, 3.273, 0.809, 3.870, 0.69, 0.91, 0.771, 3.108, 0.958, 0.93),
    "patn9": (0.311, 3.323, 0.811, 3.773, 0.74, 0.94, 0.773, 3.209, 0.976, 0.96),
    "patn13": (0.314, 3.274, 0.808, 3.797, 0.75, 0.93, 0.776, 3.440, 0.970, 0.96),
    "no-add": (0.305, 3.650, 0.805, 3.899, 0.73, 0.92, 0.769, 3.265, 0.970, 0.93),
    "no-cat": (0.306, 3.373, 0.807, 3.915, 0.71, 0.92, 0.767, 3.200, 0.968, 0.95),
    "no-resd": (0.308, 3.536, 0.809, 3.606, 0.73, 0.93, 0.773, 3.442, 0.978, 0.94),
}


def table1(row: str, data: str) -> dict[str, float]:
    """The paper's figures of a method by metric, without those that it does not give.

    Args:
        row: a key of TABLE1.
        data: market or deepfashion.
    """
    start = 0 if data == MARKET else len(TABLE4_METRICS[MARKET])
    figures = zip(TABLE4_METRICS[data], TABLE1[row][start:], strict=False)
    return {metric: figure for metric, figure in figures if figure is not None}


def table4(row: str, data: str) -> dict[str, float]:
    """The paper's figures of an ablation by metric, empty for a row that the paper does not have.

    Args:
        row: a key of TABLE4.
        data: market or deepfashion.
    """
    numbers = TABLE4.get(row, ())
    start = 0 if data == MARKET else len(TABLE4_METRICS[MARKET])
    return dict(zip(TABLE4_METRICS[data], numbers[start:], strict=False))


def paper_backbone(backbone: str) -> str:
    """The backbone of the paper that stands beside ours: itself, or ResNet-50 for one the paper does not have.

    Args:
        backbone: ours.
    """
    return backbone if any(name == backbone for name, _ in TABLE5) else "resnet50"


def table5(backbone: str, row: str, portion: float, ratio: int = 1) -> float | None:
    """The paper's figure in percent.

    mAP is assumed: the paper names no measure.

    Args:
        backbone: inception or resnet50.
        row: none, ours, ours*, vunet, deform.
        portion: p in (0, 1].
        ratio: 1, or 2 and 3 at portion 1.

    Returns:
        None where the paper has none.
    """
    numbers = TABLE5.get((backbone, row))
    if numbers is None:
        return None
    if ratio == 1:
        return numbers[PORTIONS.index(portion)] if portion in PORTIONS else None
    return numbers[len(PORTIONS) + ratio - 2] if portion == 1.0 and ratio in (2, 3) else None
