"""A client of Sekisho for pipelines: Python's standard library alone, nothing of the site itself.

>>> from sekisho_client import Sekisho
>>> sekisho = Sekisho("https://sekisho.example.org", token, registry="mlflow")
>>> sekisho.preflight("credit", 15, "production").passes
"""

from sekisho_client.answers import Job, Promotion, Reason, Registered, Verdict
from sekisho_client.client import Sekisho
from sekisho_client.errors import Denied, NotAnswered, Refused, SekishoError, Unusable

__all__ = [
    "Denied",
    "Job",
    "NotAnswered",
    "Promotion",
    "Reason",
    "Refused",
    "Registered",
    "Sekisho",
    "SekishoError",
    "Unusable",
    "Verdict",
]
