"""What a report on a workspace comes to: problems, notes, and the text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from augment.check.report import KeypointsChecked, Report
from augment.datasets.copies import copies_said
from augment.datasets.published import set_lines
from augment.layouts.kinds import DataLayout
from augment.plurals import counted
from reid.data.market1501 import Split

SHOWN = 5


def conclusions(report: Report) -> tuple[list[str], list[str]]:
    """What a report means, in sentences.

    Args:
        report: its own problems and notes are not looked at.

    Returns:
        Problems, for which commands would fail, and notes.
    """
    counts, people, images = report.counts, report.identities, report.images
    problems: list[str] = []
    notes: list[str] = []
    broken = images.unreadable
    problems += broken[:SHOWN]
    if len(broken) > SHOWN:
        problems.append(
            f"{counted(len(broken) - SHOWN, 'more image is', 'more images are')} unreadable; --json lists them all"
        )
    trains, tests = (True, True) if report.dataset is None else (report.dataset.trains, report.dataset.tests)
    notes += set_lines(report.dataset)[1]
    if not counts["train"] and trains:
        problems.append(f"{report.data}: no training images; nothing can be trained")
    if not DataLayout(report.layout).serves_reid:
        notes += _fashion_notes(report)
    elif tests and not people.queries_matched:
        problems.append(
            f"{report.data}: no query image has a gallery image of the same identity from another camera; "
            "re-ID cannot be evaluated"
        )
    elif tests and people.queries_unmatched:
        queries = counted(people.queries_unmatched, "query has", "queries have")
        notes.append(f"{queries} no gallery image from another camera; none counts")
    if images.resized:
        sizes = ("image is of another size and is", "images are of another size and are")
        notes.append(f"{counted(images.resized, *sizes)} resized when loaded")
    notes += report.transparency.sentences
    if people.train_nobody:
        nobody = counted(people.train_nobody, "training image is", "training images are")
        notes.append(f"{nobody} of identity 0 or -1 and not trained on")
    if people.train_single:
        single = counted(people.train_single, "identity has", "identities have")
        notes.append(f"{single} one training image only, which gives no pairs")
    if counts["train"] and not people.train_paired:
        notes.append("no identity has two training images: a generator cannot be trained")
    if people.train_and_test:
        both = counted(people.train_and_test, "identity is", "identities are")
        notes.append(
            f"{both} in both the training and the test part; models know these before "
            "they are tested, and their figures are too high"
        )
    notes += copies_said(report.copies)
    problems += _pose_problems(report.keypoints)
    for name, (found, expected) in (report.market1501 or {}).items():
        notes.append(f"{name}: {found:,} where Market-1501 has {expected:,}")
    return problems, [*notes, *_pose_notes(report.keypoints)]


def _fashion_notes(report: Report) -> list[str]:
    notes = ["DeepFashion: generators can be trained and evaluated; it has no cameras and no queries, so no re-ID"]
    for name, (found, expected) in (report.deepfashion or {}).items():
        notes.append(f"{name}: {found:,} where the authors' lists have {expected:,}".replace("gallery", "test"))
    published = DataLayout(report.layout).published_pairs or {}
    for split, expected in published.items() if report.pairs else ():
        found, word = getattr(report.pairs, split), "training" if split == Split.TRAIN else "test"
        if found != expected:
            notes.append(f"{counted(found, f'{word} pair')} where the paper has {expected:,}")
    return notes


def _pose_problems(keypoints: KeypointsChecked | None) -> list[str]:
    """What makes key points useless: they cannot be those of the images, or nobody has any."""
    if keypoints is None:
        return []
    problems = [f"key points ({keypoints.source}): {sentence}" for sentence in keypoints.impossible]
    counts, train = keypoints.summary, keypoints.summary.splits["train"]
    if counts.images == counts.no_pose:
        problems.append("no image has a joint: no generator can be trained; run `augment poses` again")
    elif train.images and train.images == train.no_torso:
        problems.append(
            "no training image shows both shoulders and both hips: no generator can be trained; run `augment poses` "
            "again"
        )
    return problems


def _pose_notes(keypoints: KeypointsChecked | None) -> list[str]:
    if keypoints is None:
        return ["no key points yet: run `augment poses`"]
    counts, notes = keypoints.summary, [f"key points: {sentence}" for sentence in keypoints.odd]
    again = "" if keypoints.source == "exact" else " --force"
    if counts.no_row:
        rowless = counted(counts.no_row, "image has", "images have")
        notes.append(f"{rowless} no row in the key point files: run `augment poses{again}`")
    if counts.no_pose:
        notes.append(f"{counted(counts.no_pose, 'image has', 'images have')} no pose")
    if counts.no_torso:
        lack = ("image lacks a shoulder or hip and gives", "images lack a shoulder or hip and give")
        notes.append(f"{counted(counts.no_torso, *lack)} no pairs")
    return notes


def check_text(report: Report) -> str:
    """A report in words.

    Args:
        report: as `check` returns it.
    """
    counts = report.counts
    height, width = report.size
    lines = [
        f"Workspace {report.workspace}: images {report.data}, working size {height} x {width}",
        f"training: {_of_identities(counts, 'train')}",
        *_test_lines(DataLayout(report.layout), counts),
        f"key points: {report.keypoints.source if report.keypoints else 'none'}",
    ]
    if report.market1501 == {}:
        lines.append("all counts are Market-1501's")
    if report.deepfashion == {}:
        lines.append("all counts are those of the authors' lists")
    lines += set_lines(report.dataset)[0]
    if report.pairs:
        lines.append(f"pairs: {report.pairs.train:,} for training, {report.pairs.gallery:,} for testing")
    for found in report.weights:
        missing = f"is not there, and needed only for {found.needed_for}; `augment info` says where to put it"
        lines.append(f"weights: {found.file} {found.path or missing}")
    lines += [f"note: {note}" for note in report.notes]
    lines += [f"WRONG: {problem}" for problem in report.problems]
    return "\n".join([*lines, "everything needed is there" if report.ok else "something needed is wrong"])


def _test_lines(layout: DataLayout, counts: Mapping[str, int]) -> list[str]:
    if not layout.serves_reid:
        return [f"test:     {_of_identities(counts, 'gallery')}"]
    return [
        f"query:    {_of_identities(counts, 'query')}",
        f"gallery:  {counted(counts['gallery'], 'image')}, among them "
        f"{counted(counts['gallery distractors'], 'distractor')} and {counts['gallery junk']:,} junk",
    ]


def _of_identities(counts: Mapping[str, int], split: str) -> str:
    """The images and identities of a split, in words."""
    people = counted(counts[f"{split} identities"], "identity", "identities")
    return f"{counted(counts[split], 'image')} of {people}"
