"""A training step of the tool's own generator against PATN's of the demo, and what its discriminator costs."""

from dataclasses import replace
from typing import Any

from benchmarks.conftest import Scale
from benchmarks.networks import Flops, bfloat16_is_native
from benchmarks.released_training import OurTraining
from benchmarks.results import Row
from benchmarks.sides import Sides, take_turns
from patn.correspondence.training import PRESETS as CORRESPONDENCE
from patn.training.configuration import PRESETS as PATN
from patn.training.generator_training import GeneratorTraining

WORK = "correspondence training step, 64 x 32, batch 16"
SHARE = 25.0
"""Percent of a step that its discriminator may take."""


def test_correspondence_step(benchmark: Any, scale: Scale, record: Any) -> None:
    """Both recipes of the demo's size at PATN's batch, with the same perceptual network."""
    patn, own = PATN["demo"], replace(CORRESPONDENCE["demo"], batch=PATN["demo"].batch)
    assert (own.height, own.width_px) == (patn.height, patn.width_px)
    if scale.tiny:
        patn = replace(patn, blocks=1, width=4, d_blocks=1, d_width=4, batch=2)
        own = replace(own, blocks=1, width=4, d_width=4, batch=2)
    sides_of: dict[str, GeneratorTraining] = {"patn": patn, "own": own, "alone": replace(own, lambda_gan=0.0)}
    precisions = ("fp32", "bf16") if bfloat16_is_native() else ("fp32",)
    with Sides(scale.tiny) as sides:
        running = {
            f"{name} {precision}": (sides.open(OurTraining, training=training, precision=precision), 1.0)
            for name, training in sides_of.items()
            for precision in precisions
        }
        rounds = take_turns(benchmark, running, scale.rounds(15))
    with Sides(scale.tiny) as sides:
        gflop = {name: sides.open(Flops, of=OurTraining, training=sides_of[name]).result() for name in ("patn", "own")}
    rows = []
    for precision in precisions:
        step, patns, alone = (f"{1 / rounds.rate(f'{name} {precision}'):.2f} s" for name in ("own", "patn", "alone"))
        ratio = rounds.ratio(f"own {precision}", f"patn {precision}")
        cost = 100 * (1 - 1 / rounds.ratio(f"alone {precision}", f"own {precision}"))
        rows += [
            Row(f"{WORK}, {precision}", step, f"PATN's demo recipe here, {patns}", ratio, "x"),
            Row(
                f"{WORK}, {precision}: its discriminator's share of the step",
                step,
                f"the step without it, {alone}",
                cost,
                "%",
                SHARE,
                at_most=True,
            ),
        ]
    remark = f"{WORK}: {gflop['own']:,.0f} GFLOP a step; PATN's demo step: {gflop['patn']:,.0f}."
    record(WORK, rows, (remark,))
