"""Options out of range: wrong usage, exit status 2, or a sentence."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.options import Finite
from tests.hostile.cases import Case, each, meet
from tests.hostile.conftest import TRAIN

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
    ("reid-train --backbone vgg", "there is no backbone 'vgg'"),
    ("table5 --seeds 0", "0 is not in the range x>=1"),
    ("table5 --portions 0.1,x", "is no comma-separated list of numbers"),
    ("table5 --shard 3/2", "is no shard; give I/N"),
    ("poses --csv augment.toml --estimator mediapipe", "--estimator has no effect with --csv"),
    ("poses --csv augment.toml --sample 3", "--sample has no effect with --csv"),
    ("poses --csv-size 128 64", "--csv-size has no effect without --csv"),
    ("poses --own-pixels", "--own-pixels has no effect without --csv"),
    ("poses --csv augment.toml --own-pixels --csv-size 9 9", "--csv-size has no effect with --own-pixels"),
    ("poses --sample 3 --force", "--force has no effect with --sample"),
    ("poses --csv augment.toml --jobs 2", "--jobs has no effect with --csv"),
    ("generate --judge m", "--judge has no effect without --filter;"),
    ("generate --filter 0.2 --filter-by pose --judge m", "--judge has no effect with --filter-by pose"),
    ("generate --filter-by pose", "--filter-by has no effect without --filter"),
    ("generate --portion 1 --ratio 2 --missing drop", "--missing has no effect with --ratio"),
    ("generate --per-identity 5 --missing drop", "--missing has no effect with --ratio or --per-identity"),
    ("patn-train --perceptual none --lambda-perceptual 2", "--lambda-perceptual has no effect with --perceptual none"),
    ("patn-train --perceptual none --weights-dir data", "--weights-dir has no effect with --perceptual none"),
    ("patn-train --lambda-gan 0 --d-head maps", "--d-head has no effect with --lambda-gan 0"),
    ("patn-train --lambda-gan 0 --gan bce", "--gan has no effect with --lambda-gan 0"),
    ("patn-train --lambda-gan 0 --no-d-dropout", "--d-dropout has no effect with --lambda-gan 0"),
    ("patn-train --lambda-gan 0 --no-discriminator-residuals", "--no-discriminator-residuals has no effect with"),
    ("patn-eval --metrics ssim --reid-model m", "--reid-model has no effect without the metric identity"),
    ("patn-bench --no-speed --batch 2", "--batch has no effect with --no-speed"),
    ("transfer a.jpg --pose b.jpg -o c.png --csv-size 9 9", "--csv-size has no effect without a CSV file"),
    ("animate a.jpg -o c.gif --smooth 9", "--smooth has no effect without --poses"),
    ("attention a.jpg --pose b.jpg -o c.png --all --block 1", "--block has no effect with --all"),
    ("reid-train --generated-weight 2", "--generated-weight has no effect without --augmentation"),
    ("reid-train --weights augment.toml --weights-dir data", "--weights-dir has no effect with --weights"),
    ("reid-train --backbone small --from-scratch", "--from-scratch has no effect with small"),
    ("reid-train --backbone inception --weights-dir data", "--weights-dir has no effect with inception"),
    ("reid-train --preset demo --backbone resnet50 --from-scratch", "--from-scratch has no effect with --preset demo"),
    ("reid-eval m -o picture.png", "-o has no effect without --show"),
    ("study --no-serve --port 0", "--port has no effect with --no-serve"),
    ("report --no-generators --people 2", "--identities has no effect with --no-generators"),
    ("table1 --steps 3", "--steps has no effect without --train"),
    ("table2 --no-speed --batch 2", "--batch has no effect with --no-speed"),
    ("table5 --both --ordinary", "--erasing-jitter has no effect with --each-augmentation"),
    ("table5 --ratios 2", "--ratios has no effect without --portions 1"),
    ("table5 --backbones small,inception --from-scratch", "--from-scratch has no effect without --backbones resnet50"),
    ("table5 --preset demmo", "'demmo' is not one of 'open-reid'.*'demo'"),
    ("table5 --gpus-per-cell 0.5", "--gpus-per-cell has no effect without --ray"),
    ("init --data data", "--workspace has no effect on init; give the folder as DIR"),
    ("--seed -1 check", "-1 is not in the range"),
    ("--device tpu check", "none of auto, cpu, cuda, cuda:N"),
    ("--precision fp8 check", "'fp8' is not one of"),
]
MISUSE = [
    ("generate --portion 0.5 --ratio 2", "adds to the whole training set; use --portion 1.0"),
    ("generate --portion 0.5 --target-poses file", "--target-poses file together with --pose-file FILE"),
    ("reid-train --preset demo --ratio 2", "--ratio 2: is of generated sets; name one with --augmentation"),
    ("reid-train --preset demo --repeat", "--repeat: nothing is removed at --portion 1.0"),
    ("reid-train --preset demo --ghost-batch 5", "ghost"),
    ("patn-train --generator vunet --lambda-style 1", "--lambda-style has no effect on generator vunet"),
    ("patn-train --generator pg2 --no-add", "--no-add has no effect on generator pg2"),
    ("table5 --portions 2 --dry-run", "2.0"),
    ("table5 --backbones resnet51 --dry-run", "there is no backbone 'resnet51'"),
    ("table5 --portions nan --dry-run", "nan"),
    ("table5 --only nobody --dry-run", "nobody"),
    (
        "generate --portion 0.5 --pose-file data/keypoints/train.csv",
        "--target-poses file together with --pose-file FILE",
    ),
    ("generate --per-identity 3 --ratio 2", "--per-identity 3: must be 2 or more, and goes without --ratio"),
    ("generate --generator builtin --generator-data reduced", "--generator builtin: was not trained inside"),
    ("reid-train --portion 0.5 --augmentation ours --repeat", "--repeat: repeats real images only"),
    ("reid-train --portion 0.5 --augmentation patn --ratio 2", "--ratio 2: is of generated sets; patn is taken as"),
    ("reid-train --backbone small --weights augment.toml", "small is trained from scratch always"),
    ("patn-train --generator nobody", "there is no generator 'nobody'"),
    ("patn-train --lambda-identity 1", "--lambda-identity has no effect without --identity-model"),
    ("patn-train --preset demo --name builtin", "builtin is the name of the generator that comes"),
    ("patn-eval --metrics psnr", "--metrics psnr: no such metric"),
    ("study --no-serve --images 2 --practice 4", "--practice 4: leaves none of the 4 images"),
    ("study --no-serve --pool 3", "--pool 3: is less than --images 55"),
    ("study --no-serve --generator g --generated-set s", "--generated-set has a generator already"),
    ("transfer a.jpg --pose b.jpg -o c.gif", "pictures end in .jpg, .jpeg, .png"),
    ("animate a.jpg -o c.mov", "videos end in .mp4 or .gif"),
    ("attention a.jpg --pose b.jpg -o c.gif", "has to end in .png or .jpg"),
    ("poses --estimator rtmpose", "name the file with --model"),
    ("figures -o x.gif", "pictures end in .jpg, .jpeg, .png"),
    ("figures --candidates 9", "--candidates and --reid-model choose the worst pairs; give --worst too"),
    ("table1 --metrics psnr", "--metrics psnr: not in Table 1"),
    ("table4 --rows none", "--rows none: no such row"),
    ("table5 --lengths days --dry-run", "length is days"),
    ("table5 --portions 1 --rows ours --dry-run", "nothing is removed at --portions 1"),
    ("table5 --rows filled:1.5 --dry-run", "--rows filled:1.5: give a whole number"),
    ("init new --data data --layout market1501 --test-share 0.5", "--test-share is for --layout folders"),
    ("init new --data data --dataset viper --labeled", "--labeled and --classic are for cuhk03"),
]
"""What the libraries refuse in a sentence, whatever the data is."""
WRONG = [
    ("generate --portion 0.5 --generator nobody", "no trained generator there"),
    ("generate --portion 1", "there is nothing to generate, 12 of 12 images are kept"),
    ("generate --per-identity 2 --portion 1", "there is nothing to generate, 12 of 12 images are kept"),
    (
        "reid-train --preset demo --augmentation nobody",
        "no finished generated set; sets that are there: .* path of a folder",
    ),
    ("reid-train --preset demo --augmentation patn", "patn: holds no image; give a folder of images named as"),
    ("reid-eval nobody", "no such model; trained ones: m"),
    ("table5 --rows none,uors --dry-run", "patn/uors: no finished generator of that name; rows are none"),
    ("table5 --rows theirs=data/nowhere --dry-run", "data/nowhere: "),
    ("table5 --rows theirs=patn --dry-run", "patn: "),
    ("transfer nobody.jpg --pose nobody.jpg -o out.png", "nobody.jpg: neither a file nor the name of an image"),
]


@pytest.fixture(autouse=True)
def inside(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named from the workspace."""
    monkeypatch.chdir(root)


