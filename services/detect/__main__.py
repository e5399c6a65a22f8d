"""python -m services.detect"""

from services.runtime.run import run

if __name__ == "__main__":
    run("detect")
