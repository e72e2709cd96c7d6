from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.bench import Folder, processes_of


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A folder of its own; what a test leaves running in it is ended with the test."""
    yield Folder(tmp_path / "work")
    for number in processes_of(tmp_path):
        os.kill(number, 9)
