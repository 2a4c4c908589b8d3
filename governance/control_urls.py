"""Addresses of "Are we in control?"."""

from django.urls import path

from governance.views import control

urlpatterns = [
    path("control/", control.control_page, name="control"),
    path("control/live/", control.control_live, name="control-live"),
    path("control/ungoverned/", control.control_ungoverned, name="control-ungoverned"),
    path("control/blocked/", control.control_blocked, name="control-blocked"),
    path("control/waivers/", control.control_waivers, name="control-waivers"),
]
