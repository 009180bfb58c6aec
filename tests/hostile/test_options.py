"""Options out of range: wrong usage, exit status 2, or a sentence."""

from pathlib import Path

import click
import pytest

from augment.cli import augment
from augment.options import Finite
from tests.hostile.cases import Case, each, meet

USAGE = [
    ("generate --portion 0", "0.0 is not in the range 0<x<=1"),
    ("generate --portion 1.5", "1.5 is not in the range 0<x<=1"),
    ("generate --portion nan", "nan is not a finite number"),
    ("generate --portion half", "'half' is not a valid float"),
    ("generate --ratio 4", "4 is not in the range 1<=x<=3"),
    ("generate --per-identity 1", "1 is not in the range x>=2"),
    ("generate --filter 1", "1.0 is not in the range 0<x<1"),
    ("generate --target-poses mine", "'mine' is not one of"),
    ("generate --name ../elsewhere", "is no name for a folder"),
    ("generate --portoin 0.3", "No such option.*--portoin.*--portion"),
    ("genrate", "No such command 'genrate'. Did you mean 'generate'"),
    ("patn-train --steps 0", "0 is not in the range x>=1"),
    ("patn-train --batch -1", "-1 is not in the range x>=1"),
    ("patn-train --lambda-l1 inf", "inf is not a finite number"),
    ("patn-train --preset huge", "'huge' is not one of"),
    ("reid-train --learning-rate 0", "0.0 is not in the range x>0"),
    ("reid-train --learning-rate nan", "nan is not a finite number"),
    ("reid-train --batch 1", "1 is not in the range x>=2"),
    ("reid-train --backbone vgg", "'vgg' is not one of"),
    ("table5 --seeds 0", "0 is not in the range x>=1"),
    ("table5 --portions 0.1,x", "is no comma-separated list of numbers"),
    ("table5 --shard 3/2", "is no shard; give I/N"),
    ("--seed -1 check", "-1 is not in the range"),
    ("--device tpu check", "none of auto, cpu, cuda, cuda:N"),
    ("--precision fp8 check", "'fp8' is not one of"),
]
WRONG = [
    ("generate --portion 0.5 --ratio 2", "adds to the whole training set; use --portion 1.0"),
    ("generate --portion 0.5 --generator nobody", "no trained generator there"),
    ("generate --portion 0.5 --target-poses file", "--target-poses file together with --pose-file FILE"),
    ("reid-train --preset demo --augmentation nobody", "no finished generated set; run `augment generate"),
    ("reid-train --preset demo --ghost-batch 5", "ghost"),
    ("reid-eval nobody", "no such model; trained ones: m"),
    ("table5 --portions 2 --dry-run", "2.0"),
    ("table5 --portions nan --dry-run", "nan"),
    ("table5 --only nobody --dry-run", "nobody"),
    ("transfer nobody.jpg --pose nobody.jpg -o out.png", "nobody.jpg: neither a file nor the name of an image"),
]


@each(
    [Case(line, lambda root: None, tuple(line.split()), sentence, 2) for line, sentence in USAGE]
    + [Case(line, lambda root: None, tuple(line.split()), sentence, 1) for line, sentence in WRONG]
)
def test_a_wrong_option_is_refused_and_nothing_is_made(root: Path, case: Case) -> None:
    meet(root, case)


def test_every_option_of_numbers_refuses_what_is_no_number() -> None:
    context = click.Context(augment)
    for name in augment.list_commands(context):
        command = augment.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            kind = parameter.type
            loose = isinstance(kind, (click.types.FloatParamType, click.FloatRange)) and not isinstance(kind, Finite)
            assert not loose, f"{name} {parameter.name}: use Finite"


def test_no_option_is_taken_in_two_ways(root: Path) -> None:
    with pytest.raises(click.BadParameter):
        Finite(0, 1).convert("-inf", None, None)
