"""Requests into batches that the provider's limits allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from aifirst_dagster.llm.batches.wire import Limits

_T = TypeVar("_T")


def split(requests: Sequence[_T], sizes: Sequence[int], limits: Limits) -> Iterator[list[_T]]:
    """Runs of `requests`, in order, each within `limits`.

    Args:
        requests: What to divide.
        sizes: Bytes of each; one that is longer than a whole batch may be is alone in its own.
        limits: What one batch may hold.
    """
    some: list[_T] = []
    held = 0
    for request, size in zip(requests, sizes, strict=True):
        if some and (len(some) == limits.requests or held + size > limits.bytes):
            yield some
            some, held = [], 0
        some.append(request)
        held += size
    if some:
        yield some
