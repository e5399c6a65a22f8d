"""The version, as in pyproject.toml: an image runs from the sources and has no package metadata."""

VERSION = "0.1.0"
