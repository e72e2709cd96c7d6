"""The entry of a worker process; its descriptors come as arguments: socket, shared memory, lifeline."""

import sys

from tui_workflow.workers.child.boot import main

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
