"""The registry: everything that Sekisho says to an MLflow server, and nothing else does.

Contract
--------
- ``Connection(address, …)`` is used by workers only, never while a page is made; making one reaches nothing.
- Every call ends: silence ends after `Connection.timeout`, a call with all its requests after
  `Connection.deadline` (ten times that where files are read), even from a server that dribbles bytes.
- Every failure is a `RegistryError` with a `kind` and a `Message`; no other exception of the network leaves.
- Only the given server is spoken to, at the address that was checked: no redirect, no proxy of the
  environment, no artifact address of its choosing.
- Nothing of a model is run or unpickled. Names, tags and paths come back as the server gave them and are not
  to be trusted; paths of files are checked.
- Moving an alias has no compare-and-set in MLflow. Who moves must be the only one, read before and read back.

It speaks MLflow's REST routes rather than through ``MlflowClient``: the client keeps the registry's address,
timeouts and retries for the whole process, opens whatever artifact address it is told, and takes seconds to
import; these few routes have been stable since MLflow 2.
"""

from .artifacts import local_tree, tree_digest
from .client import Connection
from .connection import parse_address
from .errors import (
    AddressNotAllowed,
    CredentialsRefused,
    Denied,
    NotFound,
    NotMlflow,
    RegistryError,
    Rejected,
    TimedOut,
    TooLarge,
    Unreachable,
)
from .records import (
    Check,
    LoggedModel,
    ModelFiles,
    RemoteDataset,
    RemoteFile,
    RemoteModel,
    RemoteRun,
    RemoteVersion,
    moment,
)

__all__ = [
    "AddressNotAllowed",
    "Check",
    "Connection",
    "CredentialsRefused",
    "Denied",
    "LoggedModel",
    "ModelFiles",
    "NotFound",
    "NotMlflow",
    "RegistryError",
    "Rejected",
    "RemoteDataset",
    "RemoteFile",
    "RemoteModel",
    "RemoteRun",
    "RemoteVersion",
    "TimedOut",
    "TooLarge",
    "Unreachable",
    "local_tree",
    "moment",
    "parse_address",
    "tree_digest",
]
