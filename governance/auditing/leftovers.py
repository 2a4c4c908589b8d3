"""What nothing needs any more: folders of killed audits and sandboxes, and copies of sets that ended or have new rows.

Both may hold restricted attributes. Whatever removes them in the course of things may be killed before it does.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from django.conf import settings

from governance.models import KEPT, EvaluationSet
from portal.jobs.kinds import every

HOUR = 3600
SANDBOXED = "sekisho-????????"  # what a sandbox is given lies in such a folder for temporary files
LONGEST_AUDIT = 24 * HOUR  # an audit has half an hour, and may be taken up again some times


@every(HOUR, name="evaluation.leftovers")
def clear() -> int:
    """Duty: remove them; how many there were."""
    needed = EvaluationSet.objects.filter(ended_at=None, source__in=KEPT).values_list("digest", flat=True)
    names = {digest.removeprefix("sha256:") for digest in needed}
    copies = [path for path in _older(settings.SEKISHO_HOME / "evaluation", HOUR) if path.stem not in names]
    for path in copies:
        path.unlink(missing_ok=True)
    folders = _older(settings.SEKISHO_HOME / "scratch", LONGEST_AUDIT)
    folders += [path for path in _older(Path(tempfile.gettempdir()), LONGEST_AUDIT, SANDBOXED) if _is_ours(path)]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(copies) + len(folders)


def _is_ours(folder: Path) -> bool:
    """Whether a sandbox of ours was given its input here: others may use such names for other things."""
    return (folder / "input" / "task.json").is_file() and folder.lstat().st_uid == os.getuid()


def _older(folder: Path, seconds: int, names: str = "*") -> list[Path]:
    """What was last written so long ago, and so is not being made just now."""
    before = time.time() - seconds
    return [path for path in folder.glob(names) if path.lstat().st_mtime < before]
