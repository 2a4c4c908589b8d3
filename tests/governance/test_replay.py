"""Where a table holds no predictions, the model makes them, in the sandbox."""

from __future__ import annotations

import pandas as pd
import pytest

from governance.auditing.replayed import REPLAYED_COLUMN, replay
from governance.auditing.sources import NotEvaluated
from governance.models import Profile
from tests.governance.models_made import write_model

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture
def model_dir(tmp_path):
    """A model that says yes to an income above 50, whatever the sex."""
    return write_model(tmp_path / "model")


def table(tmp_path, **columns):
    path = tmp_path / "evaluation.parquet"
    pd.DataFrame({"label": [0, 1, 1], "sex": ["f", "m", "f"], **columns}).to_parquet(path)
    return path


def test_the_predictions_are_those_of_the_model(model_dir, tmp_path):
    evaluation = table(tmp_path, income=[10.0, 90.0, 60.0])
    made = pd.read_parquet(replay(model_dir, evaluation, Profile(label_column="label")).path)
    assert made[REPLAYED_COLUMN].tolist() == [0, 1, 1]
    assert made["sex"].tolist() == ["f", "m", "f"]


def test_a_missing_feature_is_named(model_dir, tmp_path):
    with pytest.raises(NotEvaluated, match="income"):
        replay(model_dir, table(tmp_path), Profile(label_column="label"))
