import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from augment import AugmentError
from augment.workers import AHEAD, overlapped, thread_map, worker_pool
from tests.children import child
from tests.pipelines.processes import alive, until

SCRIPT = """
import os, sys
from augment.workers import AHEAD, thread_map, worker_pool
if __name__ == "__main__":
    with worker_pool(1, "waiting") as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_idle_worker_ends_with_the_process_that_started_it(tmp_path: Path, sent: signal.Signals) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(SCRIPT)
    with child(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(sent)
        assert parent.wait(timeout=180) != 0
        assert until(lambda: not alive(worker))


def test_a_killed_worker_is_one_sentence() -> None:
    sentence = r"a process died while counting \(killed, or out of memory\); run the same command again"
    with pytest.raises(AugmentError, match=sentence), worker_pool(1, "counting") as pool:
        pool.submit(os._exit, 9).result()


def test_threads_keep_the_order_and_are_given_a_few_items_at_a_time() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        return item * item

    count = 3 * AHEAD
    results = thread_map(work, range(count), 4)
    assert next(results) == 0
    assert len(begun) <= AHEAD
    assert list(results) == [item * item for item in range(1, count)]
    assert sorted(begun) == list(range(count))


def test_threads_stop_at_the_first_error() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise AugmentError("odd")

    with pytest.raises(AugmentError, match="odd"):
        list(thread_map(work, range(10 * AHEAD), 2))
    assert len(begun) <= AHEAD


def test_the_next_is_read_and_the_last_is_written_while_one_is_worked_on() -> None:
    at_work, may_go = threading.Event(), threading.Event()
    said: list[str] = []

    def read(item: int) -> int:
        if item == 2:
            assert at_work.wait(180)  # the second is worked on while the third is read ...
            may_go.set()
        said.append(f"read {item}")
        return item * item

    def work(item: int, found: int) -> str:
        if item == 1:
            at_work.set()
            assert may_go.wait(180)  # ... and its work goes on only then
        return f"{item}: {found}"

    written: list[str] = []
    overlapped(range(4), read, work, lambda item, made: written.append(f"{item} {made}"))
    assert written == ["0 0: 0", "1 1: 1", "2 2: 4", "3 3: 9"]
    assert said == ["read 0", "read 1", "read 2", "read 3"]


@pytest.mark.parametrize("failing", ["read", "work", "write"])
def test_an_error_anywhere_ends_it_and_what_was_worked_on_before_is_written(failing: str) -> None:
    written: list[int] = []

    def step(name: str, item: int) -> int:
        if name == failing and item == 2:
            raise AugmentError(f"{name} {item}")
        return item

    def write(item: int, made: int) -> None:
        written.append(step("write", made))

    with pytest.raises(AugmentError, match=f"{failing} 2"):
        overlapped(range(9), lambda item: step("read", item), lambda item, found: step("work", found), write)
    assert written[:2] == [0, 1]
    assert set(written) <= {0, 1, 3}
