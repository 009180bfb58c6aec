"""A training that is interrupted at a step of one's choice."""

from pathlib import Path

import pytest

from augment.training import loop


def interrupt_after(monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    """Let the training loop be interrupted, as by Ctrl-C, right after it has saved its state of that step."""
    save = loop.save_state

    def save_and_stop(objective: loop.Objective, path: Path, step: int) -> None:
        save(objective, path, step)
        if step == last:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "save_state", save_and_stop)
