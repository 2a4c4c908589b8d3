"""Addresses of filling out an assessment."""

from django.urls import path

from assessments.views import apart, assessment, attachments, criterion, delegation, offline, together, unchanged

HERE = "teams/<str:slug>/assessment/"
TOGETHER = "assessments/together/"

urlpatterns = [
    path(HERE, assessment.assessment, name="assessment"),
    path(f"{HERE}start/", assessment.start, name="assessment-start"),
    path(f"{HERE}discard/", assessment.discard, name="assessment-discard"),
    path(f"{HERE}check/", assessment.check, name="assessment-check"),
    path(f"{HERE}unchanged/", unchanged.unchanged, name="assessment-unchanged"),
    path(f"{HERE}mine/", delegation.mine, name="assessment-mine"),
    path(f"{HERE}delegate/", delegation.delegate, name="assessment-delegate"),
    path(f"{HERE}delegate/<str:criterion_id>/take-back/", delegation.take_back, name="delegation-take-back"),
    path(f"{HERE}apart/", apart.apart, name="assessment-apart"),
    path(f"{HERE}apart/done/", apart.done, name="assessment-apart-done"),
    path(f"{HERE}offline/", offline.offline, name="assessment-offline"),
    path(f"{HERE}offline/export/", offline.export, name="assessment-export"),
    path(f"{HERE}<str:criterion_id>/", criterion.criterion, name="criterion"),
    path(f"{HERE}<str:criterion_id>/files/", attachments.attach, name="attach"),
    path(TOGETHER, together.overview, name="assessments-together"),
    path(f"{TOGETHER}unchanged/", together.unchanged, name="assessments-together-unchanged"),
    path(f"{TOGETHER}check/", together.check, name="assessments-together-check"),
    path(f"{TOGETHER}<str:criterion_id>/", together.criterion, name="assessments-together-criterion"),
    path("assessments/files/<int:pk>/", attachments.download, name="assessment-file"),
    path("assessments/files/<int:pk>/remove/", attachments.detach, name="assessment-file-remove"),
]
