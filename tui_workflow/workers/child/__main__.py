"""The entry of a worker process; its descriptors come as arguments: socket, shared memory, lifeline."""

import sys

from tui_workflow.workers.child.boot import main

if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]), sys.argv[4])
