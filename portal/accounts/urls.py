"""Addresses of people, teams' settings, profile and tokens."""

from django.urls import path

from portal.accounts import own_views, team_views, views

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/invite/", views.invitation_new, name="invitation-new"),
    path("people/invitations/<int:pk>/withdraw/", views.invitation_withdraw, name="invitation-withdraw"),
    path("people/units/new/", views.unit_new, name="unit-new"),
    path("people/teams/new/", views.team_new, name="people-team-new"),
    path("people/<uuid:pseudonym>/", views.person, name="person"),
    path("people/<uuid:pseudonym>/roles/", views.person_roles, name="person-roles"),
    path("people/<uuid:pseudonym>/account/", views.person_account, name="person-account"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
    path("teams/<str:slug>/settings/", team_views.team_settings, name="team-settings"),
    path("teams/<str:slug>/settings/members/", team_views.member_add, name="team-member-add"),
    path("teams/<str:slug>/settings/members/<uuid:pseudonym>/", team_views.member_role, name="team-member-role"),
    path(
        "teams/<str:slug>/settings/members/<uuid:pseudonym>/remove/",
        team_views.member_remove,
        name="team-member-remove",
    ),
    path("profile/", own_views.profile, name="profile"),
    path("tokens/", own_views.tokens, name="tokens"),
    path("tokens/<str:digest>/revoke/", own_views.token_revoke, name="token-revoke"),
    path("language/", own_views.set_language, name="set_language"),
]
