"""Load a logged model from its folder: the scikit-learn estimator itself if there is one, else pyfunc."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class MissingColumns(ValueError):
    """The model takes columns that the data lacks."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__(", ".join(columns))
        self.columns = columns


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes
    ----------
    estimator : object
        Has ``predict``; of a pyfunc model, that takes the table and gives what it likes.
    native : bool
        Whether it is a scikit-learn estimator.
    """

    estimator: Any
    native: bool

    def select(self, features: pd.DataFrame) -> pd.DataFrame:
        """The columns that the estimator was fitted on, in its order."""
        names = getattr(self.estimator, "feature_names_in_", None) if self.native else None
        if names is None:
            return features
        missing = [str(name) for name in names if name not in features.columns]
        if missing:
            raise MissingColumns(missing)
        return features[list(names)]


def load(folder: Path) -> Model:
    """Load the model; whatever its author put in runs here."""
    import yaml

    flavors = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))["flavors"]
    if "sklearn" in flavors:
        return Model(_estimator(folder, flavors["sklearn"]), native=True)
    import mlflow.pyfunc

    return Model(mlflow.pyfunc.load_model(str(folder)), native=False)


def _estimator(folder: Path, flavor: dict[str, Any]) -> Any:
    """As ``mlflow.sklearn`` loads it, without the seconds that its import takes."""
    stored, form = folder / str(flavor.get("pickled_model")), flavor.get("serialization_format", "pickle")
    if flavor.get("code"):
        sys.path.insert(0, str(folder / flavor["code"]))
    if form in ("pickle", "cloudpickle") and stored.is_file():
        with stored.open("rb") as file:
            return pickle.load(file)
    if form == "skops" and stored.is_file():
        import skops.io

        # The list comes with the model: it is no protection, and the walls are.
        return skops.io.load(stored, trusted=flavor.get("skops_trusted_types") or [])
    import mlflow.sklearn

    return mlflow.sklearn.load_model(str(folder))


def read_features(path: str) -> pd.DataFrame:
    """The features as a table with the types that pandas gives by default."""
    import pandas as pd

    return pd.read_parquet(path)
