"""What a server's first process becomes once the others run: a few lines of Python that wait, run by path.

``python watch.py SERVING BESIDE`` takes two lists of its child processes, numbers with commas. It ends them when it is
told to (SIGTERM, SIGINT; status 0), or when one of ``SERVING`` has ended by itself (status 1). Imports nothing of the
application: that is what it is for (``app.serving``).
"""

import os
import signal
import sys
from collections.abc import Collection

STOPS = {signal.SIGTERM, signal.SIGINT}
HELD = STOPS | {signal.SIGCHLD, signal.SIGHUP}
"""Signals that wait until they are asked for; a hang-up of the terminal never is."""


def watch(serving: Collection[int], beside: Collection[int]) -> int:
    """Wait until all have ended; the status with which this process is to end. The signals of ``HELD`` are blocked."""
    left, stopping, status = {*serving, *beside}, False, 0
    while left:
        ended = {pid for pid in left if _ended(pid)}
        left -= ended
        if not stopping and (lost := ended.intersection(serving)):
            sys.stderr.write(f"Unexpected end of server process {min(lost)}: the server stops\n")
            stopping, status = True, 1
            _stop(left)
        elif left and signal.sigwait(STOPS | {signal.SIGCHLD}) in STOPS:
            stopping = True
            _stop(left)
    return status


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # it ended before this one began to watch
        return True


def _stop(left: Collection[int]) -> None:
    for pid in left:
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.exit(watch(*([int(pid) for pid in listed.split(",") if pid] for listed in sys.argv[1:3])))
