"""The digest of a tree: the same for the same files, another for any change, and never a link out."""

from __future__ import annotations

import os
import subprocess

import pytest

from governance.registry import local_tree
from governance.registry import tree_digest as registry_digest
from governance.sandbox import SandboxFailure, tree_digest


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "data" / "model.pkl").write_bytes(b"\x80\x04N.")
    (folder / "data.txt").write_bytes(b"")
    return folder


def test_it_is_what_the_registry_and_sha256sum_say(tree):
    command = r"find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    said = subprocess.run(command, shell=True, cwd=tree, capture_output=True, text=True, check=True).stdout
    assert tree_digest(tree) == "sha256:" + said.split()[0]
    assert tree_digest(tree) == registry_digest(local_tree(tree))


def test_it_is_blind_to_times_modes_and_empty_folders(tree):
    before = tree_digest(tree)
    os.utime(tree / "MLmodel", (0, 0))
    (tree / "MLmodel").chmod(0o600)
    (tree / "empty").mkdir()
    assert tree_digest(tree) == before


def test_a_changed_moved_or_added_file_changes_it(tree):
    seen = {tree_digest(tree)}
    (tree / "MLmodel").write_text("flavors: []\n")
    seen.add(tree_digest(tree))
    (tree / "MLmodel").rename(tree / "MLmodel2")
    seen.add(tree_digest(tree))
    (tree / "new").touch()
    seen.add(tree_digest(tree))
    assert len(seen) == 4


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "nowhere", ".", "data"])
def test_a_link_out_of_the_tree_is_refused(tree, target):
    (tree.parent / "outside").touch()
    (tree / "link").symlink_to(target)
    with pytest.raises(SandboxFailure) as failure:
        tree_digest(tree)
    assert failure.value.message.to_json() == {"code": "sandbox.artifact_link", "params": {"path": "link"}}


def test_a_pipe_is_refused(tree):
    os.mkfifo(tree / "pipe")
    with pytest.raises(SandboxFailure) as failure:
        tree_digest(tree)
    assert failure.value.message.code == "sandbox.artifact_kind"
