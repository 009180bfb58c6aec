"""The answers of a study's volunteers in one SQLite file, each kept at once; several processes may write."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from numerics.seeds import Stream, random_stream

ANSWERS = "answers.sqlite"
KINDS = ("real", "generated")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS volunteer (number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, started REAL NOT NULL);
CREATE TABLE IF NOT EXISTS trial (
    id TEXT PRIMARY KEY, volunteer INTEGER NOT NULL REFERENCES volunteer, position INTEGER NOT NULL,
    practice INTEGER NOT NULL, file TEXT NOT NULL, kind TEXT NOT NULL,
    begun REAL, answer TEXT, answer_ms REAL, shown_ms REAL, answered REAL, UNIQUE (volunteer, position));
"""


@dataclass(frozen=True)
class Trial:
    """What the page may know of a picture.

    Attributes:
        id: opaque.
        seen: whether it has been shown.
    """

    id: str
    seen: bool


@dataclass(frozen=True)
class Progress:
    """Where a volunteer stands.

    Attributes:
        done: pictures answered.
        total: pictures in all.
        practice: how many of these, the first, are for practice.
        now: the picture to be shown; None at the end.
        next: the one after it.
    """

    done: int
    total: int
    practice: int
    now: Trial | None
    next: Trial | None


class Answers:
    """The answers file of a study's folder; made when it is first asked.

    Every call opens the file anew, so that threads and processes share it; write-ahead logging lets them read while one
    writes.

    Args:
        folder: the folder.

    Raises:
        AugmentError: for a file that is not such a database.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ANSWERS
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as database:
                database.row_factory = sqlite3.Row
                yield database
        except sqlite3.Error as error:
            raise AugmentError(f"{self.path}: cannot be used ({error}); free space, or move it away") from error

    def count(self) -> int:
        """How many volunteers have begun."""
        with self._open() as database:
            return int(database.execute("SELECT count(*) FROM volunteer").fetchone()[0])

    def add_volunteer(self, pictures: pd.DataFrame, images: int, practice: int, seed: int) -> str:
        """Sample a new volunteer's sequence, a function of (seed, the volunteer's number).

        Args:
            pictures: columns file and kind.
            images: so many of each kind are sampled and shuffled.
            practice: the first ones of the sequence that do not count.
            seed: of the study.

        Returns:
            An opaque token.
        """
        token = secrets.token_hex(16)
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO volunteer (token, started) VALUES (?, ?)", (token, time.time()))
            number = int(database.execute("SELECT last_insert_rowid()").fetchone()[0])
            rows = [
                (secrets.token_hex(16), number, position, position < practice, file, kind)
                for position, (file, kind) in enumerate(sequence(pictures, images, seed, number))
            ]
            columns = "id, volunteer, position, practice, file, kind"
            database.executemany(f"INSERT INTO trial ({columns}) VALUES (?, ?, ?, ?, ?, ?)", rows)
            database.execute("COMMIT")
        return token

    def progress(self, token: str) -> Progress | None:
        """Where a volunteer stands.

        Args:
            token: the volunteer's.

        Returns:
            None for an unknown token.
        """
        with self._open() as database:
            trials = database.execute(
                "SELECT id, begun, answer, practice FROM trial JOIN volunteer ON volunteer = number "
                "WHERE token = ? ORDER BY position",
                (token,),
            ).fetchall()
        if not trials:
            return None
        open_ones = [Trial(row["id"], row["begun"] is not None) for row in trials if row["answer"] is None]
        now, after = [*open_ones[:2], None, None][:2]
        practice = sum(row["practice"] for row in trials)
        return Progress(len(trials) - len(open_ones), len(trials), practice, now, after)

    def picture(self, trial: str) -> str | None:
        """The file of a picture that has not been shown yet.

        Args:
            trial: its id.

        Returns:
            None for any other id.
        """
        with self._open() as database:
            row = database.execute(
                "SELECT file FROM trial WHERE id = ? AND begun IS NULL AND answer IS NULL", (trial,)
            ).fetchone()
        return None if row is None else str(row["file"])

    def begin(self, token: str, trial: str) -> None:
        """Note that a picture is on the screen: it is not shown again.

        Args:
            token: the volunteer's.
            trial: the picture's id.
        """
        self._set(token, trial, "begun", {"begun": time.time()})

    def shown(self, token: str, trial: str, milliseconds: float) -> None:
        """Note for how long, by the browser's clock, a picture was on the screen.

        Args:
            token: the volunteer's.
            trial: the picture's id.
            milliseconds: by the browser's clock.
        """
        self._set(token, trial, "shown_ms", {"shown_ms": milliseconds})

    def answer(self, token: str, trial: str, kind: str, milliseconds: float) -> None:
        """Keep an answer; the first one stays.

        Args:
            token: the volunteer's.
            trial: the picture's id.
            kind: real or generated.
            milliseconds: how long after the picture appeared it came.
        """
        self._set(token, trial, "answer", {"answer": kind, "answer_ms": milliseconds, "answered": time.time()})

    def _set(self, token: str, trial: str, once: str, values: Mapping[str, object]) -> None:
        """Fill columns of a volunteer's trial, unless `once` is filled already."""
        columns = ", ".join(f"{column} = ?" for column in values)
        with self._open() as database:
            database.execute(
                f"UPDATE trial SET {columns} WHERE id = ? AND {once} IS NULL "
                "AND volunteer = (SELECT number FROM volunteer WHERE token = ?)",
                (*values.values(), trial, token),
            )

    def judgements(self) -> pd.DataFrame:
        """The answers of all volunteers.

        Returns:
            A row a picture of a volunteer's sequence, in order: volunteer, position, practice, file, kind, answer,
            answer_ms, shown_ms; what has not been given yet is missing.
        """
        columns = ["volunteer", "position", "practice", "file", "kind", "answer", "answer_ms", "shown_ms"]
        with self._open() as database:
            rows = database.execute(f"SELECT {', '.join(columns)} FROM trial ORDER BY volunteer, position").fetchall()
        table = pd.DataFrame([tuple(row) for row in rows], columns=columns)
        return table.astype({"practice": bool, "answer_ms": float, "shown_ms": float})


def sequence(pictures: pd.DataFrame, images: int, seed: int, number: int) -> Sequence[tuple[str, str]]:
    """The (file, kind) that a volunteer sees, in order.

    Args:
        pictures: columns file and kind.
        images: so many of each kind.
        seed: of the study.
        number: the volunteer's.
    """
    rng = random_stream(seed, Stream.STUDY_SEQUENCE, number)
    files = {kind: pictures.loc[pictures["kind"] == kind, "file"].to_numpy(dtype=str) for kind in KINDS}
    drawn = [(str(file), kind) for kind in KINDS for file in rng.choice(files[kind], images, replace=False)]
    return [drawn[index] for index in rng.permutation(len(drawn))]
