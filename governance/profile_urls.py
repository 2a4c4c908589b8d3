"""Addresses of proposed profiles, and of the versions that profiles had."""

from django.urls import path

from governance.views import profile_changes, profiles

urlpatterns = [
    path("models/<int:pk>/profile/changes/", profile_changes.change_list, name="profile-changes"),
    path("models/<int:pk>/profile/changes/<int:number>/", profile_changes.change, name="profile-change"),
    path(
        "models/<int:pk>/profile/changes/<int:number>/agree/",
        profile_changes.change_agree,
        name="profile-change-agree",
    ),
    path(
        "models/<int:pk>/profile/changes/<int:number>/refuse/",
        profile_changes.change_refuse,
        name="profile-change-refuse",
    ),
    path(
        "models/<int:pk>/profile/changes/<int:number>/withdraw/",
        profile_changes.change_withdraw,
        name="profile-change-withdraw",
    ),
    path("models/<int:pk>/profile/versions/", profiles.profile_versions, name="profile-versions"),
]
