"""The training set as Parquet: every sample, its origin and split, and no secret."""

from pathlib import Path

import pyarrow.parquet as pq

from services.cli import dataset
from services.cli.dataset import COLUMNS
from services.detect.training.samples import Origin, Sample, sample
from services.detect.verdict import Inspector
from services.detect.view import Bytes, PlainRequest
from services.runtime.masking import Masker

SECRET = "hunter2-hunter2"
REQUEST = PlainRequest(
    method=b"POST", target=b"/login?token=" + SECRET.encode(), version="1.1",
    headers=[(b"Cookie", b"session=" + SECRET.encode()), (b"X-Odd", b"\xff<script>alert(1)"),
             (b"Content-Type", b"application/json")],
    body=Bytes(b'{"user": "ann", "password": "%s"}' % SECRET.encode()),
)  # fmt: skip


def one(origin: Origin) -> Sample:
    return sample("labels", True, "xss", REQUEST, origin, Inspector().read(REQUEST))


def test_a_row_a_sample_with_origin_and_split_and_without_secrets(tmp_path: Path) -> None:
    place = Origin("label", "ann", "id1", "exchanges", 3, 77)
    given = [("train", one(place)), ("held", one(Origin("file", exchange="7")))]
    path = tmp_path / "set.parquet"
    assert dataset.write(path, given, Masker(b"key")) == 2
    assert SECRET.encode() not in path.read_bytes()
    written = pq.read_table(path)
    assert written.column_names == [name for name, _, _ in COLUMNS]
    labelled, of_file = written.to_pylist()
    assert (labelled["split"], of_file["split"]) == ("train", "held")
    assert (labelled["topic"], labelled["partition"], labelled["offset"]) == ("exchanges", 3, 77)
    assert (labelled["label"], labelled["by"], labelled["class"]) == ("label", "ann", "xss")
    assert (of_file["topic"], of_file["offset"], of_file["exchange"]) == (None, None, "7")
    assert [header["name"] for header in labelled["headers"]] == ["Cookie", "X-Odd", "Content-Type"]
    assert SECRET not in str(labelled)
    assert '"user":"ann"' in labelled["body"]
    assert {said["where"] for said in labelled["rules"]} == {"header.x-odd"}


def test_many_rows_are_written_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "set.parquet"
    many = dataset.ROWS_A_GROUP + 1
    sample_ = one(Origin("file"))
    assert dataset.write(path, (("train", sample_) for _ in range(many)), Masker(b"key")) == many
    assert pq.read_metadata(path).num_row_groups == 2
