"""Addresses of groups of approvers, of deputies, of exceptions and of the emergency passage."""

from django.urls import path

from governance.views import break_glass, discussion, groups, queue, waivers

urlpatterns = [
    path("groups/", groups.group_list, name="groups"),
    path("groups/members/add/", groups.group_member_add, name="group-member-add"),
    path("groups/members/<int:pk>/remove/", groups.group_member_remove, name="group-member-remove"),
    path("deputies/", groups.deputy_list, name="deputies"),
    path("deputies/<int:pk>/end/", groups.deputy_end, name="deputy-end"),
    path("waivers/", waivers.waiver_list, name="waivers"),
    path("waivers/<int:pk>/end/", waivers.waiver_end, name="waiver-end"),
    path("promotions/queue/", queue.promotion_queue, name="promotion-queue"),
    path("promotions/<int:pk>/discussion/", discussion.promotion_discussion, name="promotion-discussion"),
    path("promotions/<int:pk>/waive/", waivers.promotion_waive, name="promotion-waive"),
    path("promotions/<int:pk>/break-glass/", break_glass.break_glass, name="promotion-break-glass"),
    path(
        "promotions/<int:pk>/break-glass/second/", break_glass.break_glass_second, name="promotion-break-glass-second"
    ),
    path("promotions/<int:pk>/rule/", waivers.promotion_rule, name="promotion-rule"),
]
