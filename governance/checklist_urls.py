"""Addresses of the checklists of versions."""

from django.urls import path

from governance.views import checklists

VERSION = "models/<int:pk>/versions/<int:number>/checklist/<slug:environment>/"

urlpatterns = [
    path(VERSION, checklists.checklist, name="version-checklist"),
    path(f"{VERSION}sign/", checklists.checklist_sign, name="version-checklist-sign"),
    path(f"{VERSION}<int:mark>/withdraw/", checklists.checklist_withdraw, name="version-checklist-withdraw"),
]
