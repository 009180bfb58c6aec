"""Every generator by its name; a generator is one call: `generator(image, source_keypoints, target_keypoints)`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from patn import DataError
from patn.baselines.deform import training as deform
from patn.baselines.deform.networks import Deform
from patn.baselines.deform.objective import DeformObjective
from patn.baselines.pg2 import objective as pg2_objective
from patn.baselines.pg2 import training as pg2
from patn.baselines.pg2.networks import Pg2
from patn.baselines.published import Counting, bare
from patn.baselines.vunet import training as vunet
from patn.baselines.vunet.networks import Vunet
from patn.baselines.vunet.objective import VunetObjective, as_released
from patn.correspondence import training as correspondence
from patn.correspondence.networks import Correspondence
from patn.correspondence.objective import CorrespondenceObjective
from patn.models.patn import Patn
from patn.models.resnet import Resnet
from patn.models.skips import PatnSkips
from patn.training.averaging import Averaged
from patn.training.configuration import PRESETS, SKIPS_PRESETS
from patn.training.generator_training import GeneratorTraining, named
from patn.training.objective import PatnObjective
from patn.training.perceptual import VGG19_FIRST, VGG19_FIVE
from patn.training.protocol import Objective


@dataclass(frozen=True)
class Kind:
    """A kind of generator.

    Attributes:
        build: its constructor; keyword arguments are its `.options`.
        preset: a preset's name to its configuration.
        objective: what trains it, called as `patn.training.objective.PatnObjective` is.
        published: what the paper's Table 2 counts of it.
        vgg_layers: those of VGG-19 whose features its loss compares.
    """

    build: Callable[..., nn.Module]
    preset: Callable[[str], GeneratorTraining]
    objective: Callable[..., Objective]
    published: Counting = bare
    vgg_layers: tuple[int, ...] = VGG19_FIRST


def _patn_preset(generator: str) -> Callable[[str], GeneratorTraining]:
    return lambda preset: replace(named(PRESETS, preset), generator=generator)


GENERATORS: dict[str, Kind] = {
    "patn": Kind(Patn, _patn_preset("patn"), PatnObjective),
    "patn-skips": Kind(PatnSkips, lambda preset: named(SKIPS_PRESETS, preset), PatnObjective),
    "resnet": Kind(Resnet, _patn_preset("resnet"), PatnObjective),
    "pg2": Kind(Pg2, lambda preset: named(pg2.PRESETS, preset), pg2_objective.Pg2Objective, pg2_objective.as_released),
    "deform": Kind(Deform, lambda preset: named(deform.PRESETS, preset), DeformObjective),
    "correspondence": Kind(
        Correspondence, lambda preset: named(correspondence.PRESETS, preset), CorrespondenceObjective
    ),
    "vunet": Kind(Vunet, lambda preset: named(vunet.PRESETS, preset), VunetObjective, as_released, VGG19_FIVE),
}


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Args:
        name: one of `GENERATORS`.

    Returns:
        The kind.

    Raises:
        DataError: for another name, with the known ones.
    """
    if name not in GENERATORS:
        raise DataError(f"there is no generator {name!r}; use one of {', '.join(sorted(GENERATORS))}")
    return GENERATORS[name]


def build_generator(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A new generator, initialised from torch's global random state.

    Args:
        name: one of `GENERATORS`.
        options: its constructor's arguments, as its `.options` holds them.

    Returns:
        The generator in training mode, on the CPU.

    Raises:
        DataError: for an unknown name or option.
    """
    kind = kind_of(name)
    try:
        return kind.build(**options)
    except TypeError as error:
        raise DataError(f"generator {name!r} cannot be built from the options {dict(options)}: {error}") from error


def objective_of(
    training: GeneratorTraining, images: Tensor, keypoints: Tensor, pairs: Tensor, **settings: Any
) -> Objective:
    """What trains a generator of that configuration's kind; with its `ema`, the average of the weights too.

    Args:
        training: of one of the kinds in `GENERATORS`.
        images: see `patn.batches.PairBatches`.
        keypoints: as `images`.
        pairs: as `images`.
        settings: seed, device, autocast, perceptual and identity, as of `patn.training.objective.PatnObjective`.

    Returns:
        The objective.

    Raises:
        DataError: for images of another size, or for no pairs.
    """
    objective = kind_of(training.generator).objective(training, images, keypoints, pairs, **settings)
    return Averaged(objective, training.ema) if training.ema else objective


def recorded_training(options: Mapping[str, Any]) -> GeneratorTraining:
    """The configuration whose `as_dict` is among these options; others are ignored.

    Args:
        options: as a run or a checkpoint records them.

    Returns:
        The configuration.

    Raises:
        DataError: for a generator that this version does not have.
    """
    start = kind_of(str(options.get("generator", "patn"))).preset("market")
    fields = type(start).__dataclass_fields__
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    return type(start)(**{name: value for name, value in values.items() if name in fields})
