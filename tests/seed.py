"""The user's specification as test material: its YAML blocks, alone or spliced into a flow that can run them."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).parent / "data" / "batch-task-processing.md").read_text("utf-8")

BLOCKS: tuple[str, ...] = tuple(re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE))
"""The seven blocks in order, byte for byte; `hosted` numbers them from 1."""

HOST = """\
name: host
params:
  numbers:
    type: list
    default: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  batch_size:
    type: integer
    default: 3
  data:
    type: list
    default: [10, 20, 30, 40, 50]
  item:
    type: list
    default: [1, 2, 3]

steps:
  split_into_batches:
    type: python
    inputs:
      code: |
        size = params['batch_size']
        result = [numbers[i:i + size] for i in range(0, len(numbers), size)]

"""

HANDLERS = '''\
"""Handlers that the blocks name."""


def process_chunk(chunk):
    return sum(chunk)


def process_items(items, progress=None):
    return [item * 2 for item in items]


def process_batch(batch):
    if 4 in batch:
        raise ValueError("four is not welcome")
    return sum(batch)
'''


def hosted(number: int) -> str:
    """A flow that holds block `number` (1 to 7): blocks 1 and 7 as they are, the steps of others byte for byte in a host."""
    block = BLOCKS[number - 1]
    if number in (1, 7):
        return block
    return HOST + block.split("steps:\n", 1)[1]
