from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tui_workflow.workers.pool import Pool


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    pool = Pool(str(tmp_path))
    yield pool
    await pool.close()
