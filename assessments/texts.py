"""Sentences of the maturity engine, by code.

Pure: no Django. The texts of criteria stand in the frameworks, in both languages.
"""

from __future__ import annotations

from portal.message import gettext_noop, register

register(
    {
        # reading YAML
        "maturity.yaml.field": gettext_noop("Line %(line)s, %(field)s: %(reason)s."),
        "maturity.yaml.syntax": gettext_noop("Line %(line)s: this is not valid YAML (%(problem)s)."),
        "maturity.yaml.value": gettext_noop("The file holds a value that cannot be read (%(problem)s)."),
        "maturity.yaml.twice": gettext_noop("Line %(line)s: %(key)s stands twice; remove one of the two."),
        "maturity.yaml.alias": gettext_noop("Line %(line)s: aliases (*name) are not read; write the part out."),
        "maturity.yaml.documents": gettext_noop("Line %(line)s: a second document begins; give one per file."),
        "maturity.yaml.deep": gettext_noop("Line %(line)s: nested deeper than %(limit)s levels."),
        "maturity.yaml.empty": gettext_noop("The file is empty."),
        "maturity.yaml.too-large": gettext_noop("The file is larger than %(limit)s kB."),
        "maturity.yaml.encoding": gettext_noop("The file is not text in UTF-8."),
        "maturity.yaml.unreadable": gettext_noop("%(file)s cannot be read: %(problem)s."),
        "maturity.yaml.missing": gettext_noop("this field is missing"),
        "maturity.yaml.unexpected": gettext_noop("this field is not known here"),
        "maturity.yaml.text": gettext_noop("text is expected"),
        "maturity.yaml.blank": gettext_noop("it must not be empty"),
        "maturity.yaml.whole": gettext_noop("a whole number is expected"),
        "maturity.yaml.number": gettext_noop("a number is expected"),
        "maturity.yaml.flag": gettext_noop("true or false is expected"),
        "maturity.yaml.list": gettext_noop("a list is expected"),
        "maturity.yaml.mapping": gettext_noop("fields with values are expected"),
        "maturity.yaml.one-of": gettext_noop("one of these is expected: %(expected)s"),
        "maturity.yaml.name": gettext_noop("lower-case letters, digits and hyphens are expected"),
        "maturity.yaml.at-least": gettext_noop("it must be %(limit)s or more"),
        "maturity.yaml.at-most": gettext_noop("it must be %(limit)s or less"),
        "maturity.yaml.other": gettext_noop("it cannot be used (%(problem)s)"),
        # a framework as a whole
        "maturity.check.levels": gettext_noop("levels count up from 0; %(expected)s is expected here"),
        "maturity.check.twice": gettext_noop("%(name)s stands twice"),
        "maturity.check.cells": gettext_noop("one text a level is expected: %(expected)s"),
        "maturity.check.forgotten": gettext_noop(
            "level %(level)s requires nothing; add a required criterion or list the level here"
        ),
        "maturity.check.adds": gettext_noop("level %(level)s is listed, yet it has required criteria"),
        "maturity.check.dimension": gettext_noop("there is no dimension %(name)s"),
        "maturity.check.level": gettext_noop("a level from 1 to %(top)s is expected"),
        "maturity.check.theme": gettext_noop("there is no theme %(name)s"),
        "maturity.check.unknown": gettext_noop("there is no criterion %(name)s"),
        "maturity.check.higher": gettext_noop("%(name)s belongs to a higher level and cannot come first"),
        "maturity.check.recommended": gettext_noop("%(name)s is only recommended; what is required cannot wait for it"),
        "maturity.check.cycle": gettext_noop("%(name)s waits for itself"),
        "maturity.check.no-rule": gettext_noop("facts are to settle it, yet the rule %(side)s is missing"),
        "maturity.check.rule": gettext_noop("a rule is either all, any, or one test of a fact"),
        "maturity.check.fact": gettext_noop("there is no fact %(name)s"),
        "maturity.check.test": gettext_noop(
            "%(name)s is a %(unit)s: give one test, which is is for a flag and a bound for all others"
        ),
        "maturity.check.group": gettext_noop("%(name)s is no criterion that may be not applicable"),
        "maturity.check.checklist": gettext_noop("a checklist has no levels; leave this out"),
        "maturity.check.no-home": gettext_noop(
            "%(name)s is no criterion of a shipped framework; write framework/dimension.criterion"
        ),
        "maturity.check.home-itself": gettext_noop("%(name)s cannot take its text from itself; name another one"),
        "maturity.check.home-chain": gettext_noop("%(name)s takes its own text from %(home)s; name that one"),
        "maturity.check.own-alternative": gettext_noop("%(name)s cannot be its own alternative"),
        "maturity.check.tool": gettext_noop("there is no tool %(name)s"),
        "maturity.check.map-from": gettext_noop("a version before %(version)s is expected"),
        "maturity.check.map-other": gettext_noop("the map is expected to lead from version %(version)s"),
        "maturity.check.map-number": gettext_noop("%(kind)s takes this many criteria here: %(expected)s"),
        "maturity.check.map-same": gettext_noop("tightened keeps its criteria: from and to name the same ones"),
        "maturity.check.map-retired": gettext_noop("what is retired has nowhere to go; only drop is possible"),
        "maturity.check.map-unknown": gettext_noop("the version before has no criterion %(name)s"),
        "maturity.check.map-kept": gettext_noop(
            "%(name)s is in the version before too; name it among those that this change leads from"
        ),
        "maturity.check.map-gone": gettext_noop("%(name)s was in the version before; say what became of it"),
        "maturity.check.map-review": gettext_noop("a review cannot be kept of an answer that is dropped"),
        # from one version to the next
        "maturity.migration.map": gettext_noop("The map of %(framework)s does not fit: %(reason)s."),
        "maturity.migration.path": gettext_noop(
            "No map leads from version %(old)s of %(framework)s to version %(new)s."
        ),
        # answers
        "maturity.answer.unknown-id": gettext_noop("There is no criterion %(id)s in %(framework)s."),
        "maturity.answer.value": gettext_noop(
            "%(id)s: %(value)s is no answer; use yes, partly, no, na, or leave it empty."
        ),
        "maturity.answer.na": gettext_noop("%(id)s cannot be answered with na (not applicable)."),
        "maturity.answer.not-all-na": gettext_noop("At least one of these must apply: %(ids)s."),
        "maturity.answer.one-of": gettext_noop("%(value)s is no answer; use yes, partly, no, na, or leave it empty"),
        "maturity.answer.other-framework": gettext_noop("the file answers %(found)s, not %(framework)s"),
        # the file of answers, and the command
        "maturity.template.how": gettext_noop(
            "Answer each with yes, partly, no or na (not applicable); leave it empty where you do not know."
        ),
        "maturity.template.na": gettext_noop("na is accepted only where a reason is named, and only for that reason."),
        "maturity.template.live": gettext_noop(
            "If no model is live, say so here: what is said of each live model then stays unknown."
        ),
        "maturity.template.place": gettext_noop("%(dimension)s, level %(level)s"),
        "maturity.template.required": gettext_noop("required"),
        "maturity.template.recommended": gettext_noop("recommended"),
        "maturity.template.na-if": gettext_noop("na if: %(reason)s"),
        "maturity.level.overall": gettext_noop("Overall"),
        "maturity.level.known": gettext_noop("%(name)s: level %(claimed)s"),
        "maturity.level.range": gettext_noop(
            "%(name)s: level %(claimed)s claimed (at least %(at_least)s, at most %(at_most)s)"
        ),
        "maturity.level.unknown": gettext_noop("There is no framework %(name)s; known are: %(known)s."),
        # evidence
        "maturity.fact": gettext_noop("%(fact)s: %(value)s"),
        "maturity.value.true": gettext_noop("yes"),
        "maturity.value.false": gettext_noop("no"),
        "maturity.value.share": gettext_noop("%(percent)s%% (of %(items)s)"),
        "maturity.value.count": gettext_noop("%(value)s"),
        "maturity.value.days": gettext_noop("%(value)s d"),
        "maturity.value.hours": gettext_noop("%(value)s h"),
        "maturity.evidence.supports": gettext_noop("The evidence supports it. %(facts)s"),
        "maturity.evidence.supports-person": gettext_noop(
            "The evidence supports it, and a person must confirm it. %(facts)s"
        ),
        "maturity.evidence.contradicts": gettext_noop("The evidence denies it. %(facts)s"),
        "maturity.evidence.both": gettext_noop(
            "Some evidence supports it, but other evidence denies it, and that counts. %(facts)s"
        ),
        "maturity.evidence.declared": gettext_noop("Only declared, not seen: this settles nothing. %(facts)s"),
        "maturity.evidence.stale": gettext_noop("The evidence is out of date, so it counts as unknown. %(facts)s"),
        "maturity.evidence.few": gettext_noop("Too few cases to judge. %(facts)s"),
        "maturity.evidence.missing": gettext_noop("No evidence yet. Not collected: %(facts)s"),
        "maturity.evidence.between": gettext_noop("The evidence is enough neither for yes nor for no. %(facts)s"),
        "maturity.evidence.set-aside": gettext_noop(
            "Evidence denies it, but was found to be mistaken; it is set aside until %(until)s."
        ),
        "maturity.evidence.person-only": gettext_noop("No fact can show this; a person must answer."),
        # roadmap
        "maturity.step.unmet": gettext_noop("Level %(level)s requires it, and it is not met."),
        "maturity.step.unknown": gettext_noop("Level %(level)s requires it, and nobody has answered it yet."),
        "maturity.step.prepares": gettext_noop("%(id)s needs it first."),
        "maturity.effort.1": gettext_noop("a few days"),
        "maturity.effort.2": gettext_noop("one or two weeks"),
        "maturity.effort.3": gettext_noop("about a month"),
        "maturity.effort.4": gettext_noop("about a quarter"),
        "maturity.effort.5": gettext_noop("more than a quarter"),
    }
)
