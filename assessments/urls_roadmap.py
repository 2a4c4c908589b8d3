"""Addresses of the way up: plans, items, investments."""

from django.urls import path

from assessments.views import investments, roadmap, roadmap_items

urlpatterns = [
    path("investments/", investments.page, name="investments"),
    path("teams/<str:slug>/roadmap/", roadmap.roadmap, name="roadmap"),
    path("teams/<str:slug>/roadmap/what-if/", roadmap.what_if, name="roadmap-what-if"),
    path("teams/<str:slug>/roadmap/take/", roadmap_items.take, name="roadmap-take"),
    path("teams/<str:slug>/roadmap/items/", roadmap_items.items, name="roadmap-items"),
    path("teams/<str:slug>/roadmap/board/", roadmap_items.board, name="roadmap-board"),
    path("roadmap-items/<int:pk>/", roadmap_items.item, name="roadmap-item"),
    path("roadmap-items/<int:pk>/move/", roadmap_items.move, name="roadmap-item-move"),
    path("roadmap-items/<int:pk>/comment/", roadmap_items.comment, name="roadmap-item-comment"),
]
