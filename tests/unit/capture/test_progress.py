"""What is remembered between runs, and the names of runs."""

from pathlib import Path

from services.capture import epoch, keeping
from services.capture.progress import Progress


def test_only_a_run_without_holes_counts_as_arrived(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    for sequence in (0, 1, 3, 4):
        progress.arrived("packets/0", sequence)
    progress.arrived("ledger", 0)
    assert (progress.next("packets/0"), progress.next("packets/1")) == (2, 0)
    progress.save()
    again = Progress(tmp_path / "p.json")
    assert (again.next("packets/0"), again.next("ledger"), again.done) == (2, 1, False)
    again.arrived("packets/0", 2)
    assert again.next("packets/0") == 3
    progress.arrived("packets/0", 2)
    assert progress.next("packets/0") == 5


def test_a_half_written_file_never_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    keeping.save(path, {"a": 1})
    path.with_suffix(".new").write_text('{"a": ')
    assert keeping.load(path) == {"a": 1}
    path.write_text("[1, 2")
    assert keeping.load(path) == {}
    path.write_text("[1, 2]")
    assert keeping.load(path) == {}
    assert keeping.load(tmp_path / "none.json") == {}


def test_an_epoch_names_content_and_settings(tmp_path: Path) -> None:
    one, two, other = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    one.write_bytes(b"packets")
    two.write_bytes(b"packets")
    other.write_bytes(b"packetz")
    settings: dict[str, object] = {"site": "a", "partitions": 4}
    name = epoch.of_file(one, settings)
    assert name == epoch.of_file(two, dict(reversed(settings.items())))
    assert name != epoch.of_file(other, settings)
    assert name != epoch.of_file(one, {**settings, "partitions": 5})
    assert len(name) == len(epoch.drawn()) == epoch.EPOCH_HEX
    assert epoch.drawn() != epoch.drawn()
