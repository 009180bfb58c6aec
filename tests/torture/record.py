"""What was done and found, as JSON with every seed and moment, and as a part of docs/results/reliability.md."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from augment.columns import markdown_table
from tests.torture.killing import KINDS, START, STOPPED_WITHIN, Blow
from tests.torture.sharing import READERS, Shared
from tests.torture.verbs import VERBS

ROOT = Path(__file__).resolve().parents[2]
RECORD, PAGE = ROOT / "tests" / "torture" / "record.json", ROOT / "docs" / "results" / "reliability.md"
START_MARK, END_MARK = "<!-- torture -->\n", "<!-- end torture -->\n"
HEAD = "# Reliability\n\n"
KINDS_OF_FILES = {
    "images": (".jpg", ".png"),
    "tables": (".csv", ".md", ".tex"),
    "weight files": (".safetensors",),
    "records": (".json", ".jsonl"),
    "settings and links": (),
}


@dataclass(frozen=True)
class Record:
    """A run of the torture: what was done, what an unbroken run left (files by kind), and what was wrong."""

    commit: str
    processor: str
    seconds: float
    files: dict[str, int]
    kills: list[Blow] = field(default_factory=list)
    stops: list[Blow] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """As JSON, a line an event."""
        lists = {name: value for name, value in asdict(self).items() if isinstance(value, list)}
        plain = {name: value for name, value in asdict(self).items() if name not in lists}
        lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in plain.items()]
        for name, values in lists.items():
            events = [{k: v for k, v in each.items() if v is not None} if name != "wrong" else each for each in values]
            inside = ",\n".join(f"  {json.dumps(event)}" for event in events)
            lines.append(f" {json.dumps(name)}: [\n{inside}\n ]")
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Record:
        """What `write` wrote."""
        held = json.loads(path.read_text(encoding="utf-8"))
        blows = {name: [Blow(**blow) for blow in held[name]] for name in ("kills", "stops")}
        shared = [Shared(**{**each, "readers": tuple(each["readers"])}) for each in held["shared"]]
        return cls(**{**held, **blows, "shared": shared})


def commit() -> str:
    """The commit of this checkout, with a plus where tracked files differ from it."""
    short = _git("rev-parse", "--short", "HEAD").strip()
    return short + ("+" if _git("status", "--porcelain", "--untracked-files=no").strip() else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False).stdout


def kinds(contents: Iterable[str]) -> dict[str, int]:
    """How many of these files are of each kind; what has another suffix is of the last."""
    of_suffix = {suffix: kind for kind, suffixes in KINDS_OF_FILES.items() for suffix in suffixes}
    counts = Counter(of_suffix.get(Path(name).suffix, [*KINDS_OF_FILES][-1]) for name in contents)
    return {kind: counts[kind] for kind in KINDS_OF_FILES}


def page(record: Record) -> str:
    """The part of docs/results/reliability.md."""
    files = ", ".join(f"{count} {kind}" for kind, count in record.files.items())
    verdict = "Nothing was wrong." if not record.wrong else "\n".join(f"- WRONG: {fault}" for fault in record.wrong)
    met = Counter(each.killed for each in record.shared)
    return f"""This part is written by `make torture`; do not edit it. Commit {record.commit}, one core of
{record.processor}, {record.seconds / 60:.1f} minutes. Every seed and moment is in
`tests/torture/record.json`.

{verdict}

## Killed

A command was killed {len(record.kills)} times by SIGKILL while it ran, and then given again; often it was killed again.
In the end every workspace equalled that of an unbroken run byte for byte, and no unfinished file was left: {files}. The
comparison leaves out the times in records and tables, and the report's page, which prints them.

{_blows(record.kills)}

The seed samples the moment of each kill. Kills in the work are spread evenly over the processor time that the verb
takes without a break. Kills at a file are spread evenly over all events just before a file is opened for writing,
renamed or removed or a folder is made. Kills at the start fall into the first {START:g} s of a new interpreter, which
imports then. Quartiles are shares of these ranges.

## Stopped

A command was stopped {len(record.stops)} times by Ctrl-C. Each time it exited with status 130 and named the command
that resumes, which led to the same bytes as above.

{_stops(record.stops)}

The clock includes the time during which other processes had the core. The processor time has to be under
{STOPPED_WITHIN:g} s.

## Shared

A verb was given again {len(record.shared)} times while another process ran it on the same workspace. The second process
named the first and waited. {met[False]} times the first one finished, and both printed the same. {met[True]} times the
first one was killed; the second got the lock and did the work. The bytes are the same as above. Meanwhile {_readers()}
worked.
"""


def _blows(blows: Sequence[Blow]) -> str:
    lines = [["verb", "kills", *KINDS, "quartiles of the moments"]]
    for verb in [*VERBS, "all"]:
        own = [blow for blow in blows if verb in (blow.verb, "all")]
        by_kind = Counter(blow.kind for blow in own)
        lines.append([verb, str(len(own)), *(str(by_kind[kind]) for kind in KINDS), _quartiles(own)])
    return markdown_table(lines)


def _stops(blows: Sequence[Blow]) -> str:
    lines = [["verb", "stops", "quartiles of the moments", "longest, processor", "longest, clock"]]
    for verb in [*VERBS, "all"]:
        own = [blow for blow in blows if verb in (blow.verb, "all")]
        longest = [
            f"{max((value for value in values if value is not None), default=0):.2f} s"
            for values in ([blow.cpu for blow in own], [blow.clock for blow in own])
        ]
        lines.append([verb, str(len(own)), _quartiles(own), *longest])
    return markdown_table(lines)


def _quartiles(blows: Sequence[Blow]) -> str:
    shares = [blow.share for blow in blows]
    return ", ".join(f"{value:.2f}" for value in quantiles(shares, n=4)) if len(shares) > 1 else ""


def _readers() -> str:
    return " and ".join(f"`augment {words.split()[0]}`" for words in READERS)


def publish(record: Record, path: Path = PAGE) -> None:
    """Write the part between the marks of docs/results/reliability.md, or the page where there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else f"{HEAD}{START_MARK}{END_MARK}"
    head, _, rest = text.partition(START_MARK)
    path.write_text(f"{head}{START_MARK}\n{page(record)}\n{END_MARK}{rest.partition(END_MARK)[2]}", encoding="utf-8")


def about(record: Record) -> Mapping[str, Any]:
    """Counts for a terminal or a test."""
    counts = {"kills": Counter(blow.verb for blow in record.kills), "stops": Counter(b.verb for b in record.stops)}
    return {**counts, "shared": Counter(each.verb for each in record.shared), "wrong": record.wrong}
