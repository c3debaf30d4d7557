# ruff: noqa: E501
"""The complete example of a scenario file: every section, and every kind of rule."""

SPRING = """\
version: 1
name: spring-retention
as_of: 2026-11-22T18:00:00+00:00     # "now" for the run; required with --production, else the clock
horizon:
  start: 2026-11-23                  # first local day
  days: 7
  timezone: Europe/Lisbon            # default UTC; or {column: tz, default: UTC} of the customers table

data:
  candidates: candidates.parquet     # customer, offer [, channel] [, slot], and any measure columns
  customers: customers.parquet       # optional, key customer: segment, household, …
  offers: offers.csv                 # optional, key offer
  channels: channels.csv             # optional, key channel
  slots: slots.csv                   # optional, key slot: start (timestamp or date) [, end]
  history: history.parquet           # optional: customer, offer, channel, at [, response, response_at] [, arrived_at] [, any measure]
  consents: consents.parquet         # optional: customer, channel [, purpose] [, from] [, until]

objective:
  maximize: propensity * value - cost          # or minimize

eligibility:                                   # candidates that may not be used; counted per rule, alone and in order
  - {name: wants-mail, keep: "email_opt_in OR channel <> 'email'"}
  - {name: low-score,  drop: "propensity < 0.001"}
  - {name: consent,    consent: {purpose: marketing}}        # a consent row covers the slot's time
  - {name: night,      quiet: "21:00-09:00", where: "channel IN ('sms', 'push')"}   # local time; may cross midnight

contact_policies:                              # hold for each customer, count the history
  - {name: three-a-week,    at_most: 3, within: 7 days, where: "channel <> 'web'"}
  - {name: own-cap,         at_most: {column: weekly_cap}, within: 7 days}          # a customers column
  - {name: offer-once,      at_most: 1, within: 30 days, for_each: offer}
  - {name: one-per-home,    at_most: 1, per: household, where: "channel = 'mail'"}
  - {name: month-cap,       at_most: 8, within: calendar month}
  - {name: two-envelopes,   at_most: 2, within: 7 days, total: "distinct channel, slot"}   # interruptions, not offers
  - {name: rest,            spacing: 2 days}
  - {name: loan-not-card,   never: "family = 'loan'", with: "family = 'card'", within: 30 days}
  - {name: quiet-after-no,  never: "family = 'loan'", after: "response = 'refused' AND family = 'loan'", within: 90 days}
  - {name: call-after-mail, only: "offer = 'callback'", after: "offer = 'brochure'", within: 14 days}
  - {name: side-by-side,    only: "offer = 'insert'", with: "offer = 'statement'"}   # same slot
  - {name: vip-hears-us,    at_least: 1, where: "segment = 'vip'", if_short: best_effort}
  - {name: gold-hears-us,   at_least: 2, where: "segment = 'gold'", penalty: 1.5}
  - {name: spend-ceiling,   at_most: 12.50, total: cost}

constraints:                                   # hold for the whole plan
  - {name: budget,      total: cost, at_most: 120000}
  - {name: email-a-day, total: contacts, where: "channel = 'email'", for_each: slot, at_most: 50000}
  - {name: cells,       total: contacts, for_each: [offer, channel], at_most: {table: limits.csv, column: most, default: 0}}
  - {name: loan-floor,  total: contacts, where: "family = 'loan'", at_least: 5000, penalty: 2.5}
  - {name: roi,         ratio: propensity * value, to: cost, at_least: 1.2, min_contacts: 100}
  - {name: mail-share,  share: "channel = 'mail'", of: "family = 'loan'", at_most: 0.3}
  - {name: branch-week, total: contacts, for_each: branch, within: 7 days, at_most: 400}
  - {name: creatives,   distinct: offer, at_most: 12}
  - {name: lots,        total: contacts, for_each: offer, lot: 500}      # each offer not at all, or at least 500 times
  - {name: third-party, total: propensity * value, where: "source = 'third'", at_most: 9000, report_only: true}

holdout: {share: 0.05, by: customer, salt: spring-2026}
pins: {keep: booked.csv, forbid: never.csv}    # candidate keys that must, or must not, be in the plan
solve: {engine: auto, gap: 1e-4, time_limit: 30 minutes, memory_limit: 16 GB, seed: 0, threads: 2}
"""

SMALL = """\
version: 1
name: small
horizon: {start: 2026-11-23, days: 7}
objective: {maximize: value}
"""
