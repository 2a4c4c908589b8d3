"""Addresses of the records."""

from django.urls import path

from portal.ledger import views

urlpatterns = [
    path("records/", views.records, name="records"),
    path("records/checkpoints/", views.checkpoints, name="checkpoints"),
    path("records/verify/", views.verify, name="records-verify"),
    path("records/<uuid:uuid>/", views.record, name="record"),
    path("records/<uuid:uuid>/texts/<str:name>/erase/", views.text_erase, name="record-text-erase"),
]
