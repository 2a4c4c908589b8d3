"""What hostile code tries behind the walls: it gets nothing out, changes nothing, and is gone in time."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from governance.sandbox import SandboxFailure

from .conftest import QUICK, running


def test_it_cannot_read_secrets(attack, secret):
    os.environ["SEKISHO_TEST_SECRET"] = "hunter2"
    try:
        seen = attack(
            """
            homes = [tried(lambda p=p: open(p).read()) for p in task["paths"]]
            answer(homes=homes, environment=sorted(os.environ.values()), root=sorted(os.listdir("/")))
            """,
            paths=[str(secret), "/etc/shadow", "/etc/passwd", "/proc/1/environ", f"/proc/{os.getpid()}/environ",
                   os.path.abspath("manage.py"), os.path.abspath("portal/settings.py"), "/var/lib"],
        ).payload  # fmt: skip
    finally:
        del os.environ["SEKISHO_TEST_SECRET"]
    assert all(read in ("FileNotFoundError", "PermissionError", "NotADirectoryError", "''") for read in seen["homes"])
    assert not [value for value in seen["environment"] if "hunter2" in value]
    assert "home" not in seen["root"]


def test_it_writes_nowhere_but_to_a_small_place(attack, tmp_path):
    outside = tmp_path / "written"
    seen = attack(
        """
        places = [task["outside"], "/x", "/usr/x", "/dev/x", "/sekisho/model/x", "/sekisho/input/task.json",
                  sys.prefix + "/x", os.path.realpath(sys.executable), "/proc/sys/kernel/core_pattern"]
        wrote = [p for p in places if "Error" not in tried(lambda: open(p, "ab").write(b"x"))]
        modes = [p for p in places if "Error" not in tried(lambda: os.chmod(p, 0o777))]
        def fill(folder):
            total = 0
            try:
                for i in range(1000):
                    open(f"{folder}/{i}", "wb").write(b"x" * 2**20); total += 1
            except OSError:
                pass
            return total
        answer(wrote=wrote, modes=modes, tmp=fill("/tmp"), shm=fill("/dev/shm"))
        """,
        outside=str(outside),
    ).payload
    assert seen["wrote"] == []
    assert seen["modes"] == []
    assert 1 <= seen["tmp"] <= QUICK.scratch_bytes // 2**20
    assert seen["shm"] <= 16
    assert not outside.exists()


def test_it_reaches_no_network_not_even_this_machine(attack):
    reached = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def accept():
            try:
                server.accept()
                reached.set()
            except OSError:
                pass

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        seen = attack(
            """
            addresses = [("127.0.0.1", task["port"]), ("192.0.2.1", 80), ("169.254.169.254", 80)]
            answer(
                tried=[tried(lambda a=a: socket.create_connection(a, 1)) for a in addresses],
                names=tried(lambda: socket.getaddrinfo("example.org", 80)),
            )
            """,
            port=server.getsockname()[1],
        ).payload
    assert all(name in ("OSError", "ConnectionRefusedError", "TimeoutError") for name in seen["tried"])
    assert seen["names"] == "gaierror"
    assert not reached.is_set()


def test_it_has_no_rights_and_gets_none(attack):
    seen = attack(
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        status = dict(l.split(":\\t", 1) for l in open("/proc/self/status").read().splitlines() if ":\\t" in l)
        answer(
            user=os.getuid(),
            capabilities=[int(status[c], 16) for c in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
            groups=status["Groups"].split(),
            root=tried(lambda: os.setuid(0) if os.getuid() else 1 / 0),
            spaces=[libc.unshare(0x10000000), libc.unshare(0x00020000)],
            mounted=libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=8g"),
            traced=libc.ptrace(16, 1, 0, 0),
            memory=tried(lambda: os.memfd_create("x")),
            killed=tried(lambda: os.kill(1, 9)),
        )
        """
    ).payload
    assert seen["capabilities"] == [0] * 5
    assert seen["spaces"] == [-1, -1]
    assert seen["mounted"] == seen["traced"] == -1
    assert seen["root"] in ("PermissionError", "ZeroDivisionError")
    assert seen["memory"] == "PermissionError"
    if os.getuid() == 0:
        assert seen["user"] >= 60_000
        assert seen["groups"] == []
        assert seen["killed"] == "PermissionError"


