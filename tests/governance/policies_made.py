"""A policy in format 2 that says everything there is to say."""

from __future__ import annotations

SECOND = """\
key: production-high-risk
title: {en: "Production, high risk", ja: 本番・高リスク}
applies: {environments: [production], risks: [high], kinds: []}
environments:
  production:
    title: {en: Production, ja: 本番}
    alias: champion
    after: staging
    restore: off
    roles: {request: [owner], approve: reviewer}
    windows: [{days: [mon, tue, wed, thu], from: "09:00", to: "18:00", timezone: Asia/Tokyo}]
    freezes: [{from: 2026-12-26, to: 2027-01-05, why: {en: Year's end, ja: 年末年始}}]
    gates:
      - {id: lineage, audit: lineage, title: {en: Lineage, ja: リネージ}, max_age_days: 90,
         labels: [computed, replayed], needs: {items: [run]}}
      - {id: fair, audit: fairness, title: {en: Fairness, ja: 公平性}, max_age_days: 90, labels: [computed, replayed],
         needs: {tolerance: 0.1, measures: [accuracy_difference], min_group: 30, unjudged_groups: allow,
                 confidence: 0.95}}
      - {id: explained, audit: explanation, title: {en: Explained, ja: 説明}, max_age_days: 90, labels: [replayed],
         needs: {max_reliance: 0.25}}
      - {id: floor, audit: performance, title: {en: Recall, ja: 再現率}, max_age_days: 90, labels: [replayed, computed],
         needs: {metric: recall, at_least: 0.75, not_worse: if_live, slices: not_worse},
         waivable: {group: model-risk, max_days: 90}, ruling: {group: model-risk, max_days: 30}}
      - {id: drift, audit: drift, title: {en: Drift, ja: ドリフト}, max_age_days: 90, labels: [replayed, computed],
         needs: {tolerance: 0.2, columns: [age, income], unjudged: block}}
      - {id: safety, audit: safety, title: {en: Safety, ja: 安全性}, max_age_days: 90, labels: [replayed, computed],
         needs: {items: [tree, environment]}}
      - {id: replay, audit: replay, title: {en: Run again, ja: 再実行}, max_age_days: 90,
         needs: {min_rows: 100}}
      - {id: card, audit: checklist, title: {en: Checklist, ja: 確認表}, max_age_days: 180, labels: [attested],
         needs: {items: [{id: model-card, title: {en: Model card, ja: モデルカード}, signers: owner},
                         {id: legal, title: {en: Legal, ja: 法務}, signers: [model-risk, reviewer]}]}}
      - {id: load, audit: fact, title: {en: Load test, ja: 負荷試験}, max_age_days: 30, labels: [declared, attested],
         needs: {key: load_test.p95_ms, at_most: 200}}
      - {id: team, audit: maturity, title: {en: Team, ja: チーム},
         needs: {framework: mlops-maturity, level: 1}}
    approvals:
      stages:
        - {group: owner, quorum: 1, due_days: 2, title: {en: Owner, ja: 所有チーム}}
        - {group: model-risk, quorum: 2, due_days: 3}
      in_order: true
      expires_days: 14
      maturity: {framework: mlops-maturity, automatic_from: 4, extra_below: 2}
    break_glass: {group: on-call, hours: 4, review_days: 3}
    rollback: {gates: [lineage], approvals: {stages: []}}
"""
