from django.urls import path

from portal.pdf import views

urlpatterns = [path("documents/<int:pk>/", views.document, name="document")]
