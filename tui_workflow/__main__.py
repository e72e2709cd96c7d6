"""`python -m tui_workflow` is `wf-tui`; the current folder is no place to import from."""

import sys

if sys.path and sys.path[0] in {"", __import__("os").getcwd()}:
    del sys.path[0]

from tui_workflow.cli import main

main()
