"""Addresses of the period pack."""

from django.urls import path

from governance.views import pack

urlpatterns = [
    path("pack/", pack.pack, name="pack"),
    path("pack/make/", pack.pack_make, name="pack-make"),
]
