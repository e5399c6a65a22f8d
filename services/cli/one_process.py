"""The services wired up in this process, for `read` and for measuring."""

import importlib
from collections.abc import Collection
from typing import Any

from services.runtime.core import Service
from services.runtime.inline import Pipeline
from services.runtime.settings import Deployment

# In the order of the data. Browsing and detect learn what exists from discovery.
ALL = ("reassembly", "detect", "browsing", "discovery")
ANALYSIS = {"findings", "endpoints"}


def pipeline(deployment: Deployment, topics: Collection[str]) -> Pipeline:
    """What it takes from packets to these topics, and no more: `read` must start fast."""
    wanted = ALL if ANALYSIS & set(topics) else ALL[:1]
    return Pipeline([service(name, deployment) for name in wanted], topics)


def service(name: str, deployment: Deployment) -> Service:
    """One service with its own section of the settings."""
    shape: Any = importlib.import_module(f"services.{name}.settings").Settings
    made = importlib.import_module(f"services.{name}.worker").service(deployment.of(shape))
    assert isinstance(made, Service), f"services.{name}.worker.service gave no Service"
    return made
