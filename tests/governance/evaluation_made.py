"""Evaluation sets for tests: uploaded, and measured as a worker would."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from governance.actions.evaluation_sets import create_set
from governance.models import EvaluationSet
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job

CASES = "id,income,label,region\n" + "".join(
    f"{i},{i * 10},{i % 2},{'north' if i % 3 else 'south'}\n" for i in range(60)
)
PEOPLE = "id,sex\n" + "".join(f"{i},{'女' if i % 2 else '男'}\n" for i in range(50)) + "7,男\n"


def work(kind: str) -> dict:
    """Run the newest job of a kind, as a worker would."""
    return KINDS[kind].run(Job.objects.filter(kind=kind).latest("pk"), lambda *args: None)


def uploaded(team, by, *, text: str | bytes = CASES, name: str = "Held out", file: str = "cases.csv", **fields):
    """A set of an upload, measured and pinned."""
    content = text if isinstance(text, bytes) else text.encode()
    one = create_set(team=team, name=name, source="upload", upload=SimpleUploadedFile(file, content), by=by, **fields)
    work("evaluation.measure")
    return EvaluationSet.objects.get(pk=one.pk)
