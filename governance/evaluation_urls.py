"""Addresses of evaluation sets, of the data of models, and of databases that tables are drawn from."""

from django.urls import path

from governance.views import data_connections, evaluation_sets, model_data

urlpatterns = [
    path("evaluation-sets/", evaluation_sets.evaluation_set_list, name="evaluation-sets"),
    path("evaluation-sets/new/", evaluation_sets.evaluation_set_new, name="evaluation-set-new"),
    path("evaluation-sets/<int:pk>/", evaluation_sets.evaluation_set, name="evaluation-set"),
    path("evaluation-sets/<int:pk>/change/", evaluation_sets.evaluation_set_change, name="evaluation-set-change"),
    path("evaluation-sets/<int:pk>/measure/", evaluation_sets.evaluation_set_measure, name="evaluation-set-measure"),
    path("evaluation-sets/<int:pk>/end/", evaluation_sets.evaluation_set_end, name="evaluation-set-end"),
    path("models/<int:pk>/data/", model_data.model_data, name="model-data"),
    path("models/<int:pk>/data/columns/", model_data.model_columns, name="model-columns"),
    path("models/<int:pk>/data/<int:use>/release/", model_data.model_data_release, name="model-data-release"),
    path("data-connections/new/", data_connections.data_connection_new, name="data-connection-new"),
    path("data-connections/<int:pk>/", data_connections.data_connection, name="data-connection"),
]
