"""docs/results/comparison.md: what `pipelines.comparison.run` measured, as a page."""

import math
from collections.abc import Sequence
from textwrap import fill

from augment.columns import markdown_table
from pipelines.comparison.record import Compared, Record, ReidLine
from pipelines.table5.rows import row_title
from pipelines.table5.spread import Spread
from pipelines.table5.text import gain_text, spread_text

METRICS = {
    "ssim": "SSIM",
    "mask-ssim": "mask-SSIM",
    "l1": "L1",
    "pckh": "PCKh",
    "lpips": "LPIPS",
    "identity": "identity",
    "identity_cosine": "cosine",
}
TITLES = {"copy": "copy of the condition image", "mean image": "mean training image", "real": "the real target"}
LIMITS = (
    "How good the paper's methods are at their own size: these are narrow networks (a half to a quarter of the "
    "released widths) at 64 x 32 pixels, trained for minutes. A generator with fast updates gets more of them here.",
    "How they do on real images: the rendered ones have exact key points, by which Deform moves body parts.",
    "How much another training of a generator would change: each was trained once. The deviations and intervals are "
    "over seeds of split, plan and re-ID training alone.",
    "Whether each method has its best configuration: PATN's was chosen earlier, with more trials than the baselines'.",
)
MEANINGS = (
    "SSIM, mask-SSIM and L1 (of values in [-1, 1]) are against the real target, with one data range of 255 and without "
    "JPEG, after bicubic enlargement to the data's size; a mean image scores well in them. PCKh: joints that a pose "
    "estimator finds within half a head of those it finds in the real target. Identity: how often a re-ID model that "
    "was trained on all real training images takes the image for the identity it was generated from, among all test "
    "identities; cosine: to the mean feature of that identity."
)


def page(record: Record) -> str:
    """The page of a record of `pipelines.comparison.run.compare`, with its "remarks".

    Args:
        record: as of `pipelines.comparison.run.compare`, with its "remarks".

    Returns:
        The page as Markdown.
    """
    asked = record.comparison
    generators = record.generators
    augmentations = " --each-augmentation" if len(asked["ordinary"]) > 1 else ""
    options = f"--minutes {asked['minutes']:g} --seeds {asked['seeds']}{augmentations} --page docs/results"
    missing = ", ".join(METRICS.get(name, name) for name in record.missing)
    missing = f"\n\nNot measured, for want of weight files (see `augment info`): {missing}." if missing else ""
    return f"""# Generators at equal time

Written by `python -m pipelines.comparison`; do not edit.

```console
$ augment init compared
$ python -m pipelines.comparison compared {options}
```

{filled(setting(record))}

## What it shows

{points([*verdict(record), *(record.remarks or ())])}

## Training

{markdown_table(training_lines(generators))}

Used to generate: the weights that generating an image needs. Images/s: 64 x 32 pixels, 32 at a time, fp32, by processor
time.

## Images of identities that no generator saw

{filled(f"{record.pairs} pairs of test identities. {MEANINGS}")}

{markdown_table(quality_lines(record))}{missing}

![the same pairs by every generator](comparison.png)

## As training data for re-ID

A share p = {asked["portion"]:g} of the images is kept, and the others are removed. None is a re-ID model trained on
the kept images alone. In the other rows, each removed image is replaced by one that the generator makes of a kept image
in the removed image's pose. Ours is by `patn`; Ours\\* is by `patn` in poses of kept images only. The re-ID network is
`small`, with as many updates for every row. mAP is in percent: mean ± standard deviation over seeds (their number), and
the difference to None paired by seed, with the 95 % t interval of its mean.

{markdown_table(reid_lines(record.reid, asked["portion"]))}

## What it cannot say

{points(LIMITS)}
"""


def filled(text: str, indent: str = "") -> str:
    """A paragraph in lines of at most 120 characters.

    Args:
        text: one paragraph.
        indent: what lines after the first begin with.
    """
    return fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def points(texts: Sequence[str]) -> str:
    """A list in Markdown.

    Args:
        texts: one a point.
    """
    return "\n".join(filled(f"- {text}", "  ") for text in texts)


def setting(record: Record) -> str:
    """Which identities, which machine, how long, in a paragraph.

    Args:
        record: as of `pipelines.comparison.run.compare`.
    """
    asked, machine, identities = record.comparison, record.machine, record.people
    versions = machine.versions
    networks: dict[str, list[str]] = {}
    for one in record.generators:
        networks.setdefault(one.training.perceptual.partition(":")[0], []).append(one.name)
    perceptual = "; ".join(f"{network} for {', '.join(names)}" for network, names in networks.items())
    return (
        f"{identities.train_identities} rendered identities, {identities.images['train']:,} training images "
        f"(seed {identities.seed}; the configurations were tried out on identities of another seed). Each generator "
        f"was trained with its `{asked['preset']}` preset for as many updates as fit into "
        f"{asked['minutes']:g} minutes of processor time, by a timing made before; its schedule is scaled to that "
        f"number. Machine: {machine.processor}, {machine.cores} cores, of which one was used, {machine.precision} "
        f"training, torch {versions['torch']}. Perceptual term: {perceptual}."
    )


