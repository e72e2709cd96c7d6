"""Open the dashboard on a simulated run: `python -m tests.ui.demo [--items N] [--theme T] [--ascii] [--hostile] [--done] [--go]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import time

from tests.ui.simulate import Simulation
from tui_workflow.ui.app import dashboard
from tui_workflow.ui.options import Options


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--theme", default="")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--done", action="store_true")
    parser.add_argument("--go", action="store_true", help="let time pass")
    args = parser.parse_args()
    run = Simulation(total=args.items, hostile=args.hostile)
    if args.done:
        run.succeed()

    async def go() -> None:
        while args.go:
            await asyncio.sleep(0.2)
            run.advance(0.2)

    going = asyncio.ensure_future(go())
    options = Options(
        theme=args.theme, ascii=args.ascii, resume="wf-tui nightly.yaml --resume", library=run, environ=dict(os.environ)
    )
    left = await dashboard(run, run, options).run_async()
    going.cancel()
    print(left)


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    time.tzset()
    asyncio.run(main())
