"""One fault in a document that is good elsewhere: told in one line, at the right key and place, and nothing beside it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from harness import trial
from tests.bad_input.conftest import Refuse

S, C, F = "scenario.yaml", "charter.yaml", "features.yaml"
WORLD, TRIAL, CLAUSE = "spec.world.", "spec.trial.", "spec.clauses."


class Spoilt(NamedTuple):
    """`old` is replaced by `new`, once. The fault stands on the first line that differs, or on the one with `on`
    (`<end>`: after the last)."""

    name: str
    file: str
    old: str
    new: str
    key: str
    says: str
    on: str = ""


CASES = [
    # the envelope
    Spoilt("api version", S, "windtunnel/v1", "windtunnel/v2", "apiVersion", "did you mean 'windtunnel/v1'?"),
    Spoilt("kind", S, "kind: Scenario", "kind: Scenaro", "kind", "did you mean 'Scenario'?"),
    Spoilt("kind missing", S, "kind: Scenario\n", "", "kind", "missing", "apiVersion"),
    Spoilt("another kind", S, "kind: Scenario", "kind: Charter", "kind", "got 'Charter'"),
    Spoilt("unknown at the root", S, "metadata:\n", "extra: 1\nmetadata:\n", "extra", "unknown key"),
    Spoilt("misspelt at the root", S, "metadata:", "metdata:", "metdata", "did you mean 'metadata'?"),
    Spoilt("name", S, "name: carrier-test", "name: Carrier Test", "metadata.name", "lower-case"),
    Spoilt("name leads out", S, "name: carrier-test", "name: ../../etc", "metadata.name", "lower-case"),
    Spoilt("version is a number", S, "version: 1.0.0", "version: 1.0", "metadata.version", "text in quotes"),
    Spoilt("version is short", S, "version: 1.0.0", 'version: "1.0"', "metadata.version", "such as '1.0.0'"),
    Spoilt("label is a number", S, 'tier: "1"', "tier: 1", "metadata.labels.tier", "text in quotes"),
    Spoilt("purpose missing", S, "description:\n    purpose: A", "description:\n    usage: A",
           "spec.description.purpose", "missing", "description:"),
    Spoilt("purpose empty", S, "purpose: A scenario", 'purpose: ""\n    usage: A scenario', "spec.description.purpose",
           "empty text"),
    # seeds and plan
    Spoilt("seed twice", S, "[1, 2, 3, 4, 5, 6]", "[1, 2, 3, 2, 5, 6]", "spec.seeds.3", "the seed 2 twice"),
    Spoilt("seed negative", S, "[1, 2, 3, 4, 5, 6]", "[1, -2, 3, 4, 5, 6]", "spec.seeds.1", "at least 0"),
    Spoilt("seed is text", S, "[1, 2, 3, 4, 5, 6]", "[1, two, 3, 4, 5, 6]", "spec.seeds.1", "got 'two', expected a whole number"),
    Spoilt("seed is huge", S, "[1, 2, 3, 4, 5, 6]", f"[1, {10**38}, 3, 4, 5, 6]", "spec.seeds.1", "less than"),
    Spoilt("seed has no end of digits", S, "[1, 2, 3, 4, 5, 6]", f"[1, {'9' * 3000}, 3, 4, 5, 6]", "spec.seeds.1",
           "3000 characters"),
    Spoilt("no seeds", S, "[1, 2, 3, 4, 5, 6]\n  plan: {looks: [5, 6]}", "[]", "spec.seeds", "at least 1"),
    Spoilt("seeds are text", S, "[1, 2, 3, 4, 5, 6]", "1-6", "spec.seeds", "expected a list"),
    Spoilt("range of none", S, "[1, 2, 3, 4, 5, 6]\n  plan: {looks: [5, 6]}", "{first: 1, count: 0}", "spec.seeds.count", "at least 1"),
    Spoilt("looks beyond seeds", S, "looks: [5, 6]", "looks: [5, 7]", "spec.plan.looks.1", "number of seeds, 6"),
    Spoilt("looks descend", S, "looks: [5, 6]", "looks: [6, 5]", "spec.plan.looks.1", "more than the look before"),
    Spoilt("four looks", S, "looks: [5, 6]", "looks: [3, 4, 5, 6]", "spec.plan.looks", "at most 3"),
    # time
    Spoilt("wrong unit", S, "tick: 15m", "tick: 15min", WORLD + "tick", "expected a duration such as 15m"),
    Spoilt("no unit", S, "tick: 15m", "tick: 15", WORLD + "tick", "got 15, expected a duration"),
    Spoilt("tick over midnight", S, "tick: 15m", "tick: 7m", WORLD + "tick", "a part of a day"),
    Spoilt("tick of none", S, "tick: 15m", "tick: 0m", WORLD + "tick", "a part of a day"),
    Spoilt("clock time", S, "tick: 15m", "tick: 12:30", WORLD + "tick", "got '12:30'"),
    Spoilt("history short", S, "history: 90d", "history: 89d", WORLD + "history", "at least 90d, or historyBecause"),
    Spoilt("history broken", S, "history: 90d", "history: 2161h", WORLD + "history", "whole days"),
    Spoilt("history negative", S, "history: 90d", "history: -90d", WORLD + "history", "expected a duration"),
    Spoilt("horizon broken", S, "lagTail: 14d", "lagTail: 7m", WORLD + "lagTail", "whole ticks of 15m"),
    Spoilt("horizon far", S, "lagTail: 14d", "lagTail: 99999999d", WORLD + "lagTail", "at most 36525d"),
    Spoilt("horizon infinite", S, "lagTail: 14d", f"lagTail: {'9' * 400}d", WORLD + "lagTail", "expected a duration"),
    Spoilt("month thirteen", S, "2026-01-05", "2026-13-05", WORLD + "start", "a date such as"),
    Spoilt("date the other way", S, "2026-01-05", "05.01.2026", WORLD + "start", "a date such as"),
    Spoilt("rounds up by a word", S, "roundsUp: false", "roundsUp: no", WORLD + "roundsUp", "got 'no', expected true or false"),
    # world, levers
    Spoilt("world unknown", S, "use: toyworld:World\n    start", "use: telko\n    start", WORLD + "use", "unknown world 'telko'"),
    Spoilt("world of no module", S, "toyworld:World", "toyworlds:World", WORLD + "use", "cannot load world"),
    Spoilt("world of no class", S, "toyworld:World", "toyworld:Wrld", WORLD + "use", "cannot load world"),
    Spoilt("world parameter unknown", S, "lines: 2000", "linse: 2000", WORLD + "with.linse", "did you mean 'lines'?"),
    Spoilt("world parameter low", S, "lines: 2000", "lines: -2000", WORLD + "with.lines", "at least 100"),
    Spoilt("world parameter broken", S, "lines: 2000", "lines: 2000.5", WORLD + "with.lines", "a whole number"),
    Spoilt("world parameter is text", S, "lines: 2000", 'lines: "2000"', WORLD + "with.lines", "got '2000', expected a whole number"),
    Spoilt("variable not set", S, "hub: NO", "hub: '${env:WINDTUNNEL_NOT_SET}'", WORLD + "with.hub", "--set world.with.hub="),
    Spoilt("variable elsewhere", S, "lever: wrong_reports", "lever: '${env:HOME}'", WORLD + "injections.1.lever", "inside world.with alone"),
    Spoilt("lever unknown", S, "{report_rate: 4e-3", "{report_rat: 4e-3", WORLD + "levers.report_rat", "did you mean 'report_rate'?"),
    Spoilt("negative rate", S, "report_rate: 4e-3", "report_rate: -4e-3", WORLD + "levers.report_rate", "0 to 0.1 ratio"),
    Spoilt("lever not a number", S, "report_rate: 4e-3", "report_rate: .nan", WORLD + "levers.report_rate", "a finite number"),
    Spoilt("lever infinite", S, "report_rate: 4e-3", "report_rate: .inf", WORLD + "levers.report_rate", "a finite number"),
    Spoilt("lever overflows", S, "report_rate: 4e-3", "report_rate: 1e999", WORLD + "levers.report_rate", "a finite number"),
    Spoilt("lever is text", S, "report_rate: 4e-3", "report_rate: low", WORLD + "levers.report_rate", "got 'low', expected a number"),
    Spoilt("lever is true", S, "report_rate: 4e-3", "report_rate: true", WORLD + "levers.report_rate", "got true, expected a number"),
    # injections, veils
    Spoilt("injection unknown", S, "use: step", "use: stpe", WORLD + "injections.0.use", "did you mean 'step'?"),
    Spoilt("injection moves the unmovable", S, "lever: wrong_reports", "lever: region", WORLD + "injections.1.lever", "cannot be moved"),
    Spoilt("injection on nothing", S, "lever: wrong_reports", "lever: wrong_report", WORLD + "injections.1.lever", "did you mean 'wrong_reports'?"),
    Spoilt("injection beyond horizon", S, "end: 20d", "end: 61d", WORLD + "injections.0.end", "no later than the horizon, 60d"),
    Spoilt("injection before history", S, "start: -10d", "start: -91d", WORLD + "injections.1.start", "the history, -90d"),
    Spoilt("injection backwards", S, "end: 20d", "end: 5d", WORLD + "injections.0.end", "start must lie before the end"),
    Spoilt("injection of no time", S, "end: 20d", "end: 10d", WORLD + "injections.0.end", "start must lie before the end"),
    Spoilt("injection from the end", S, "start: 10d\n        end: 20d", "start: 60d", WORLD + "injections.0.start", "the horizon after '60d'"),
    Spoilt("injection out of range", S, "factor: 2.0", "factor: 200.0", WORLD + "injections.0", "to 0.8, expected 0 to 0.1",
           "- name: late-wave"),
    Spoilt("injection factor negative", S, "factor: 2.0", "factor: -2.0", WORLD + "injections.0.factor", "at least 0"),
    Spoilt("injection two aims", S, "factor: 2.0", "factor: 2.0\n        to: 0.01", WORLD + "injections.0", "exactly one of", "- name: late-wave"),
    Spoilt("injection no aim", S, "        factor: 2.0\n", "", WORLD + "injections.0", "exactly one of", "- name: late-wave"),
    Spoilt("injection parameter unknown", S, "factor: 2.0", "factr: 2.0\n        to: 0.01", WORLD + "injections.0.factr", "did you mean 'factor'?"),
    Spoilt("injection parameter missing", S, "over: 30d, ", "", WORLD + "injections.1.over", "missing", "name: creep"),
    Spoilt("injection parameter too long", S, "over: 30d", "over: 300d", WORLD + "injections.1.over", "no longer than the window"),
    Spoilt("injection parameter without unit", S, "over: 30d", "over: 30", WORLD + "injections.1.over", "expected a duration"),
    Spoilt("injection name twice", S, "name: creep", "name: late-wave", WORLD + "injections.1.name", "'late-wave' twice"),
    Spoilt("pulse longer than period", S, "lasts: 1d", "lasts: 8d", WORLD + "injections.2.lasts", "shorter than every"),
    Spoilt("season too deep", S, "amplitude: 0.3", "amplitude: 3", WORLD + "injections.3.amplitude", "at most 1"),
    Spoilt("veil unknown", S, "use: outage", "use: outrage", WORLD + "veils.0.use", "did you mean 'outage'?"),
    Spoilt("veil over nothing", S, "of: call_record", "of: call_recrod", WORLD + "veils.0.of", "did you mean 'call_record'?"),
    Spoilt("veil over a question", S, "of: call_record", "of: call", WORLD + "veils.0.of", "expected a news stream"),
    Spoilt("veil beyond horizon", S, "end: 6d", "end: 600d", WORLD + "veils.0.end", "the horizon, 60d"),
    # references
    Spoilt("no charter", S, "  charter: charter.yaml\n", "", "spec.charter", "missing", "spec:"),
    Spoilt("charter of no file", S, "charter: charter.yaml", "charter: chart.yaml", "spec.charter", "no file chart.yaml"),
    Spoilt("charter of no id", S, "charter: charter.yaml", "charter: telco/midsize-carier-v1", "spec.charter", "no charter 'telco/midsize-carier-v1'"),
    Spoilt("feature set of no id", S, "features: features.yaml", "features: telco/nothing", TRIAL + "features", "no feature set 'telco/nothing'"),
    # trial
    Spoilt("trial missing", S, "  trial:\n", "  trail:\n", "spec.trail", "did you mean 'trial'?"),
    Spoilt("stream unknown", S, "[report, verification]", "[reprot, verification]", TRIAL + "labels.positives.0", "did you mean 'report'?"),
    Spoilt("no positives", S, "positives: [report, verification]", "positives: []", TRIAL + "labels.positives", "at least 1"),
    Spoilt("maturity beyond history", S, "maturity: 14d", "maturity: 90d", TRIAL + "labels.maturity", "less than the history, 90d"),
    Spoilt("training window of none", S, "trainingWindow: 60d", "trainingWindow: 0d", TRIAL + "labels.trainingWindow", "above 0"),
    Spoilt("rows negative", S, "maxRows: 20000", "maxRows: -1", TRIAL + "labels.maxRows", "at least 100"),
    Spoilt("snake case", S, "maxRows: 20000", "max_rows: 20000", TRIAL + "labels.max_rows", "did you mean 'maxRows'?"),
    Spoilt("holdout too large", S, "holdout: {share: 0.05}", "holdout: {share: 0.6}", TRIAL + "holdout.share", "at most 0.5"),
    Spoilt("holdout in percent", S, "holdout: {share: 0.05}", "holdout: {share: 5 %}", TRIAL + "holdout.share", "got '5 %', expected a number"),
    Spoilt("audit above one", S, "flaggedShare: 0.1", "flaggedShare: 1.1", TRIAL + "audit.flaggedShare", "at most 1"),
    Spoilt("candidate unknown", S, "use: logistic_regression", "use: logistic_regresion", TRIAL + "candidates.0.use", "did you mean 'logistic_regression'?"),
    Spoilt("candidate name twice", S, "name: rules", "name: logistic", TRIAL + "candidates.1.name", "'logistic' twice"),
    Spoilt("candidate named incumbent", S, "name: rules", "name: incumbent", TRIAL + "candidates.1.name", "compared with"),
    Spoilt("candidate without policy", S, "        policy: {use: fixed_threshold}\n", "", TRIAL + "candidates.1.policy", "missing", "- name: rules"),
    Spoilt("candidate parameter unknown", S, "use: rule_list", "use: rule_list\n        with: {ruels: 3}", TRIAL + "candidates.1.with.ruels", "unknown key"),
    Spoilt("candidate feature unknown", S, "features: [calls_24h]", "features: [calls_42h]", TRIAL + "candidates.0.features.0", "did you mean 'calls_24h'?"),
    Spoilt("policy unknown", S, "use: fixed_threshold", "use: fixed_treshold", TRIAL + "candidates.1.policy.use", "did you mean 'fixed_threshold'?"),
    Spoilt("policy parameter unknown", S, "budget: 0.001", "budgt: 0.001", TRIAL + "candidates.0.policy.with.budgt", "did you mean 'budget'?"),
    Spoilt("policy parameter out of range", S, "budget: 0.001", "budget: 1.5", TRIAL + "candidates.0.policy.with.budget", "expected a share"),
    Spoilt("policy duration without unit", S, "lasts: 24h", "lasts: 24", TRIAL + "candidates.0.policy.with.lasts", "expected a duration"),
    Spoilt("incumbent unknown", S, "use: pass_all", "use: pass_al", TRIAL + "incumbent.use", "did you mean 'pass_all'?"),
    Spoilt("ledger unknown", S, "keep: acted", "keep: all", TRIAL + "ledger.keep", "got 'all'"),
    Spoilt("service", S, "    ledger:", "    service: reference\n    ledger:", TRIAL + "service", "cannot be measured by this version yet"),
    # the charter
    Spoilt("owner without contact", C, ", contact: noc@carrier.example", "", "spec.owners.1.contact", "missing", "role: operations"),
    Spoilt("role twice", C, "  clauses:\n", "    - {role: business, name: x, contact: y}\n  clauses:\n", "spec.owners.2.role", "'business' twice"),
    Spoilt("owner of no role", C, "owner: business\n      because: The", "owner: busines\n      because: The", CLAUSE + "0.owner", "did you mean 'business'?"),
    Spoilt("no reason", C, "      because: The objective filed with the regulator.\n", "", CLAUSE + "0.because", "missing", "- name: complaint_reduction"),
    Spoilt("empty reason", C, "because: The objective filed with the regulator.", 'because: ""', CLAUSE + "0.because", "empty text"),
    Spoilt("blank reason", C, "because: The objective filed with the regulator.", 'because: "  "', CLAUSE + "0.because", "expected text"),
    Spoilt("metric unknown", C, "metric: complaint_reduction", "metric: complaint_reductoin", CLAUSE + "0.metric", "did you mean 'complaint_reduction'?"),
    Spoilt("unit wrong", C, "unit: per day", "unit: ratio", CLAUSE + "2.unit", "expected 'per day', the unit of review_load"),
    Spoilt("op wrong", C, "op: within", "op: withn", CLAUSE + "2.op", "did you mean 'within'?"),
    Spoilt("view wrong", C, "view: observed", "view: observd", CLAUSE + "0.view", "did you mean 'observed'?"),
    Spoilt("view is false", C, "view: true", "view: false", CLAUSE + "2.view", "got false"),
    Spoilt("rungs out of order", C, "rollback: 0.10", "rollback: 0.32", CLAUSE + "0.rungs.rollback", "below retrain (0.3)"),
    Spoilt("rung on the good side", C, "investigate: 0.35", "investigate: 0.45", CLAUSE + "0.rungs.investigate", "below goodEnough (0.4)"),
    Spoilt("rung equal to the one before", C, "escalate: 0.0\n", "escalate: 0.10\n", CLAUSE + "0.rungs.escalate", "below rollback (0.1)"),
    Spoilt("rungs of lte out of order", C, "rollback: 0.004", "rollback: 0.0012", CLAUSE + "1.rungs.rollback", "above investigate (0.0015)"),
    Spoilt("rungs of within inside the band", C, "{investigate: 40", "{investigate: 10", CLAUSE + "2.rungs.investigate", "above goodEnough.halfWidth (20)"),
    Spoilt("rung unknown", C, "rollback: 0.10", "roll_back: 0.10", CLAUSE + "0.rungs.roll_back", "did you mean 'rollback'?"),
    Spoilt("rung is text", C, "rollback: 0.10", "rollback: ten percent", CLAUSE + "0.rungs.rollback", "got 'ten percent', expected a number"),
    Spoilt("rung not a number", C, "rollback: 0.10", "rollback: .nan", CLAUSE + "0.rungs.rollback", "a finite number"),
    Spoilt("rung key unknown", C, "lookbackWindow", "lookBackWindow", CLAUSE + "0.rungs.retrain.lookBackWindow", "did you mean 'lookbackWindow'?"),
    Spoilt("rung window of none", C, "lookbackWindow: 28d", "lookbackWindow: 0d", CLAUSE + "0.rungs.retrain.lookbackWindow", "above 0"),
    Spoilt("share above one", C, "goodEnough: 0.005", "goodEnough: 5", CLAUSE + "1.slices.0.goodEnough", "0 to 1, since hard_false_blocks is a share"),
    Spoilt("negative share", C, "goodEnough: 0.005", "goodEnough: -0.005", CLAUSE + "1.slices.0.goodEnough", "0 to 1"),
    Spoilt("reduction above one", C, "goodEnough: 0.40", "goodEnough: 40", CLAUSE + "0.goodEnough", "at most 1"),
    Spoilt("band without width", C, "{target: 100, halfWidth: 20}", "{target: 100}", CLAUSE + "2.goodEnough.halfWidth", "missing"),
    Spoilt("band of no width", C, "halfWidth: 20", "halfWidth: 0", CLAUSE + "2.goodEnough.halfWidth", "more than 0"),
    Spoilt("band as a number", C, "{target: 100, halfWidth: 20}", "100", CLAUSE + "2.goodEnough", "target and halfWidth"),
    Spoilt("slice unknown", C, "by: caller_class", "by: caller_clas", CLAUSE + "1.slices.0.by", "did you mean 'caller_class'?"),
    Spoilt("slice of what has none", C, "      rungs:\n        investigate: 0.35", "      slices: [{by: caller_class}]\n      rungs:\n        investigate: 0.35",
           CLAUSE + "0.slices.0.by", "cannot be cut"),
    Spoilt("label unknown", C, "[consumer, clinic]", "[consumer, clinics]", CLAUSE + "1.slices.0.only.1", "did you mean 'clinic'?"),
    Spoilt("label twice", C, "[consumer, clinic]", "[consumer, consumer]", CLAUSE + "1.slices.0.only.1", "limited twice"),
    Spoilt("few entities", C, "only: [consumer, clinic]", "minEntities: 3\n          only: [consumer, clinic]", CLAUSE + "1.slices.0.minEntities", "at least 30"),
    Spoilt("clause name twice", C, "name: review_load", "name: false_blocks", CLAUSE + "2.name", "'false_blocks' twice"),
    Spoilt("confidence", C, "  retention: 28d", "  confidence: 95\n  retention: 28d", "spec.confidence", "less than 1"),
    Spoilt("latency", C, "  retention: 28d", "  latency: []\n  retention: 28d", "spec.latency", "cannot be measured by this version yet"),
    Spoilt("fairness", C, "  retention: 28d", "  fairness: [{metric: x}]\n  retention: 28d", "spec.fairness", "cannot be measured by this version yet"),
    Spoilt("proxies", C, "because: the law", "proxies: {maxAuc: 0.65}", "spec.excludedAttributes.0.proxies", "cannot be measured by this version yet"),
    Spoilt("signal", C, "  playbook:\n", "  signals: [{use: psychic}]\n  playbook:\n", "spec.signals.0.use", "cannot be measured by this version yet"),
    Spoilt("constraint on nothing", C, "{field: complaint, ", "{", "spec.dataConstraints.1", "exactly one of field and feed"),
    Spoilt("constraint on both", C, "{field: complaint, ", "{field: complaint, feed: report, ", "spec.dataConstraints.1", "exactly one of field and feed"),
    Spoilt("driver unknown", C, "driver: operational", "driver: operative", "spec.dataConstraints.1.driver", "did you mean 'operational'?"),
    Spoilt("playbook on nothing", C, "on: rollback", "on: roll_back", "spec.playbook.2.on", "did you mean 'rollback'?"),
    Spoilt("playbook owner", C, "owner: operations, timeBudget: 2d, steps: [look]", "owner: nobody, timeBudget: 2d, steps: [look]",
           "spec.playbook.0.owner", "no owner with the role 'nobody'"),
    Spoilt("playbook without steps", C, "steps: [look]", "steps: []", "spec.playbook.0.steps", "at least 1"),
    Spoilt("playbook twice", C, "on: escalate", "on: investigate", "spec.playbook.3.on", "'investigate' twice"),
    Spoilt("playbook target unknown", C, "target: previous_champion", "target: previous_champ", "spec.playbook.2.target", "did you mean 'previous_champion'?"),
    Spoilt("playbook target elsewhere", C, "steps: [look]", "steps: [look], target: incumbent", "spec.playbook.0.target", "only a rollback"),
    Spoilt("charter of another kind", C, "kind: Charter", "kind: FeatureSet", "kind", "got 'FeatureSet'"),
    # features
    Spoilt("operation unknown", F, "use: distinct", "use: distnct", "spec.features.1.use", "did you mean 'distinct'?"),
    Spoilt("feature without reading", F, "      reading: Calls in the last day\n", "", "spec.features.0.reading", "missing", "- name: calls_24h"),
    Spoilt("feature name twice", F, "name: callees_7d", "name: calls_24h", "spec.features.1.name", "'calls_24h' twice"),
    Spoilt("window beyond retention", F, "window: 7d", "window: 29d", "spec.features.1.window", "at most 28d"),
    Spoilt("window beyond the feed's retention", F, "window: 21d", "window: 22d", "spec.features.2.window", "at most 21d"),
    Spoilt("window missing", F, "      window: 24h\n", "", "spec.features.0.window", "missing", "- name: calls_24h"),
    Spoilt("window of none", F, "window: 24h", "window: 0h", "spec.features.0.window", "above 0"),
    Spoilt("window without unit", F, "window: 24h", "window: 24", "spec.features.0.window", "expected a duration"),
    Spoilt("feed unknown", F, "feed: call_record", "feed: call_records", "spec.features.2.feed", "did you mean 'call_record'?"),
    Spoilt("field unknown", F, "of: callee\n", "of: calee\n", "spec.features.1.of", "did you mean 'callee'?"),
    Spoilt("field of the question unknown", F, "of: callee}", "of: calee}", "spec.features.3.of", "did you mean 'callee'?"),
    Spoilt("condition on nothing", F, "where: {answered: 1}", "where: {answerd: 1}", "spec.features.2.where.answerd", "did you mean 'answered'?"),
    Spoilt("condition not a number", F, "where: {answered: 1}", "where: {answered: yes}", "spec.features.2.where.answered", "got 'yes', expected a number"),
    Spoilt("excluded attribute", F, "of: callee}", "of: nationality}", "spec.features.3.of", "excluded by the charter"),
    Spoilt("parameter that the operation lacks", F, "of: callee}", "of: callee, window: 1d}", "spec.features.3.window", "unknown key"),
    # the grammar
    Spoilt("duplicate key", S, "    tick: 15m\n", "    tick: 15m\n    history: 91d\n", WORLD + "history", "duplicate key (first on line 17)", "history: 90d"),
    Spoilt("tab", S, "    tick: 15m\n", "\ttick: 15m\n", "spec.world", "a tab, expected spaces"),
    Spoilt("anchor", S, "metadata:\n", "metadata: &here\n", "metadata", "anchor"),
    Spoilt("tag", S, "tick: 15m", "tick: !!python/name:os.system 15m", WORLD + "tick", "tag"),
    Spoilt("key not text", S, "levers: {report_rate: 4e-3", "levers: {1: 4e-3", "spec.world.levers", "not text"),
    Spoilt("key without value", S, "tick: 15m", "tick:", WORLD + "tick", "no value"),
    Spoilt("colon in text", S, "purpose: A scenario that", "purpose: A scenario: that", "spec.description", "not YAML"),
    Spoilt("bracket left open", S, "[report, verification]", "[report, verification", "spec.trial.labels.positives.2", "not YAML", "maturity: 14d"),
    Spoilt("quote left open", C, 'blocked"', "blocked", "spec.objective.statement", "not YAML", "<end>"),
    Spoilt("control character", S, "purpose: A", "purpose: \x07A", "document", "\\x07"),
    Spoilt("second document", S, "  trial:\n", "---\n  trial:\n", "document", "second document"),
]  # fmt: skip


def test_the_good_documents_are_good(folder: Path) -> None:
    loaded = trial.load(str(folder / S))
    assert loaded.candidates == ("logistic", "rules")
    assert [spec.name for spec in loaded.features] == [
        "calls_24h",
        "callees_7d",
        "answered_21d",
        "own_callee",
    ]


def test_there_are_many() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault(case: Spoilt, folder: Path, refused: Refuse) -> None:
    good = (folder / case.file).read_text(encoding="utf-8")
    assert good.count(case.old) >= 1, "the good document has changed"
    bad = good.replace(case.old, case.new, 1)
    (folder / case.file).write_text(bad, encoding="utf-8")
    found = refused(folder / S)
    assert [fault.key for fault in found] == [case.key], "\n".join(map(str, found))
    assert case.says in found[0].what
    assert Path(found[0].file).name == case.file
    assert found[0].line == _line(good, bad, case.on), found[0]
    assert found[0].column >= 1


def _line(good: str, bad: str, on: str) -> int:
    lines = bad.splitlines()
    if on == "<end>":
        return len(lines) + 1
    if on:
        return next(number for number, line in enumerate(lines, 1) if on in line)
    pairs = zip(good.splitlines(), lines, strict=False)
    return next(number for number, (was, is_) in enumerate(pairs, 1) if was != is_)
