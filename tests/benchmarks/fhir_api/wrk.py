"""wrk, the load tool: as many requests as can be answered, and what its clients waited.

Source: https://github.com/wg/wrk
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 8

# What wrk prints is for people; this prints the same for us. Latencies are microseconds.
_TELL: Final = """
function done(summary, latency, requests)
  io.write(string.format(
    '\\nTOLD {"requests":%d,"micros":%d,"p50":%.1f,"p99":%.1f,"refused":%d,"broken":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one run of wrk.

    p50_ms, p99_ms  how long its clients waited
    refused         answers of 400 and above; broken: connections that failed
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int


def wrk(address: str, script: str, *, seconds: float, core: int | None = None) -> Load:
    """What `seconds` of the requests that the Lua `script` makes came to, on `core` where one is named.

    Raises RuntimeError when wrk is missing or says nothing we understand.
    """
    found = shutil.which("wrk")
    if found is None:
        raise RuntimeError("wrk is not on this machine; on Debian: apt-get install wrk")
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    with tempfile.TemporaryDirectory(prefix="care-gateway-wrk-") as folder:
        file = Path(folder) / "requests.lua"
        file.write_text(script + _TELL)
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
        ran = subprocess.run(
            [*pinned, found, *options, "-s", file, address], capture_output=True, text=True, check=False
        )
    told = next((line for line in ran.stdout.splitlines() if line.startswith("TOLD ")), None)
    if told is None:
        raise RuntimeError(f"wrk ended with {ran.returncode}: {(ran.stdout + ran.stderr)[-500:]}")
    said = json.loads(told.removeprefix("TOLD "))
    return Load(
        requests=said["requests"],
        seconds=said["micros"] / 1e6,
        p50_ms=said["p50"] / 1000,
        p99_ms=said["p99"] / 1000,
        refused=said["refused"],
        broken=said["broken"],
    )
