"""python -m services.browsing"""

from services.runtime.run import run

if __name__ == "__main__":
    run("browsing")
