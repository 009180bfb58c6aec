"""A training step against the released order."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.conftest import Scale
from benchmarks.networks import Convolution, Flops, bfloat16_is_native
from benchmarks.released_training import OurTraining, ReleasedTraining
from benchmarks.results import Row
from benchmarks.sides import Sides, take_turns
from patn.training.configuration import PRESETS, PatnTraining

STEPS = 3
SIZES = {
    "PATN training step, 9 blocks, batch 4": (replace(PRESETS["market"], batch=4), 4, {"fp32": 1.12, "bf16": 1.9}),
    "demo-size training step": (PRESETS["demo"], 12, {"fp32": 1.3, "bf16": 1.8}),
}


@pytest.mark.parametrize("work", list(SIZES))
def test_training_step(work: str, benchmark: Any, scale: Scale, record: Any) -> None:
    training, count, required = SIZES[work]
    if scale.tiny:
        training = replace(training, blocks=1, width=4, d_blocks=1, d_width=4, height=32, width_px=16)
    precisions = ("fp32", "bf16") if bfloat16_is_native() else ("fp32",)
    with Sides(scale.tiny) as sides:
        running = {"released": (sides.open(ReleasedTraining, training=training), 1.0)}
        for precision in precisions:
            running[precision] = (sides.open(OurTraining, training=training, precision=precision), 1.0)
            running[f"core {precision}"] = (sides.open(Convolution, precision=precision), Convolution.gflop())
        rounds = take_turns(benchmark, running, scale.rounds(count))
    with Sides(scale.tiny) as sides:
        gflop = sides.open(Flops, of=OurTraining, training=training).result()
    rows = []
    for precision in precisions:
        limit = rounds.rate(f"core {precision}") / gflop / rounds.rate("released")
        seconds, theirs = (f"{1 / rounds.rate(side):.2f} s" for side in (precision, "released"))
        reference, ratio = f"the released order, {theirs}", rounds.ratio(precision, "released")
        rows.append(Row(f"{work}, {precision}", seconds, reference, ratio, "x", required[precision], limit))
    remark = f"{work}: {gflop:,.0f} GFLOP a step."
    record(work, [*rows, same_bits(work, training, scale)], (remark,))


def same_bits(work: str, training: PatnTraining, scale: Scale) -> Row:
    """Whether our networks and those of the released order in the same arithmetic are equal in every bit."""
    found = []
    for build, options in ((OurTraining, {}), (ReleasedTraining, {"like_ours": True})):
        with Sides(scale.tiny) as sides:
            side = sides.open(build, training=training, **options)
            for _ in range(STEPS):
                side.run()
            found.append(side.result())
    return Row(
        f"{work}, networks after {STEPS} steps",
        "",
        "the released order, in the same arithmetic",
        float(found[0] != found[1]),
        "bits",
        0.0,
        at_most=True,
    )
