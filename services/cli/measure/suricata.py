"""Suricata on the same file, with its HTTP parser and log and nothing else."""

import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from services.cli.output import say

RUN_S_MAX = 600
# Rules, other parsers and other logs off: the peer does the same work, no more.
CONFIGURATION = """%YAML 1.1
---
vars:
  address-groups: {HOME_NET: any, EXTERNAL_NET: any}
  port-groups: {HTTP_PORTS: any}
default-rule-path: /
rule-files: []
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types: [{http: {extended: yes}}]
stats: {enabled: no}
app-layer:
  protocols:
    http:
      enabled: yes
      libhtp: {default-config: {personality: IDS, request-body-limit: 0, response-body-limit: 0}}
stream:
  memcap: 1gb
  reassembly: {memcap: 1gb, depth: 0}
"""


def version() -> str | None:
    """What is installed; None: nothing."""
    program = shutil.which("suricata")
    if program is None:
        return None
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    return said.strip() or program


class Suricata:
    """One installed Suricata, ready to read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "suricata.yaml").write_text(CONFIGURATION)

    def cpu_s(self, capture: Path) -> float | None:
        """CPU seconds of one run, its start included; None, and a sentence, where it failed."""
        with tempfile.TemporaryDirectory(dir=self._folder) as logs:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [
                    "suricata", "-c", str(self._folder / "suricata.yaml"), "-r", str(capture),
                    "-l", logs, "-k", "none", "--runmode", "single",
                ],
                capture_output=True, text=True, check=False, timeout=RUN_S_MAX,
            )  # fmt: skip
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()
            say(f"suricata failed: {words[-1] if words else 'it said nothing'}")
            return None
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
