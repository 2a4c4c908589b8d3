"""First thing that runs behind the walls: forbid what no model needs, then run the named program.

Standard library only. ``python -I start.py PROGRAM``. The filter cannot be taken off again, and holds for
all processes that the program starts. It closes doors that the walls leave ajar: new user namespaces
(with mounts and memory of their own), memory that no limit counts, and rarely used parts of the kernel.
"""

from __future__ import annotations

import ctypes
import os
import platform
import runpy
import struct
import sys

# Numbers of system calls by machine; "refused" as not permitted, "absent" as not there.
REFUSED = {
    "x86_64": {
        "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272,
        "setns": 308, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248,
        "request_key": 249, "process_vm_readv": 310, "process_vm_writev": 311, "shmget": 29,
        "memfd_create": 319, "memfd_secret": 447, "userfaultfd": 323, "io_uring_setup": 425,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
        "open_by_handle_at": 304, "msgget": 68, "mq_open": 240,
    },
    "aarch64": {
        "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97,
        "setns": 268, "bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217,
        "request_key": 218, "process_vm_readv": 270, "process_vm_writev": 271, "shmget": 194,
        "memfd_create": 279, "memfd_secret": 447, "userfaultfd": 282, "io_uring_setup": 425,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
        "open_by_handle_at": 265, "msgget": 186, "mq_open": 180,
    },
}  # fmt: skip
AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435  # its flags lie behind a pointer; libraries fall back to clone
FIRST_FOREIGN_CALL = {"x86_64": 0x40000000, "aarch64": 0xFFFFFFFF}
CLONE_NEWUSER = 0x10000000
SOCKET = {"x86_64": 41, "aarch64": 198}
# Unix, IPv4, IPv6 and netlink live in the empty network space; a vsock would lead out of a virtual machine.
FAMILIES = (1, 2, 10, 16)
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER_MODE = 4, 38, 22, 2
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16


def filter_program(machine: str) -> list[tuple[int, int, int, int]]:
    """Classic BPF: (code, jump if true, jump if false, value) per instruction."""
    refused = REFUSED[machine].values()
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, AUDIT_ARCHITECTURE[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, FIRST_FOREIGN_CALL[machine]),
        (RETURN, 0, 0, ERROR | ENOSYS),
        (EQUAL, 0, 1, CLONE3),
        (RETURN, 0, 0, ERROR | ENOSYS),
    ]
    for number in refused:
        program += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ERROR | EPERM)]
    program += [(EQUAL, 0, len(FAMILIES) + 3, SOCKET[machine]), (LOAD, 0, 0, FIRST_ARGUMENT)]
    program += [(EQUAL, len(FAMILIES) - i, 0, family) for i, family in enumerate(FAMILIES)]
    program += [(RETURN, 0, 0, ERROR | EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    program += [
        (EQUAL, 0, 3, CLONE[machine]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (ANY_BIT, 0, 1, CLONE_NEWUSER),
        (RETURN, 0, 0, ERROR | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return program


def forbid() -> bool:
    """Install the filter; False on a machine whose numbers are not known."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in REFUSED:
        return False
    program = filter_program(machine)
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no-new-privileges could not be set")
    if libc.prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.c_char_p(header), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter of system calls could not be set")
    return True


def stay_first() -> None:
    """As the first process of the space: leave the work to a child, which can neither read nor write what stays.

    The first process has no filter, and would otherwise be the child's to take over.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the first process could not be closed to others")
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        return
    os.closerange(0, 64)  # what the child says ends with the child
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    if os.getpid() == 1:
        stay_first()
    forbid()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
