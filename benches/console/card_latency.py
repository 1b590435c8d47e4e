#!/usr/bin/env python3
"""How long a row's card takes, from the key that moves the cursor to the last byte of its picture, through a real pty.

    card_latency.py PROGRAM WORKSPACE [--moves 600] [--pace 0.25] [--size 160x48] [--only walk,jump]

WORKSPACE holds a trained champion and `prediction_output/output.csv`. The console is opened on Review and its cursor moved:
`walk` goes down row by row, as one reads; `jump` goes to a place far away each time (screens, ends), where no card can have
been made ready. After each key the program is left alone until it has sent nothing for the pace; the time of a move is that
of the last byte it sent, so a card that comes in two pictures counts as late as its second. One JSON object on stdout:
milliseconds as p50, p90, p99 and max, by kind of move.
"""
import argparse
import fcntl
import json
import os
import pty
import random
import select
import struct
import termios
import time


def quiet(fd: int, pace: float, most: float = 10.0) -> tuple[float | None, bytes]:
    """When the last byte came before nothing came for `pace` seconds; None if none came at all."""
    last, seen, end = None, b"", time.perf_counter() + most
    while time.perf_counter() < end:
        ready, _, _ = select.select([fd], [], [], pace)
        if not ready:
            break
        try:
            seen += os.read(fd, 1 << 16)
        except OSError:
            break
        last = time.perf_counter()
    return last, seen


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("workspace")
    parser.add_argument("--moves", type=int, default=600)
    parser.add_argument("--pace", type=float, default=0.25)
    parser.add_argument("--size", default="160x48")
    parser.add_argument("--only", default="walk,jump")
    arguments = parser.parse_args()
    columns, rows = (int(part) for part in arguments.size.split("x"))
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        time.sleep(0.1)
        os.execv(arguments.program, [arguments.program, "--workspace", arguments.workspace])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    quiet(fd, 1.0)
    os.write(fd, b"4")
    quiet(fd, 3.0, 30.0)
    # The session before may have been left on the last row.
    os.write(fd, b"g")
    quiet(fd, 1.0)
    dice = random.Random(7)
    result = {}
    for kind in arguments.only.split(","):
        times, silent = [], 0
        for _ in range(arguments.moves):
            key = b"j" if kind == "walk" else dice.choice([b"\x1b[6~"] * 4 + [b"\x1b[5~", b"G", b"g", b"\x04"])
            begun = time.perf_counter()
            os.write(fd, key)
            last, _ = quiet(fd, arguments.pace)
            if last is None:
                silent += 1
            else:
                times.append((last - begun) * 1e3)
        if times:
            shares = {name: round(quantile(times, q), 2) for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}
            result[kind] = {"moves": len(times), "without_answer": silent, **shares, "max": round(max(times), 2)}
    os.write(fd, b"q")
    quiet(fd, 0.5)
    os.close(fd)
    _, status = os.waitpid(pid, 0)
    result["exit"] = os.waitstatus_to_exitcode(status)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
