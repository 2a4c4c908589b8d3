"""Groups of the kernel's: made only where they were given to us, with the limits, and gone afterwards.

The files stand for the kernel's where this host has none to give; `probe` tries the real ones by a run.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from governance.sandbox import Limits, cgroups
from governance.sandbox.limits import MEBIBYTE


@pytest.fixture
def host(tmp_path):
    """A tree of groups as systemd leaves it, and our own place in it."""
    mount, proc = tmp_path / "cgroup", tmp_path / "proc"
    service = mount / "system.slice" / "sekisho.service"
    (service / "worker").mkdir(parents=True)
    proc.mkdir()
    for folder in (mount, service, service / "worker"):
        for name, text in {
            "cgroup.controllers": "cpu memory pids\n", "cgroup.subtree_control": "memory pids\n", "cgroup.procs": "",
        }.items():  # fmt: skip
            (folder / name).write_text(text)
    (service / "worker" / "cgroup.subtree_control").write_text("")
    (proc / "mountinfo").write_text(f"30 24 0:26 / {mount} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n")
    (proc / "cgroup").write_text("0::/system.slice/sekisho.service/worker\n")
    return mount, proc, service


def test_a_group_is_made_below_what_the_service_manager_gave_us(host, monkeypatch):
    _mount, proc, service = host
    monkeypatch.setattr(cgroups, "_ours", lambda folder, mount: folder == service)
    assert cgroups.find_parent(str(proc)) == str(service)


def test_nobody_elses_groups_are_touched(host, monkeypatch):
    _mount, proc, service = host
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert cgroups.find_parent(str(proc)) == ""
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert cgroups.find_parent(str(proc)) == ""
    assert (service / "worker" / "cgroup.subtree_control").read_text() == ""


@pytest.mark.parametrize("spoil", ["version 1", "no memory", "outside"])
def test_without_the_right_groups_memory_is_watched(host, monkeypatch, spoil):
    _mount, proc, service = host
    monkeypatch.setattr(cgroups, "_ours", lambda folder, mount: True)
    if spoil == "version 1":
        (proc / "mountinfo").write_text("30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
    elif spoil == "no memory":
        for folder in (service, service / "worker"):
            (folder / "cgroup.controllers").write_text("cpu pids\n")
    else:
        (proc / "cgroup").write_text("0::/../other\n")
    assert cgroups.find_parent(str(proc)) == ""


def test_what_is_found_here_is_what_the_kernel_offers():
    """Against the real kernel: where no controller is given, there is no parent to use."""
    mount, _own = cgroups._place(Path("/proc/self"))
    found = cgroups.find_parent()
    if not found:
        return
    assert mount is not None
    assert {"memory", "pids"} <= set(Path(found, "cgroup.subtree_control").read_text().split())
    with cgroups.group(found, Limits()) as group:
        entered = subprocess.run(group.entered(["cat", "/proc/self/cgroup"]), capture_output=True, text=True)
        assert group.path.name in entered.stdout
    assert not group.path.exists()


def test_a_group_has_the_limits_and_runs_the_command_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "rmdir", lambda self: [file.unlink() for file in self.iterdir()] and os.rmdir(self))
    with cgroups.group(str(tmp_path), Limits(memory=700 * MEBIBYTE, processes=20)) as group:
        said = {file.name: file.read_text() for file in group.path.iterdir()}
        assert said == {"memory.max": str(700 * MEBIBYTE), "pids.max": "28", "memory.oom.group": "1"}
        ran = subprocess.run(group.entered(["sh", "-c", "echo $$ $0", "a b"]), capture_output=True, text=True)
        assert ran.stdout == f"{(group.path / 'cgroup.procs').read_text().strip()} a b\n"
        assert not group.ran_out_of_memory()
        (group.path / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
        assert group.ran_out_of_memory()
    assert not group.path.exists()
    with cgroups.group("", Limits()) as none:
        assert none is None
