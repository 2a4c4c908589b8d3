"""Addresses of reviews, campaigns and pulses."""

from django.urls import path

from assessments.views import review_criterion, reviews

urlpatterns = [
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/evidenced/", reviews.evidenced, name="review-evidenced"),
    path("reviews/<int:pk>/sign/", reviews.sign, name="review-sign"),
    path("reviews/<int:pk>/send-back/", reviews.send_back, name="review-send-back"),
    path("reviews/<int:pk>/<str:criterion_id>/", review_criterion.review_criterion, name="review-criterion"),
]
