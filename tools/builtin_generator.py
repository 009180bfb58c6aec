"""Makes the built-in generator again, from nothing but a seed: `python -m tools.builtin_generator FOLDER`.

It renders 1,500 people (18,000 images, `tools.builtin_people`) into FOLDER/people, makes a workspace of them in
FOLDER/workspace, trains the `correspondence` generator there as `augment patn-train` does, and writes the weights in
half precision to `augment/builtin/`, beside them those of the discriminator, which `patn-train --init builtin` goes on
with. With `--height 128` the training goes on from that generator, at 128 x 64. Killed, it goes on where it was when
called again. One core with bfloat16 takes about 8 minutes to render and half an hour to train each size; without
bfloat16 about twice as long.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from augment.api.generators import train_generator
from augment.datasets.create import init_real
from augment.poses.estimate import import_poses
from augment.runtime import Runtime
from augment.settings import SETTINGS
from augment.training.initial import TUNING_RATE, write_discriminators
from augment.training.loop import LAST
from augment.workspace import Workspace
from patn.checkpoints import load_generator, read_metadata, save_generator
from patn.correspondence.training import PRESETS, CorrespondenceTraining
from tools.builtin_people import KEYPOINTS, PAIRS, Variety, render_people

BUILTIN = Path(__file__).resolve().parent.parent / "augment" / "builtin"
NAME = "correspondence"
SMALL = PRESETS["demo"].of_steps(5_000)
LARGE = replace(SMALL.of_steps(2_500).of_size(128, 64), batch=16, lr=SMALL.lr * TUNING_RATE)
ORIGIN = "rendered pedestrians alone (tools/builtin_generator.py); no image of a real person"


def workspace_of(folder: Path, variety: Variety, jobs: int, runtime: Runtime) -> Workspace:
    """The workspace FOLDER/workspace on the rendered people of FOLDER/people; what is there is kept.

    Args:
        folder: holds both.
        variety: the people.
        jobs: processes that render.
        runtime: how progress is shown.
    """
    people, root = folder / "people", folder / "workspace"
    render_people(people, variety, jobs)
    if not (root / SETTINGS).exists():
        size = (variety.height, variety.width)
        init_real(root, people, layout="market1501", size=size, seed=variety.seed, pairs=[people / PAIRS])
    workspace = Workspace.find(root)
    import_poses(workspace, [people / KEYPOINTS], size=None, own_pixels=False, runtime=runtime)
    return workspace


def file_name(training: CorrespondenceTraining) -> str:
    """What the generator of that training is called."""
    return f"{NAME}-{training.height}x{training.width_px}.safetensors"


def halved(trained: Path, file: Path) -> None:
    """Writes a trained generator's weights in half precision, with where they come from.

    Args:
        trained: the generator's file.
        file: where to.
    """
    about = read_metadata(trained)
    network = load_generator(trained).to(torch.float16)
    save_generator(file, network, about.generator, {**about.extra, "trained_on": ORIGIN})


def main() -> None:
    """Render, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for people and workspace; 500 MB")
    parser.add_argument("--identities", type=int, default=Variety.identities)
    parser.add_argument("--steps", type=int, help="in place of what is usual")
    parser.add_argument("--height", type=int, default=SMALL.height, choices=(SMALL.height, LARGE.height))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes that render, threads that train")
    parser.add_argument("--out", type=Path, default=BUILTIN)
    asked = parser.parse_args()
    variety = Variety(identities=asked.identities, seed=asked.seed)
    runtime = Runtime(threads=asked.jobs)
    workspace = workspace_of(asked.folder, variety, asked.jobs, runtime)
    small = asked.out / file_name(SMALL)
    training, start = (SMALL, None) if asked.height == SMALL.height else (LARGE, small)
    trained = train_generator(
        workspace,
        training,
        steps=asked.steps,
        init=start,
        name=f"{NAME}-{asked.height}",
        seed=asked.seed,
        runtime=runtime,
    )
    file = asked.out / file_name(training)
    halved(trained, file)
    write_discriminators(trained.with_name(LAST), file)


if __name__ == "__main__":
    main()