def verdict(record: Record) -> list[str]:
    """Which generators are above the trivial images in SSIM, and which gain mAP.

    Args:
        record: as of `pipelines.comparison.run.compare`.

    Returns:
        Sentences, made from the record alone.
    """
    ssim = {one.name: one.figures["ssim"] for one in record.generators}
    lines = []
    for row in ("copy", "mean image"):
        bar = record.others[row]["ssim"]
        above = [name for name, value in ssim.items() if value > bar]
        below = [name for name in ssim if name not in above]
        said = f"Above the {TITLES[row]} in SSIM ({bar:.3f}): {_names(above)}."
        lines.append(f"{said}{f' Not: {_names(below)}.' if below else ''}")
    gains = [line for line in record.reid if line.portion < 1 and line.gains]
    for ordinary, what in ((False, "flip and crop"), (True, "random erasing and colour jitter too")):
        part = [line for line in gains if line.ordinary is ordinary]
        if part:
            clear = [_row(line.row) for line in part if min(line.gains) > 0 and (line.gain_low or 0) > 0]
            other = [_row(line.row) for line in part if _row(line.row) not in clear]
            said = f"Re-ID with {what}, above None in every seed and with an interval above 0: {_names(clear)}."
            lines.append(f"{said}{f' Not: {_names(other)}.' if other else ''}")
    return lines


def training_lines(generators: Sequence[Compared]) -> list[list[str]]:
    """Header and one line a generator: time, updates, sizes, speed.

    Args:
        generators: the record's list of them.
    """
    lines = [
        ["generator", "minutes", "updates", "batch", "images seen", "weights, M", "used to generate, M", "images/s"]
    ]
    for one in generators:
        training, speed = one.training, one.speed
        lines.append(
            [
                one.name,
                f"{training.minutes:.1f}",
                f"{training.updates:,}",
                str(training.batch),
                f"{training.images:,}",
                f"{training.parameters / 1e6:.2f}",
                f"{speed.transfer_parameters / 1e6:.2f}",
                f"{speed.images_per_second:.0f}",
            ]
        )
    return lines


def quality_lines(record: Record) -> list[list[str]]:
    """Header and one line a generator, then trivial and real images; a dash where there is no figure.

    Args:
        record: as of `pipelines.comparison.run.compare`.
    """
    rows = {one.name: one.figures for one in record.generators}
    rows |= {TITLES[name]: figures for name, figures in record.others.items()}
    known = [name for name in METRICS if any(name in figures for figures in rows.values())]
    lines = [["images", *(METRICS[name] for name in known)]]
    for title, figures in rows.items():
        lines.append([title, *(f"{figures[name]:.3f}" if name in figures else "-" for name in known)])
    return lines


def reid_lines(summary: Sequence[ReidLine], portion: float) -> list[list[str]]:
    """Header and one line a row: mAP and the difference to None, without and with random erasing + colour jitter.

    Args:
        summary: the record's "reid".
        portion: the share p that is shown beside 1.
    """
    kinds = [kind for kind in (False, True) if any(line.ordinary is kind for line in summary)]
    found = {(line.row, line.portion, line.ordinary): line for line in summary}
    titles = {False: "flip + crop", True: "+ random erasing + colour jitter"}
    lines = [["row", *(title for kind in kinds for title in (f"mAP, {titles[kind]}", "minus None"))]]
    for row, share in dict.fromkeys((row, share) for row, share, _ in found if share in (portion, 1)):
        title = _row(row) if share == portion else "all real images (p = 1)"
        cells = [cell for kind in kinds for cell in _figures(found.get((row, share, kind)))]
        lines.append([title, *cells])
    return lines


def _figures(line: ReidLine | None) -> list[str]:
    """mAP and the difference to None; dashes where there is none."""
    if line is None:
        return ["-", "-"]
    mean = Spread(line.seeds, line.mAP_mean, line.mAP_std or 0.0)
    mean_gain, low, high = (math.nan if end is None else end for end in (line.gain_mean, line.gain_low, line.gain_high))
    gain = Spread(len(line.gains), mean_gain, low=low, high=high)
    return [spread_text(mean), gain_text(gain)]


def _row(name: str) -> str:
    """A row's title as Markdown."""
    return row_title(name).replace("*", "\\*")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
