"""Work on the parts of a stream, several at a time, so that Python's side of a build has more than one core."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")


def in_order(work: Callable[[Part], Made], parts: Iterable[Part], threads: int | None = None) -> Iterator[Made]:
    """`work` of each part, in the order of the parts, which the caller's own thread reads.

    It pays where `work` is Arrow's, which lets other threads run meanwhile. What it raises comes in its part's place,
    and then no further part is read.

    Args:
        threads: how many parts are worked on at a time; None for one a core.
    """
    threads = threads or os.cpu_count() or 1
    pending: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for part in parts:
                pending.append(pool.submit(work, part))
                if len(pending) > threads:  # one more than are worked on, so that none waits for the reader
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
