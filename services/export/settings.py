"""The `[export]` section: what leaves for a SIEM, and the file beside the topic."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Findings always go out. `exchanges` sends each exchange too, as HTTP Activity: many times
    more events than findings. `file` is a JSON lines file that follows the topic; none without.
    It turns over at `file_bytes_max`, and `files_max` of them are kept, the written one included.
    `mask_key_file` holds the deployment's masking key; without it, this machine's own is used.
    """

    exchanges: bool = False
    mask_key_file: Path | None = None
    file: Path | None = None
    file_bytes_max: int = 104_857_600
    files_max: int = 10

    def __post_init__(self) -> None:
        if self.file_bytes_max < 1:
            raise ValueError("file_bytes_max must be at least 1")
        if self.files_max < 1:
            raise ValueError("files_max must be at least 1")