@each(
    [Case(line, lambda root: None, tuple(line.split()), sentence, 2) for line, sentence in [*USAGE, *MISUSE]]
    + [Case(line, lambda root: None, tuple(line.split()), sentence, 1) for line, sentence in WRONG]
)
def test_a_wrong_option_is_refused_and_nothing_is_made(root: Path, case: Case) -> None:
    meet(root, case)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--seed 3 --device cpu --precision fp32 check", ("seed", "device", "precision")),
        ("--seed 3 --device cpu reid-eval m", ("seed",)),
        ("--seed 3 --device cpu info", ("seed",)),
        ("--seed 3 --device cpu generate --portion 0.5 --dry-run", ()),
        ("check", ()),
    ],
)
def test_global_options_that_a_verb_does_not_use_are_a_note(root: Path, line: str, said: tuple[str, ...]) -> None:
    words = line.split()
    verb = next(word for word in words if word in augment.list_commands(click.Context(augment)))
    result = CliRunner().invoke(augment, words, env={"AUGMENT_DEVICE": "cpu"})
    notes = [f"--{name} has no effect on `augment {verb}`." for name in said]
    assert [line for line in result.stderr.splitlines() if "has no effect" in line] == notes


def test_columns_of_one_pose_are_a_note(root: Path) -> None:
    pair = ("transfer", TRAIN[0], "--pose", TRAIN[1], "-o", "one.png", "--generator", "g", "--columns", "3")
    result = CliRunner().invoke(augment, ["--workspace", str(root), *pair])
    assert result.exit_code == 0, result.output
    assert "--columns has no effect on one pose." in result.stderr


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
