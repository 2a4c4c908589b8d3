"""Addresses of reviews, campaigns and pulses."""

from django.urls import path

from assessments.views import campaigns, pulse, review_criterion, reviews

PULSE = "teams/<str:slug>/pulse/"

urlpatterns = [
    path(PULSE, pulse.pulse, name="team-pulse"),
    path(f"{PULSE}open/", pulse.pulse_open, name="team-pulse-open"),
    path(f"{PULSE}answer/", pulse.pulse_answer, name="team-pulse-answer"),
    path(f"{PULSE}close/", pulse.pulse_close, name="team-pulse-close"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_new, name="campaign-new"),
    path("campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<int:pk>/csv/", campaigns.campaign_csv, name="campaign-csv"),
    path("campaigns/<int:pk>/close/", campaigns.campaign_close, name="campaign-close"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/evidenced/", reviews.evidenced, name="review-evidenced"),
    path("reviews/<int:pk>/sign/", reviews.sign, name="review-sign"),
    path("reviews/<int:pk>/send-back/", reviews.send_back, name="review-send-back"),
    path("reviews/<int:pk>/<str:criterion_id>/", review_criterion.review_criterion, name="review-criterion"),
]
