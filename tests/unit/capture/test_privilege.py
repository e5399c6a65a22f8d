"""Giving up rights for good, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.capture.privilege import chosen_user, hand_over

DROP = """
import os, sys
from services.capture.privilege import User, chosen_user, drop, effective_capabilities
user = chosen_user("", {}) if os.geteuid() == 0 else User("me", os.geteuid(), os.getegid())
drop(user)
assert os.getresuid() == (user.uid,) * 3, os.getresuid()
assert effective_capabilities() == 0
for back in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try:
        back()
    except PermissionError:
        continue
    sys.exit("there is a way back")
print("dropped")
"""


def test_nothing_is_kept_and_there_is_no_way_back() -> None:
    ran = subprocess.run([sys.executable, "-c", DROP], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("dropped\n", "")


def test_the_user_is_the_wanted_one_or_who_called_sudo_or_nobody() -> None:
    assert chosen_user("root", {}).uid == 0
    assert chosen_user("", {"SUDO_UID": "1"}).uid == 1
    assert chosen_user("", {"SUDO_UID": "0"}).name == "nobody"
    assert chosen_user("", {}).name == "nobody"
    with pytest.raises(ValueError, match="there is no user nobody-like-that"):
        chosen_user("nobody-like-that", {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_is_handed_over_with_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    (folder / "spool").mkdir(parents=True)
    (folder / "spool" / "1").write_bytes(b"")
    user = chosen_user("nobody", {})
    hand_over(folder, user)
    owners = {path.stat().st_uid for path in (folder, folder / "spool", folder / "spool" / "1")}
    assert owners == {user.uid}
