#!/usr/bin/env python3
"""Loads `nsec-tui serve` and FastAPI + LightGBM in one run, on the same rows, and prints one table.

    python3 -m venv venv && venv/bin/pip install -r benches/serve/requirements.txt
    venv/bin/python benches/serve/load.py target/release/nsec-tui

Needs `wrk` and `curl` (Debian packages). Both servers run alone, one after the other, on every core; wrk runs beside them on
the same cores, as bounded load on loopback. Rows are the bundled data; the stream is those rows over and over. Peak memory is
the high-water mark of the server's resident set (all processes added up), reset before the stream.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "Network_Data" / "phisingData.csv"
LUA = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[%s]==]
"""


def wait_for(url, process):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"the server ended: {process.args}")
        try:
            with urllib.request.urlopen(url, timeout=1) as reply:
                return reply.read()
        except OSError:
            time.sleep(0.1)
    process.kill()
    sys.exit(f"{url} does not answer")


def family(pid):
    """A process and all below it."""
    pids = [pid]
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text().split() if children.exists() else []:
        pids += family(int(child))
    return pids


def peak_mib(pid):
    total = 0
    for member in family(pid):
        status = Path(f"/proc/{member}/status").read_text()
        total += int(re.search(r"VmHWM:\s+(\d+)", status).group(1))
    return total / 1024


def reset_peak(pid):
    for member in family(pid):
        Path(f"/proc/{member}/clear_refs").write_text("5")


def load(url, body, work, seconds, connections):
    script = work / "post.lua"
    script.write_text(LUA % body)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    subprocess.run([*command[:3], "-d2s", *command[4:]], check=True, capture_output=True)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        sys.exit(f"{url}: {text}")
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    factor = {"us": 0.001, "ms": 1, "s": 1000}[latency.group(2)]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), float(latency.group(1)) * factor


def stream(url, rows, path, pid):
    reset_peak(pid)
    start = time.monotonic()
    command = ["curl", "--silent", "--fail", "--no-buffer", "-X", "POST", "-T", str(path), "-H", "Content-Type: text/csv",
               "-H", "Expect:", url]
    curl = subprocess.Popen(command, stdout=subprocess.PIPE)
    lines = sum(piece.count(b"\n") for piece in iter(lambda: curl.stdout.read(1 << 20), b""))
    seconds = time.monotonic() - start
    if curl.wait() != 0 or lines != rows + 1:
        sys.exit(f"{url}: {lines - 1} of {rows} rows came back, curl ended with {curl.returncode}")
    return rows / seconds, peak_mib(pid)


def ended(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="of uvicorn; its own default is 1")
    options = parser.parse_args()
    for tool in ("wrk", "curl"):
        shutil.which(tool) or sys.exit(f"{tool} is needed (Debian: apt-get install {tool})")
    program = str(Path(options.program).resolve())
    with tempfile.TemporaryDirectory() as directory:
        run(options, program, Path(directory))


def run(options, program, work):
    header, *rows = DATA.read_text().splitlines()
    names, label = header.split(","), "Result"
    record = {name: int(cell) for name, cell in zip(names, rows[0].split(",")) if name != label}
    body = json.dumps({"records": [record]}, separators=(",", ":"))
    big = work / "rows.csv"
    with big.open("w") as file:
        file.write(header + "\n")
        whole, rest = divmod(options.rows, len(rows))
        block = "\n".join(rows) + "\n"
        file.writelines([block] * whole)
        file.writelines(row + "\n" for row in rows[:rest])
    results = []

    def measure(name, process, base, one, many):
        requests, p99 = load(base + one, body, work, options.seconds, options.connections)
        rate, peak = stream(base + many, options.rows, big, process.pid)
        results.append((name, requests, p99, rate, peak))
        ended(process)

    space = work / "workspace"
    (space / "Network_Data").mkdir(parents=True)
    shutil.copy(DATA, space / "Network_Data")
    train = [program, "--workspace", str(space), "train", "--models", "gradient_boosting", "--search", "none"]
    subprocess.run(train, check=True, capture_output=True)
    base = f"http://127.0.0.1:{options.port}"
    serve = [program, "--workspace", str(space), "serve", "--listen", f"127.0.0.1:{options.port}"]
    process = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
    wait_for(base + "/readyz", process)
    measure("nsec-tui serve", process, base, "/v1/predict", "/v1/predict")

    cores = os.cpu_count() or 1
    environment = {**os.environ, "NSEC_BENCH_DATA": str(DATA)}
    command = [sys.executable, "-m", "uvicorn", "fastapi_app:app", "--port", str(options.port), "--workers", str(options.workers),
               "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(command, cwd=Path(__file__).parent, env=environment)
    wait_for(base + "/healthz", process)
    measure(f"FastAPI + LightGBM, uvicorn with {options.workers} worker(s)", process, base, "/predict", "/predict_csv")

    print(f"\n{cores} cores; wrk with {options.connections} connections for {options.seconds} s, one row a request; "
          f"stream of {options.rows:,} rows, {big.stat().st_size / 1e6:.0f} MB\n")
    print("| server | requests/s | p99 ms | stream rows/s | peak MiB |\n|---|---:|---:|---:|---:|")
    for name, requests, p99, rate, peak in results:
        print(f"| {name} | {requests:,.0f} | {p99:.2f} | {rate:,.0f} | {peak:.0f} |")
    ours, theirs = results
    print(f"\nsingle rows: {ours[1] / theirs[1]:.1f}x; stream: {ours[3] / theirs[3]:.1f}x")


if __name__ == "__main__":
    main()