def test_it_sees_no_process_but_its_own(attack):
    seen = attack("answer(seen=[int(p) for p in os.listdir('/proc') if p.isdigit()])").payload
    assert len(seen["seen"]) <= 3
    assert os.getpid() not in seen["seen"] or os.getpid() <= 3


def test_a_fork_bomb_ends_at_the_limit_and_leaves_nothing(attack, tmp_path):
    seen = attack(
        """
        import time
        made = 0
        try:
            while made < 2000:
                if os.fork() == 0:
                    time.sleep(60); os._exit(0)
                made += 1
        except OSError:
            pass
        answer(made=made)
        os._exit(0)
        """
    )
    assert 1 <= seen.payload["made"] < QUICK.processes
    assert seen.seconds < QUICK.wall_seconds
    assert running(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("while True: pass", "sandbox.timed_out"),
        ("import time; time.sleep(60)", "sandbox.timed_out"),
        ("os.close(1); out.close(); os.close(2)\nimport time; time.sleep(60)", "sandbox.timed_out"),
    ],
)
def test_an_endless_loop_is_stopped(attack, program, code, tmp_path):
    with pytest.raises(SandboxFailure) as failure:
        attack(program, limits=_limits(wall_seconds=1.5))
    assert failure.value.message.code == code
    assert running(str(tmp_path)) == []


def test_a_hang_is_told_by_its_phase(attack):
    with pytest.raises(SandboxFailure) as failure:
        attack(
            "out.write(b'phase load\\nphase predict\\n'); out.flush()\nwhile True: pass", limits=_limits(wall_seconds=2)
        )
    assert failure.value.message.params["phase"].code == "sandbox.phase.predict"


def test_cpu_time_ends_too(attack):
    with pytest.raises(SandboxFailure) as failure:
        attack("while True: pass", limits=_limits(cpu_seconds=1))
    assert failure.value.message.code in ("sandbox.timed_out", "sandbox.killed")


@pytest.mark.parametrize(
    "program",
    [
        "keep = []\nwhile True: keep.append(bytearray(os.urandom(2**20)) * 16)",
        "for _ in range(4): os.fork()\nkeep = []\nwhile True: keep.append(b'x' * 2**24)",
    ],
)
def test_memory_is_bounded_over_all_processes(attack, program):
    with pytest.raises(SandboxFailure) as failure:
        attack(program)
    assert failure.value.message.code == "sandbox.out_of_memory"


def test_endless_output_is_cut(attack):
    with pytest.raises(SandboxFailure) as failure:
        attack("while True: out.write(b'x' * 2**16)")
    assert failure.value.message.code == "sandbox.output_too_large"


def test_endless_noise_on_standard_error_is_let_go(attack):
    seen = attack("for _ in range(200): os.write(2, b'n' * 2**16)\nanswer(ok=True)")
    assert seen.payload == {"ok": True}
    assert len(seen.detail) <= 16_000


def test_a_crash_is_told_by_its_signal(attack):
    with pytest.raises(SandboxFailure) as failure:
        attack("out.write(b'phase predict\\n'); out.flush()\nimport ctypes; ctypes.string_at(0)")
    assert failure.value.message.code == "sandbox.killed"
    assert failure.value.message.params["signal"] == 11
    assert failure.value.message.params["phase"].code == "sandbox.phase.predict"
    assert "Segmentation fault" in failure.value.detail


def test_a_quiet_exit_is_no_answer(attack):
    with pytest.raises(SandboxFailure) as failure:
        attack("os._exit(0)")
    assert failure.value.message.code == "sandbox.exited"


@pytest.mark.parametrize(
    "program",
    [
        "out.write(b'x' * 100); out.flush()",
        "out.write(b'result 99999999999\\n{}'); out.flush()",
        "out.write(b'result 2\\n[]'); out.flush()",
        "t = b'[' * 100000; out.write(b'result %d\\n' % len(t) + t); out.flush()",
        "t = b'{\"a\": NaN}'; out.write(b'result %d\\n' % len(t) + t); out.flush()",
        "answer(arrays=[{'name': 'a', 'shape': [2**30, 2**9]}])",
        "answer(arrays=[{'name': 'a', 'shape': [-1]}])",
        "answer(arrays='x')",
    ],
)
def test_a_forged_answer_is_refused_before_anything_is_allocated(attack, program):
    with pytest.raises(SandboxFailure) as failure:
        attack(program)
    assert failure.value.message.code == "sandbox.bad_answer"


def _limits(**changed):
    from dataclasses import replace

    return replace(QUICK, **changed)
