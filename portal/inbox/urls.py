"""Addresses of the inbox and of how it is mailed."""

from django.urls import path

from portal.inbox import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="inbox-read-all"),
    path("inbox/<int:pk>/read/", views.read, name="inbox-read"),
    path("profile/notifications/", views.notifications, name="notifications"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
