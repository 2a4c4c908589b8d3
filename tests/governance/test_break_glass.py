"""The emergency passage: two people, for hours, past the gates and nothing else, and reviewed by somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.actions import policies, promotions
from governance.actions.break_glass import open_break_glass, second_break_glass
from governance.actions.findings import resolve
from governance.actions.groups import add_member, make_group, remove_member
from governance.control import control
from governance.models import (
    BreakGlass,
    Decision,
    Finding,
    GroupMember,
    LiveJudgement,
    ModelVersion,
    Move,
    MoveState,
    Placement,
    Promotion,
)
from governance.moves import run
from governance.moves.ending import finish
from governance.policy import DEFAULT
from governance.warrant import lacking
from portal.accounts.models import Membership, User
from portal.inbox.models import Notice
from portal.inbox.reminders import remind
from portal.jobs.models import Job
from portal.jobs.runner import run_job
from portal.ledger.models import Event
from portal.ledger.reading import read
from portal.web.errors import Conflict, Forbidden, Invalid
from tests.governance.evidence_made import fairness
from tests.governance.promotions_made import audit, audited, make_model, make_version, requested
from tests.governance.test_pack import carry_out

pytestmark = pytest.mark.django_db
PASSAGE = "    break_glass: {group: on-call, hours: 4, review_days: 3}\n"
REASON = "Every request is refused since 02:10."


@pytest.fixture
def people(cast) -> dict[str, User]:
    group = make_group(key="on-call", name_en="On call", name_ja="当番", by=cast.admin)
    policies.publish(text=DEFAULT.read_text("utf-8").rstrip() + "\n" + PASSAGE, by=cast.admin)
    found = {}
    for name in ("Abe", "Baba", "Chiba"):
        found[name] = User.objects.create_user(f"{name.lower()}@example.org", "x", name=name, is_auditor=True)
        add_member(group=group, user=found[name], by=cast.admin)
    return found


@pytest.fixture
def promotion(cast, people) -> Promotion:
    version = make_version(make_model(cast), author="somebody@example.org")
    return requested(cast, audited(version, fairness=fairness(0.17, 0.12, 0.22)))


def fresh(promotion: Promotion) -> Promotion:
    return Promotion.objects.get(pk=promotion.pk)


def ask(promotion, by, reason=REASON) -> BreakGlass:
    return open_break_glass(promotion=fresh(promotion), reason=reason, by=by)


def second(promotion, by, rev=None) -> Promotion:
    seen = fresh(promotion)
    return second_break_glass(promotion=seen, rev=seen.rev if rev is None else rev, by=by)


@pytest.fixture
def opened(promotion, people) -> Promotion:
    ask(promotion, people["Abe"])
    return second(promotion, people["Baba"])


def test_two_people_let_it_past_its_gates(promotion, people):
    ask(promotion, people["Abe"])
    assert (fresh(promotion).state, Move.objects.exists()) == ("open", False)
    done = second(promotion, people["Baba"])
    assert (done.state, done.outcome) == ("approved", "fail")  # what the gates say is still said
    row, move = BreakGlass.objects.get(), Move.objects.get()
    assert (row.first_by, row.second_by) == (people["Abe"], people["Baba"])
    assert timedelta(hours=3, minutes=59) < row.until - row.second_at <= timedelta(hours=4)
    assert [one.by.name for one in Decision.objects.filter(decision="break_glass")] == ["Abe", "Baba"]
    event = Event.objects.get(uuid=move.event)
    assert event.action == "promotion.break_glass"
    assert event.content["params"]["first"] == str(people["Abe"].pseudonym)
    assert REASON not in event.body
    assert Job.objects.filter(kind="move.run").count() == 1
    assert lacking(done) is None


def test_one_person_is_not_enough(promotion, people):
    ask(promotion, people["Abe"])
    with pytest.raises(Forbidden, match="Somebody else"):
        second(promotion, people["Abe"])
    with pytest.raises(Conflict, match="waits for the second"):
        ask(promotion, people["Baba"])
    assert fresh(promotion).state == "open"


def test_the_second_has_an_hour(promotion, people):
    with pytest.raises(Conflict, match="within the last hour"):
        second(promotion, people["Baba"])
    ask(promotion, people["Abe"])
    BreakGlass.objects.update(first_at=timezone.now() - timedelta(minutes=61))
    with pytest.raises(Conflict, match="within the last hour"):
        second(promotion, people["Baba"])
    ask(promotion, people["Chiba"])
    assert second(promotion, people["Abe"]).state == "approved"


def test_who_may_not(cast, promotion, people):
    group = GroupMember.objects.first().group
    for user in (cast.reviewer, cast.manager, cast.admin):
        with pytest.raises(Forbidden, match="on-call"):
            ask(promotion, user)
    add_member(group=group, user=cast.member, by=cast.admin)
    with pytest.raises(Forbidden, match="asked for this promotion"):
        ask(promotion, cast.member)
    ask(promotion, people["Abe"])
    with pytest.raises(Forbidden, match="asked for this promotion"):
        second(promotion, cast.member)
    ModelVersion.objects.update(author="baba@example.org")
    with pytest.raises(Forbidden, match="made this version"):
        second(promotion, people["Baba"])
    remove_member(member=GroupMember.objects.get(user=people["Abe"]), by=cast.admin)
    with pytest.raises(Forbidden, match="on-call"):
        second(promotion, people["Chiba"])  # who asked is on call no more
    assert not Decision.objects.exists()


def test_not_without_a_reason_nor_where_the_policy_has_no_passage(cast, promotion, people):
    with pytest.raises(Invalid):
        ask(promotion, people["Abe"], reason=" ")
    other = requested(cast, promotion.version, environment="staging")
    with pytest.raises(Forbidden, match="no emergency passage"):
        ask(other, people["Abe"])


def test_the_second_opens_what_they_looked_at(promotion, people):
    ask(promotion, people["Abe"])
    rev = fresh(promotion).rev
    audit(promotion.version, "fairness", fairness(0.2, 0.15, 0.25))
    with pytest.raises(Conflict, match="computed anew"):
        second(promotion, people["Baba"], rev=rev)
    assert second(promotion, people["Baba"]).state == "approved"


def test_what_happened_since_is_said_in_words(promotion, people):
    ask(promotion, people["Abe"])
    with pytest.raises(Conflict, match=r"it was asked for, .*an emergency passage was asked for") as refused:
        second(promotion, people["Baba"], rev=-1)
    assert "promotion.change" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("time", "promotion.lapsed.passage"),
        ("files", "promotion.lapsed"),
        ("profile", "promotion.lapsed"),
        ("role", "promotion.lapsed.role"),
    ],
)
def test_what_ends_the_passage(cast, opened, people, change, code):
    if change == "time":
        Decision.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif change == "files":
        ModelVersion.objects.update(artifact_digest="sha256:others")
    elif change == "profile":
        profile = opened.version.model.profile
        type(profile).objects.filter(pk=profile.pk).update(population="Others")
    else:
        remove_member(member=GroupMember.objects.get(user=people["Abe"]), by=cast.admin)
    again = Promotion.objects.select_related("version__model__profile").get(pk=opened.pk)
    assert lacking(again).code == code
    with pytest.raises(Conflict):
        run(Job.objects.get(kind="move.run"), lambda *_: None)
    after = fresh(opened)
    assert (after.state, Move.objects.get().state) == ("open", MoveState.FAILED)
    assert not Placement.objects.exists()
    assert all(one.lapsed_at for one in Decision.objects.filter(decision="break_glass"))
    with pytest.raises(Conflict, match="opened once"):
        ask(opened, people["Chiba"])


def test_other_evidence_does_not_end_it(opened):
    audit(opened.version, "fairness", fairness(0.2, 0.15, 0.25))
    assert lacking(fresh(opened)) is None


def test_what_stands_by_it_is_marked(opened):
    Move.objects.update(state=MoveState.MOVING)
    move = Move.objects.select_related("promotion__version__model").get()
    finish(move, 1)
    assert Placement.objects.get().branded == "break_glass"


def test_it_must_be_reviewed_by_somebody_else(cast, opened, people):
    finding = Finding.objects.get()
    assert (finding.kind, finding.severity, BreakGlass.objects.get().finding) == ("review", "critical", finding)
    assert finding.due > timezone.localdate()
    given = {"finding": finding, "resolution": "justified", "reason": "It was right."}
    for name in ("Abe", "Baba"):
        User.objects.filter(pk=people[name].pk).update(is_reviewer=True)
        with pytest.raises(Forbidden, match="part in this"):
            resolve(**given, by=User.objects.get(pk=people[name].pk))
    Membership.objects.create(team=cast.team, user=people["Chiba"], role="member")
    User.objects.filter(pk=people["Chiba"].pk).update(is_reviewer=True)
    for user in (User.objects.get(pk=people["Chiba"].pk), cast.admin, cast.manager):
        with pytest.raises(Forbidden):
            resolve(**given, by=user)
    assert resolve(**given, by=cast.reviewer).resolution == "justified"


def test_who_is_told(cast, promotion, people):
    ask(promotion, people["Abe"])
    remind("break_glass.second")
    assert set(Notice.objects.values_list("user__name", flat=True)) == {"Baba", "Chiba"}
    second(promotion, people["Baba"])
    remind("break_glass.second")
    remind("break_glass.review")
    remind("promotion.decided")
    told = set(Notice.objects.open().filter(kind="break_glass.review").values_list("user__name", flat=True))
    assert told == {cast.reviewer.name}
    assert Notice.objects.open().filter(kind="promotion.decided", user=cast.member).count() == 2


def test_its_pages(cast, promotion, people, as_user):
    url = f"/promotions/{promotion.pk}/break-glass/"
    assert url in as_user(people["Abe"]).get(f"/promotions/{promotion.pk}/").content.decode()
    assert url not in as_user(cast.reviewer).get(f"/promotions/{promotion.pk}/").content.decode()
    assert as_user(cast.stranger).get(url).status_code == 404
    assert as_user(people["Abe"]).post(url, {"reason": ""}).status_code == 422
    assert as_user(cast.reviewer).post(url, {"reason": "Because"}).status_code in (403, 422)
    assert as_user(people["Abe"]).post(url, {"reason": "<b>Down</b>"}).status_code == 302
    assert "Open the passage" not in as_user(people["Abe"]).get(url).content.decode()
    page = as_user(people["Baba"]).get(url).content.decode()
    assert "Open the passage" in page
    assert "<b>Down</b>" not in page
    assert as_user(people["Baba"]).post(f"{url}second/", {"rev": "0"}).status_code == 409
    rev = str(fresh(promotion).rev)
    assert as_user(people["Abe"]).post(f"{url}second/", {"rev": rev}).status_code == 403
    assert as_user(people["Baba"]).post(f"{url}second/", {"rev": rev}).status_code == 302
    for address in (f"/promotions/{promotion.pk}/", "/promotions/"):
        assert "emergency" in as_user(cast.member).get(address).content.decode(), address
    row = as_user(cast.member).get(f"/api/v1/promotions/{promotion.pk}/").json()
    assert (row["state"], row["emergency"]) == ("approved", True)
    for one in read(Event.objects.about("promotion", promotion.pk)):
        assert one.action
    Move.objects.update(state=MoveState.MOVING)
    move = Move.objects.select_related("promotion__version__model").get()
    finish(move, 1)
    for address in ("/models/", f"/models/{promotion.version.model_id}/"):
        assert "In an emergency" in as_user(cast.member).get(address).content.decode(), address


def test_an_approval_stays_an_approval(cast, promotion, people):
    """Break-glass leaves the ordinary way as it is: a version that fails is not approved."""
    with pytest.raises(Conflict):
        promotions.approve(promotion=promotion, rev=promotion.rev, by=cast.reviewer)


def test_it_is_judged_as_soon_as_it_stands(cast, opened):
    """The control page says at once that it would not pass, and that it is not unknown."""
    carry_out(opened)
    place = Placement.objects.get(promotion=opened)
    run_job(Job.objects.get(kind="live.judge", params={"placement": place.pk}).pk)
    assert LiveJudgement.objects.get(placement=place).outcome == "fail"
    found = control(cast.admin, timezone.now())
    assert (found.unjudged, found.of("fail")) == (0, 1)
    assert Finding.objects.filter(kind="not_passing", placement=place).count() == 1
