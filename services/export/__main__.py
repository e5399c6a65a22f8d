"""`python -m services.export`: one worker."""

from services.runtime.run import run

if __name__ == "__main__":
    run("export")
