"""The plan of a generated set: for every image to be made its source image, the image whose pose it takes, its name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

import numpy as np
import pandas as pd

from augment import AugmentError, Misuse
from augment.generation.target_poses import PoseBank
from augment.inference.plan_images import COPY
from numerics.seeds import Stream, random_stream


class TargetPoses(StrEnum):
    """Whose poses people are generated in."""

    REMOVED = "removed"
    REDUCED = "reduced"
    ALL = "all"
    OWN = "own"
    CANONICAL = "canonical"
    RARE = "rare"
    FILE = "file"


TARGET_POSES = tuple(each.value for each in TargetPoses)
FILL, DROP = "fill", "drop"
COLUMNS = ["output", "pid", "source", "pose", "how"]


@dataclass(frozen=True)
class Sampling:
    """How sources and target poses are sampled.

    Attributes:
        target_poses: the removed image's own pose ("removed", the paper's Ours), a random one of M^R_p ("reduced",
            Ours*), of the whole training set ("all"), or the source's own ("own": a control without pose transfer); or
            one of a bank that `make_plan` is given: a few typical poses of M^R_p ("canonical"), its rare ones more
            often ("rare"), or those of a file ("file"). `ratio` 2 and 3 add one and two images per real image, at
            portion 1 only. `missing` says what becomes of a removed image without key points: "fill" takes another
            pose, "drop" leaves it out. `per_identity` K, in place of replacing what was removed: every identity is
            filled up to K images from its kept ones; an identity that keeps K or more gets none.  "removed" then takes
            poses of the identity's removed images, and of all where it has none. `scenes` puts each generated person
            before the background of a kept image, see `augment.generation.scenes`.
    """

    target_poses: str = TargetPoses.REMOVED.value
    ratio: int = 1
    missing: str = FILL
    per_identity: int | None = None
    scenes: bool = False

    def __post_init__(self) -> None:
        if self.target_poses not in TARGET_POSES:
            raise AugmentError(f"target poses {self.target_poses!r}: must be one of {', '.join(TARGET_POSES)}")
        if self.ratio not in (1, 2, 3):
            raise AugmentError(f"ratio {self.ratio}: must be 1, 2 or 3")
        if self.missing not in (FILL, DROP):
            raise AugmentError(f"missing {self.missing!r}: must be {FILL} or {DROP}")
        if self.per_identity is not None and (self.per_identity < 2 or self.ratio != 1):
            raise Misuse(f"⟨per_identity⟩ {self.per_identity}: must be 2 or more, and goes without ⟨ratio⟩")


def make_plan(
    train: pd.DataFrame,
    posed: Sequence[str],
    kept: Sequence[str],
    sampling: Sampling,
    seed: int,
    bank: PoseBank | None = None,
) -> pd.DataFrame:
    """The images to be generated.

    Source images are uniform over the identity's kept images with a pose; a random target pose is never the source's
    own.

    Args:
        train: all training images (name, pid).
        posed: the names with usable key points.
        kept: M^R_p.
        sampling: how sources and target poses are sampled.
        seed: of the choice.
        bank: the poses of a sampling that needs one.

    Returns:
        A row an image: output, pid, source, pose (names) and how: "transfer", "other pose" where the removed image had
        none of its own, or "copy" where no kept image of the identity has a pose and the source is copied as it is.

    Raises:
        AugmentError: for a ratio of a reduced set, and where an image would have the name of another one.
    """
    chance = Chance(random_stream(seed, Stream.PLAN_SOURCES), random_stream(seed, Stream.PLAN_POSES))
    pid_of = dict(zip(train["name"], train["pid"], strict=True))
    has_pose, keeps = set(posed), set(kept)
    pools = Pools(pid_of, sorted(has_pose), keeps, bank)
    if sampling.per_identity is not None:
        rows = _fill(pools, sampling, sampling.per_identity, chance)
    elif sampling.ratio > 1:
        if len(keeps) < len(pid_of):
            raise AugmentError(f"ratio {sampling.ratio}: adds to the whole training set; use ⟨portion⟩ 1.0")
        jobs = [(name, k) for name in sorted(pid_of) for k in range(1, sampling.ratio)]
        rows = [_extra(name, k, name in has_pose, pid_of[name], pools, sampling, chance) for name, k in jobs]
    else:
        removed = sorted(set(pid_of) - keeps)
        rows_of_removed = (_replacement(name, has_pose, pid_of, pools, sampling, chance) for name in removed)
        rows = [row for row in rows_of_removed if row is not None]
    _refuse_collisions([row[0] for row in rows], set(pid_of))
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class Chance:
    """A plan's random streams: poses have their own, so that sets of one seed and portion share their sources.

    Attributes:
        sources: samples condition images.
        poses: samples target poses.
    """

    sources: np.random.Generator
    poses: np.random.Generator


class Pools:
    """Who can be a source and whose pose can be a target, looked up by identity; `bank`: poses from elsewhere."""

    def __init__(
        self, pid_of: Mapping[str, int], posed: Sequence[str], keeps: set[str], bank: PoseBank | None = None
    ) -> None:
        self.bank, self.pid_of, self.stems = bank, pid_of, output_stems(list(pid_of))
        self.posed = [name for name in posed if name in pid_of]
        self.kept_posed = [name for name in self.posed if name in keeps]
        self.sources: dict[int, list[str]] = {}
        self.kept: dict[int, list[str]] = {}
        self.removed_posed: dict[int, list[str]] = {}
        for name in sorted(keeps):
            self.kept.setdefault(pid_of[name], []).append(name)
        for name in self.posed:
            group = self.sources if name in keeps else self.removed_posed
            group.setdefault(pid_of[name], []).append(name)


Row = tuple[str, int, str, str, str]


def _replacement(
    name: str,
    has_pose: set[str],
    pid_of: Mapping[str, int],
    pools: Pools,
    sampling: Sampling,
    chance: Chance,
) -> Row | None:
    """The row of the image that takes the place of a removed one; None where it is dropped."""
    pid, output = pid_of[name], f"{pools.stems[name]}_gen.jpg"
    posed = pools.sources.get(pid)
    source = _sample(posed or pools.kept[pid], chance.sources)  # of a dropped image too: the others' sources stay
    if name not in has_pose and sampling.missing == DROP:
        return None
    if posed is None:
        return output, pid, source, "", COPY
    if sampling.target_poses != TargetPoses.REMOVED:
        return output, pid, source, random_pose(source, pid, pools, sampling, chance.poses), "transfer"
    if name in has_pose:
        return output, pid, source, name, "transfer"
    return output, pid, source, _sample(pools.removed_posed.get(pid, pools.posed), chance.poses), "other pose"


def _extra(name: str, number: int, posed: bool, pid: int, pools: Pools, sampling: Sampling, chance: Chance) -> Row:
    """The row of an additional image of a real one, in a random pose."""
    output = f"{pools.stems[name]}_gen{number}.jpg"
    if not posed:
        return output, pid, name, "", COPY
    return output, pid, name, random_pose(name, pid, pools, sampling, chance.poses), "transfer"


def _fill(pools: Pools, sampling: Sampling, count: int, chance: Chance) -> list[Row]:
    """The rows that bring every identity up to `count` images."""
    rows = []
    for pid, kept in pools.kept.items():
        made = dict.fromkeys(kept, 0)
        sources = pools.sources.get(pid)
        for _ in range(count - len(kept)):
            source = _sample(sources or kept, chance.sources)
            made[source] += 1
            rows.append(_extra(source, made[source], sources is not None, pid, pools, sampling, chance))
    return rows


def random_pose(source: str, pid: int, pools: Pools, sampling: Sampling, rng: np.random.Generator) -> str:
    """A target pose that is not the source's own, unless that is asked for or there is no other.

    Args:
        source: name of the condition image.
        pid: its identity.
        pools: what can be sampled.
        sampling: how.
        rng: of the plan's poses.
    """
    if sampling.target_poses == TargetPoses.OWN:
        return source
    if pools.bank is not None:
        return pools.bank.sample(rng)
    if sampling.target_poses == TargetPoses.REDUCED:
        pool = pools.kept_posed
    elif sampling.target_poses == TargetPoses.REMOVED and sampling.ratio == 1:
        pool = pools.removed_posed.get(pid, pools.posed)
    else:
        pool = pools.posed
    if len(pool) == 1:
        return pool[0]
    while (name := _sample(pool, rng)) == source:
        pass
    return name


def _sample(names: Sequence[str], rng: np.random.Generator) -> str:
    return names[int(rng.integers(len(names)))]


def output_stems(names: Sequence[str]) -> dict[str, str]:
    """What the names of generated images begin with, for each training image: its name without `.jpg` or `.jpg.jpg`.

    Where several images would share that, those not named STEM.jpg keep their own ending: of `x.jpg` and `x.png`,
    `x` and `x.png`.

    Args:
        names: of the training images.
    """
    stems = {name: PurePath(name.removesuffix(".jpg") if name.endswith(".jpg.jpg") else name).stem for name in names}
    counts = Counter(stems.values())
    return {name: stem if counts[stem] == 1 or name == f"{stem}.jpg" else name for name, stem in stems.items()}


def _refuse_collisions(outputs: Sequence[str], real: set[str]) -> None:
    """Raise AugmentError where a generated image would have the name of another one or of a real one."""
    seen = set(real)
    for output in outputs:
        if output in seen:
            raise AugmentError(
                f"{output}: would be the name of a generated image and is that of another; rename real images whose "
                "names end in _gen or _gen and a number"
            )
        seen.add(output)
