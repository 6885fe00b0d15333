"""Starts a program that cannot outlive the process that asked for it: `tether.py PARENT_PID PROGRAM ARGS...`.

On Linux the kernel sends SIGTERM to the program when its parent is gone, even by SIGKILL. This runs between
fork and exec as a program of its own, because code between fork and exec (`preexec_fn`) may deadlock in a
process with threads. Elsewhere the program is simply started.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Becomes the program; never returns."""
    parent, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask to be told
            sys.exit(1)
    os.execv(program, sys.argv[2:])  # noqa: S606 - the path comes from our own code


if __name__ == "__main__":
    main()
