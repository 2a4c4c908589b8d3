"""Sentences of policies and gates, by code.

Pure: no Django. Titles of gates stand in the policy, in both languages.
"""

from __future__ import annotations

from governance.engine.texts import drift, explanation, fairness, lineage, performance, safety  # noqa: F401  (quoted)
from governance.policy import texts  # noqa: F401
from portal.message import gettext_noop, register

register(
    {
        # reading a policy
        "policy.audit-missing": gettext_noop("the field audit must say which audit the gate reads"),
        "policy.between": gettext_noop("a number between %(low)s and %(high)s is expected"),
        "policy.name": gettext_noop("a name of small letters, digits, - and _ is expected, beginning with a letter"),
        "policy.alias": gettext_noop(
            "an alias that MLflow accepts is expected: letters, digits, - and _, but not latest or v and a number"
        ),
        "policy.alias-twice": gettext_noop("two environments cannot share the alias %(alias)s"),
        "policy.always": gettext_noop("this rule always holds; write true"),
        "policy.no-environment": gettext_noop("No published policy has an environment %(environment)s."),
        "policy.invalid": gettext_noop("The policy cannot be used. %(errors)s"),
        "policy.raced": gettext_noop("Somebody else has published this policy meanwhile. Look at it first."),
        # what a gate requires
        "gates.needs": gettext_noop("%(what)s The audit is at most %(days)s days old and its evidence is %(labels)s."),
        "gates.needs.lineage": gettext_noop("On record are: %(items)s."),
        "gates.needs.fairness.allow": gettext_noop(
            "The whole interval of each gap is at most %(tolerance)s: %(measures)s. Groups of fewer than %(n)s cases "
            "are not judged."
        ),
        "gates.needs.fairness.block": gettext_noop(
            "The whole interval of each gap is at most %(tolerance)s: %(measures)s. A group of fewer than %(n)s cases "
            "cannot be judged and keeps the gate shut."
        ),
        "gates.needs.explanation": gettext_noop(
            "The explanation adds up to the model's output, and at most %(limit)s of it rests on sensitive columns."
        ),
        "gates.needs.maturity.whole": gettext_noop(
            "The owner team's official level in %(framework)s is at least %(level)s."
        ),
        "gates.needs.maturity.part": gettext_noop(
            "The owner team's official level in %(framework)s, %(dimension)s, is at least %(level)s."
        ),
        # names
        "gates.audit.lineage": gettext_noop("lineage"),
        "gates.audit.fairness": gettext_noop("fairness"),
        "gates.audit.explanation": gettext_noop("explanation"),
        "gates.audit.performance": gettext_noop("performance"),
        "gates.audit.drift": gettext_noop("drift"),
        "gates.audit.safety": gettext_noop("safety"),
        "gates.audit.maturity": gettext_noop("maturity"),
        "gates.audit.replay": gettext_noop("replay"),
        "gates.audit.checklist": gettext_noop("checklist"),
        "gates.audit.fact": gettext_noop("fact"),
        "gates.label.replayed": gettext_noop("replayed"),
        "gates.label.computed": gettext_noop("computed"),
        "gates.label.attested": gettext_noop("attested"),
        "gates.label.declared": gettext_noop("declared"),
        "gates.kind.tabular": gettext_noop("tabular"),
        "gates.kind.text": gettext_noop("text"),
        "gates.kind.image": gettext_noop("image"),
        "gates.kind.generative": gettext_noop("generative"),
        "gates.risk.low": gettext_noop("low"),
        "gates.risk.medium": gettext_noop("medium"),
        "gates.risk.high": gettext_noop("high"),
        "gates.measure.demographic_parity_difference": gettext_noop("selection rate (demographic parity)"),
        "gates.measure.equal_opportunity_difference": gettext_noop("true positive rate (equal opportunity)"),
        "gates.measure.equalized_odds_difference": gettext_noop("true and false positive rate (equalized odds)"),
        "gates.measure.false_positive_rate_difference": gettext_noop("false positive rate"),
        "gates.measure.precision_difference": gettext_noop("precision"),
        "gates.measure.accuracy_difference": gettext_noop("accuracy"),
        # measured and required
        "gates.figure": gettext_noop("%(value)s"),
        "gates.at-most": gettext_noop("≤ %(limit)s"),
        "gates.at-least": gettext_noop("≥ %(limit)s"),
        "gates.between": gettext_noop("%(low)s to %(high)s"),
        "gates.equals": gettext_noop("= %(value)s"),
        "gates.rows": gettext_noop("rows: %(rows)s"),
        "gates.not-worse": gettext_noop("not worse"),
        "gates.none": gettext_noop("none"),
        "gates.and-more": gettext_noop("and more: %(count)s"),
        "gates.of": gettext_noop("%(met)s of %(all)s"),
        "gates.both": gettext_noop("%(first)s %(rest)s"),
        # the verdict
        "gates.verdict.pass": gettext_noop("Every check that applies passes (%(passed)s of %(passed)s)."),
        "gates.verdict.pass-waived": gettext_noop(
            "Every check that applies passes or is excepted (%(passed)s of %(all)s pass, excepted: %(waived)s)."
        ),
        "gates.verdict.blocked": gettext_noop("Cannot go yet: %(reason)s"),
        "gates.verdict.blocked-more": gettext_noop("Cannot go yet: %(reason)s Other checks in the way: %(more)s."),
        "gates.verdict.nothing": gettext_noop("Cannot go yet: no check of the policy applies to this model."),
        # evidence that does not count
        "gates.missing": gettext_noop("The %(audit)s audit has not run on this version."),
        "gates.stale": gettext_noop("The %(audit)s audit is %(age)s days old; the policy allows %(days)s."),
        "gates.future": gettext_noop("The %(audit)s audit is dated in the future, so its age is not known."),
        "gates.label-refused": gettext_noop("The evidence is %(label)s; the policy accepts: %(labels)s."),
        "gates.unsandboxed": gettext_noop(
            "For the %(audit)s audit the model was run without a sandbox: such evidence is for development only."
        ),
        "gates.other-artifact": gettext_noop("The %(audit)s audit examined other files than the version has now."),
        "gates.unknown-artifact": gettext_noop("It is not on record which files the %(audit)s audit examined."),
        "gates.unhashed": gettext_noop("The version's files have not been hashed, so it is not known what would go."),
        "gates.other-profile": gettext_noop("The %(audit)s audit was made with another profile than today's."),
        "gates.no-profile": gettext_noop("The model has no profile, so it is not known what to ask of it."),
        "gates.not-agreed": gettext_noop("Nobody has agreed to the model's profile yet, so nothing on it counts."),
        "gates.unreadable": gettext_noop("The result of the %(audit)s audit cannot be read."),
        "gates.not-applicable": gettext_noop("The policy does not ask this of such a model (%(kind)s, risk %(risk)s)."),
        "gates.missing.checklist": gettext_noop("Nobody has confirmed an item of the checklist for this version."),
        "gates.missing.fact": gettext_noop("No pipeline has told %(key)s of this version."),
        "gates.stale.fact": gettext_noop("%(key)s was told %(age)s days ago; the policy allows %(days)s."),
        "gates.future.supplied": gettext_noop("It is dated in the future, so its age is not known."),
        "gates.other-live": gettext_noop(
            "The version %(live)s is live now; the audit compared with another: %(compared)s."
        ),
        "gates.no-live-now": gettext_noop(
            "The audit compared with the version %(compared)s, which is not live any more; none is."
        ),
        # what evidence says
        "gates.lineage.pass": gettext_noop("Everything required is on record (%(all)s of %(all)s)."),
        "gates.lineage.fail": gettext_noop("Not on record: %(items)s."),
        "gates.lineage.not_evaluated": gettext_noop("Could not be read: %(items)s."),
        "gates.fairness.pass": gettext_noop(
            "The largest gap, in the %(rate)s by %(feature)s, is %(value)s, and its whole %(confidence)s interval, "
            "%(low)s to %(high)s, is within %(limit)s."
        ),
        "gates.fairness.fail": gettext_noop(
            "The gap in the %(rate)s by %(feature)s is %(value)s, more than the %(limit)s allowed: %(lowest_value)s "
            "for %(lowest)s, n = %(lowest_n)s, against %(highest_value)s for %(highest)s, n = %(highest_n)s. The "
            "%(confidence)s interval is %(low)s to %(high)s."
        ),
        "gates.fairness.inconclusive": gettext_noop(
            "The gap in the %(rate)s by %(feature)s is %(value)s, but its %(confidence)s interval, %(low)s to "
            "%(high)s, lies on both sides of %(limit)s: %(lowest_value)s for %(lowest)s, n = %(lowest_n)s, against "
            "%(highest_value)s for %(highest)s, n = %(highest_n)s."
        ),
        "gates.fairness.absent": gettext_noop("The fairness audit did not measure: %(measures)s."),
        "gates.fairness.min-group": gettext_noop(
            "The audit judged groups from %(least)s cases on; the policy wants %(wanted)s, and some groups lie between."
        ),
        "gates.fairness.missing": gettext_noop(
            "%(share)s of the rows lack a label or a prediction; the policy allows %(allowed)s."
        ),
        "gates.fairness.unjudged": gettext_noop("Groups of fewer than %(n)s cases cannot be judged: %(groups)s."),
        "gates.fairness.unjudged-rate": gettext_noop(
            "Some groups have fewer than %(n)s positive or negative cases and cannot be judged."
        ),
        "gates.explanation.pass": gettext_noop(
            "The explanation adds up, and %(share)s of it rests on sensitive columns; %(limit)s is allowed."
        ),
        "gates.explanation.fail": gettext_noop(
            "%(share)s of the explanation rests on sensitive columns, more than the %(limit)s allowed."
        ),
        "gates.explanation.inconclusive": gettext_noop(
            "%(share)s of the explanation rests on sensitive columns, but the %(confidence)s interval, %(low)s to "
            "%(high)s, lies on both sides of the %(limit)s allowed."
        ),
        "gates.explanation.few": gettext_noop(
            "Only %(rows)s rows were explained, of %(least)s that are needed to say how much rests on sensitive "
            "columns."
        ),
        "gates.fairness.confidence": gettext_noop(
            "The audit's intervals are of %(had)s; the policy wants at least %(wanted)s."
        ),
        "gates.performance.pass": gettext_noop(
            "%(metric)s is %(value)s, and its whole %(confidence)s interval, %(low)s to %(high)s, is %(limits)s."
        ),
        "gates.performance.fail": gettext_noop(
            "%(metric)s is %(value)s, and no part of its %(confidence)s interval, %(low)s to %(high)s, is %(limits)s."
        ),
        "gates.performance.inconclusive": gettext_noop(
            "%(metric)s is %(value)s, but its %(confidence)s interval, %(low)s to %(high)s, is %(limits)s only in part."
        ),
        "gates.performance.measured": gettext_noop(
            "%(metric)s is %(value)s (%(confidence)s interval %(low)s to %(high)s)."
        ),
        "gates.performance.absent": gettext_noop("The performance audit did not measure %(metric)s."),
        "gates.performance.missing": gettext_noop(
            "%(share)s of the rows have no label, no prediction or no score; %(allowed)s may be left out."
        ),
        "gates.performance.few": gettext_noop("Fewer than %(least)s cases bear on %(metric)s, too few to tell."),
        "gates.performance.no-interval": gettext_noop("These rows allow no sound interval for %(metric)s."),
        "gates.performance.alone": gettext_noop("No other version is live, so it is worse than none."),
        "gates.performance.live.better": gettext_noop("By %(metric)s it is better than the live version."),
        "gates.performance.live.worse": gettext_noop("By %(metric)s it is worse than the live version beyond chance."),
        "gates.performance.live.not_distinguishable": gettext_noop(
            "By %(metric)s it cannot be told apart from the live version."
        ),
        "gates.performance.live.identical": gettext_noop("By %(metric)s it answers as the live version does."),
        "gates.performance.live.not_evaluated": gettext_noop(
            "By %(metric)s it was not compared with the live version."
        ),
        "gates.performance.parts": gettext_noop("parts: %(count)s"),
        "gates.performance.slices.pass": gettext_noop(
            "In none of the parts of the data that were compared (%(judged)s) is it worse than the live version."
        ),
        "gates.performance.slices.fail": gettext_noop(
            "In %(count)s of %(judged)s parts of the data it is worse than the live version beyond chance."
        ),
        "gates.performance.slices.unknown": gettext_noop(
            "Of %(all)s parts of the data %(judged)s were compared with the live version."
        ),
        "gates.performance.slices.other": gettext_noop("Parts of the data were compared by %(metric)s alone."),
        "gates.drift.pass": gettext_noop(
            "No column has moved by more than %(limit)s (columns: %(judged)s). The largest, %(column)s: %(value)s "
            "(%(low)s to %(high)s)."
        ),
        "gates.drift.fail": gettext_noop(
            "%(column)s has moved by %(value)s (%(low)s to %(high)s), more than the %(limit)s allowed. Columns that "
            "have: %(count)s of %(judged)s."
        ),
        "gates.drift.inconclusive": gettext_noop(
            "%(column)s has moved by %(value)s, but the interval, %(low)s to %(high)s, lies on both sides of "
            "%(limit)s. Such columns: %(count)s of %(judged)s."
        ),
        "gates.drift.missing.fail": gettext_noop(
            "The share of missing values in %(column)s went from %(before)s to %(now)s, by more than %(limit)s."
        ),
        "gates.drift.missing.inconclusive": gettext_noop(
            "The share of missing values in %(column)s went from %(before)s to %(now)s; whether by more than "
            "%(limit)s cannot be told from so few rows."
        ),
        "gates.drift.types": gettext_noop("These columns are of another type than in the reference: %(columns)s."),
        "gates.drift.columns": gettext_noop("columns: %(count)s"),
        "gates.drift.unjudged": gettext_noop("These columns could not be judged: %(columns)s."),
        "gates.drift.nothing": gettext_noop("No column could be judged."),
        "gates.safety.pass": gettext_noop("Everything required passes (%(all)s of %(all)s)."),
        "gates.safety.fail": gettext_noop("Does not pass: %(items)s."),
        "gates.safety.not_evaluated": gettext_noop("Could not be found out: %(items)s."),
        "gates.replay.pass": gettext_noop(
            "The model gave the predictions that were supplied, on all %(rows)s rows compared; %(least)s are required."
        ),
        "gates.replay.own": gettext_noop(
            "No predictions were supplied: Sekisho ran the model itself, and it gave the same twice on %(rows)s rows; "
            "%(least)s are required."
        ),
        "gates.replay.few": gettext_noop("The model was run again on %(rows)s rows; %(least)s are required."),
        "gates.replay.not-run": gettext_noop("The model was not run again."),
        "gates.checklist.pass": gettext_noop("Every item is confirmed (%(all)s of %(all)s)."),
        "gates.checklist.open": gettext_noop("Not confirmed for these files and this profile: %(items)s."),
        "gates.fact.pass": gettext_noop("%(key)s is %(value)s (%(limits)s)."),
        "gates.fact.fail": gettext_noop("%(key)s is %(value)s; %(limits)s is required."),
        "gates.fact.type": gettext_noop("%(key)s is %(value)s, which cannot be compared with %(limits)s."),
        "gates.challenger": gettext_noop("On the challenger set %(name)s: %(finding)s"),
        # what would let it pass
        "gates.maturity.required": gettext_noop("level %(level)s"),
        "gates.maturity.measured": gettext_noop("level %(level)s"),
        "gates.maturity.pass": gettext_noop("%(team)s has official level %(level)s in %(framework)s."),
        "gates.maturity.fail": gettext_noop(
            "%(team)s has official level %(level)s in %(framework)s; %(needed)s is required."
        ),
        "gates.maturity.not-assessed": gettext_noop("%(team)s is not assessed in %(framework)s."),
        "gates.maturity.no-team": gettext_noop("No team owns the model, so that there is no level to look at."),
        "gates.maturity.no-framework": gettext_noop("No framework %(framework)s is in use."),
        "gates.maturity.no-dimension": gettext_noop("%(framework)s has no dimension %(dimension)s."),
        "gates.fix.maturity": gettext_noop("The roadmap of %(team)s tells the steps to it."),
        "gates.fix.team": gettext_noop("A team takes over the model on its profile's page."),
        "gates.fix.policy": gettext_noop("An administrator corrects the policy."),
        "gates.fix.run": gettext_noop("The owner team or a reviewer runs the %(audit)s audit on the version's page."),
        "gates.fix.label": gettext_noop("Let Sekisho run the model or read its predictions: %(labels)s is needed."),
        "gates.fix.sandbox": gettext_noop(
            "An administrator gives a worker a working sandbox; the %(audit)s audit is run again there."
        ),
        "gates.fix.agree": gettext_noop(
            "The team's manager, a reviewer or an administrator, other than who wrote the profile, agrees to it."
        ),
        "gates.fix.profile": gettext_noop("The owner team writes the profile on the model's page."),
        "gates.fix.gap": gettext_noop(
            "Bring the rates of these groups closer: more cases of the worse-off group, or a mitigation in training."
        ),
        "gates.fix.cases": gettext_noop(
            "The owner team adds labelled cases of the small groups to the evaluation data."
        ),
        "gates.fix.explanation": gettext_noop("Correct what the explanation audit names, then run it again."),
        "gates.fix.rows": gettext_noop(
            "The owner team adds rows to the evaluation data; where time ended the sample, an administrator gives "
            "models more of it."
        ),
        "gates.fix.kinds": gettext_noop(
            "An administrator publishes the policy with the kinds of model that this check is for."
        ),
        "gates.fix.metric": gettext_noop(
            "The owner team names the metric in the profile and runs the audit, or an administrator corrects the "
            "policy."
        ),
        "gates.fix.rows-complete": gettext_noop(
            "The owner team completes labels, predictions and scores in the evaluation data."
        ),
        "gates.fix.more-rows": gettext_noop("The owner team adds rows to the evaluation data."),
        "gates.fix.floor": gettext_noop("Train a version that does better, and register it."),
        "gates.fix.worse": gettext_noop(
            "Look at the comparison on the performance page: what the live version gets right and this one does not."
        ),
        "gates.fix.slices": gettext_noop("The performance page names the parts; train with more cases like these."),
        "gates.fix.drift": gettext_noop(
            "Train on data like today's, or a reviewer agrees to a newer reference in the profile."
        ),
        "gates.fix.drift-columns": gettext_noop(
            "The owner team adds rows, or an administrator names in the policy the columns that can be compared."
        ),
        "gates.fix.checklist": gettext_noop("On the version's checklist, one of these confirms it: %(groups)s."),
        "gates.fix.fact": gettext_noop("The owner team's pipeline tells %(key)s by the API."),
        "gates.fix.reliance": gettext_noop(
            "Train without the sensitive columns or with less weight on them, and register that version."
        ),
    }
)
