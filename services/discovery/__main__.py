"""python -m services.discovery"""

from services.runtime.run import run

if __name__ == "__main__":
    run("discovery")
