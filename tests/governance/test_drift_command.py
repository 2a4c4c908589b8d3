"""``manage.py audit drift``: JSON alone, a readable table, a kept reference, and 2 with a sentence for bad input."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from governance.management.commands.audit import Command
from tests.governance.drift_made import applications

pytestmark = [
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option"),
]


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / name for name in ("before.parquet", "now.csv")]
    applications(1, 1, rows=900).to_parquet(paths[0])
    applications(2, 1, shifted=True, rows=900).to_csv(paths[1], index=False)
    return [str(path) for path in paths]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(Command(), "drift", *arguments, stdout=out)
    return out.getvalue()


def test_json_and_the_kept_reference_agree(files, tmp_path):
    kept = str(tmp_path / "kept.npz")
    named = ["--prediction=chosen", "--label=label", "--sensitive=sex"]
    first = json.loads(run(*files, *named, f"--keep={kept}", "--json"))
    assert (first["schema"], first["verdict"]) == ("sekisho.drift/1", "fail")
    assert first["data"]["current"]["name"] == "now.csv"
    assert json.loads(run(kept, files[1], "--sensitive=sex", "--json")) == first


def test_without_json_a_person_can_read_it(files):
    text = run(*files, "--columns=utilisation,region", "--tolerance=0.2")
    assert text.startswith("FAIL\nDrifted beyond 0.2: utilisation by 0.")
    assert "late_12m" not in text
    assert "0.2 is allowed; limits at 95%" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--columns=nowhere"], "no column nowhere"),
        (["--keep=kept.parquet"], "named like reference.npz"),
        (["--min-rows=0"], "least number of rows"),
    ],
)
def test_bad_input_is_a_sentence(files, options, said):
    with pytest.raises(CommandError, match=said) as error:
        run(*files, *options)
    assert error.value.returncode == 2


def test_a_kept_reference_takes_no_other_columns(files, tmp_path):
    kept = str(tmp_path / "kept.npz")
    run(*files, f"--keep={kept}")
    with pytest.raises(CommandError, match="is kept already"):
        run(kept, files[1], "--label=label")
