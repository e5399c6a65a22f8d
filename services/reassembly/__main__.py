"""`python -m services.reassembly`: one worker."""

from services.runtime.run import run

run("reassembly")
