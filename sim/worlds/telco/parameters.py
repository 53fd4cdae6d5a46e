"""The telco world's levers: every calibrated figure, with unit, range, source and confidence, in one table.

Knows: figures. Does not know: how they are used.
Sources name the public material (see docs/design/003-telco-world.md); "assumption" means that nobody published it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.core.levers import Confidence, LeverSpec
from sim.core.records import Record


class Parameters(Record):
    """What a scenario writes under `world.with`: sizes, not behaviour."""

    lines: Annotated[int, Field(ge=200, le=4_000_000, description="subscriber lines, such as 20000")] = 20_000
    """Subscriber lines of the closed miniature."""


def _lever(
    name: str,
    default: float,
    unit: str,
    low: float,
    high: float,
    doc: str,
    source: str,
    confidence: Confidence,
    moves: bool = True,
) -> LeverSpec:
    return LeverSpec(name, default, unit, low, high, doc, source, confidence, moves)


_HIYA = "Hiya State of the Phone Call 2019"
_SICHUAN = "Sichuan fraud set, window-matched"
_OURS = "assumption of this simulator"

# fmt: off
_TABLE: tuple[LeverSpec, ...] = (
    # --- how much is dialled, per line and day averaged over the week, before redials
    _lever("contact_calls", 1.34, "calls/line/day", 0.0, 8.0, "calls between contacts",
           f"{_HIYA}: 3.1 received, half from contacts", "derived"),
    _lever("stranger_calls", 0.50, "calls/line/day", 0.0, 4.0,
           "consumer calls to lines that do not know the caller",
           f"{_HIYA}: 1.5 unknown a day less the classes below", "derived"),
    _lever("newcomer_calls", 0.16, "calls/line/day", 0.0, 1.0, "calls of couriers and new subscribers",
           "a tenth of consumer calls", "assumption"),
    _lever("debt_calls", 0.10, "calls/line/day", 0.0, 1.0, "debt and payment reminders",
           "YouMail Dec 2025: payment reminders 16 % of automated calls", "derived"),
    _lever("school_calls", 0.05, "calls/line/day", 0.0, 0.5, "school and district alerts",
           "YouMail Dec 2025: notifications 28 % of automated calls, split", "assumption"),
    _lever("clinic_calls", 0.09, "calls/line/day", 0.0, 1.0, "clinic and pharmacy reminders",
           "YouMail Dec 2025: notifications 28 %, split", "assumption"),
    _lever("small_business_calls", 0.11, "calls/line/day", 0.0, 1.0, "small businesses with a new number",
           _OURS, "assumption"),
    _lever("unwanted_calls", 0.52, "calls/line/day", 0.0, 3.0,
           "volume that campaigns aim at, averaged over the week",
           "Hiya, YouMail, T-Mobile: 13-18 a line and month", "derived"),
    _lever("weekend_lawful", 0.75, "share of a weekday", 0.1, 1.5, "consumer volume on Saturday and Sunday",
           "calibration 0.6-0.8", "assumption", False),
    _lever("weekend_unwanted", 0.20, "share of a weekday", 0.0, 1.5, "campaign volume on Saturday and Sunday",
           "T-Mobile 2021: down 80-85 %; TNS 2019: Sunday 4 % of the week", "secondary", False),
    _lever("school_gap_days", 15.0, "weekdays", 1.0, 200.0, "mean weekdays between two alerts of one school",
           "silent for weeks (calibration section 2)", "assumption", False),
    _lever("class_entities", 100.0, "numbers", 10.0, 100_000.0,
           "fewest numbers of each lawful high-volume class, at every size",
           _OURS, "assumption", False),
    # --- who answers
    _lever("answer_contact", 0.70, "probability", 0.0, 1.0, "a saved contact is answered",
           _HIYA, "secondary"),
    _lever("answer_business", 0.60, "probability", 0.0, 1.0, "an identified business is answered",
           f"{_HIYA}: 0.53-0.69", "secondary"),
    _lever("answer_unknown", 0.31, "probability", 0.0, 1.0, "an unknown number is answered",
           f"{_HIYA}: 0.24-0.38", "secondary"),
    _lever("answer_labelled", 0.09, "probability", 0.0, 1.0, "an unknown number labelled as spam is answered",
           f"{_HIYA}; FCC data mirror", "secondary"),
    # --- how long they talk
    _lever("talk_alpha", 75.0, "s", 10.0, 300.0, "median talk of contacts (log-logistic scale)",
           "Sichuan 37 s; US means longer: 60-90 s", "assumption"),
    _lever("talk_beta", 1.5, "shape", 1.1, 4.0, "log-logistic shape of talk",
           "TLAC (ECML-PKDD 2010) and Sichuan: 1.4-1.6", "computed"),
    _lever("talk_spread", 0.4, "sigma of ln", 0.0, 2.0, "spread of the median talk between lines",
           _SICHUAN, "derived", False),
    _lever("stranger_alpha", 18.0, "s", 5.0, 120.0, "median talk with a line that does not know the caller",
           f"{_HIYA}: mean 35 s", "derived"),
    _lever("recorded_median", 6.0, "s", 1.0, 60.0, "median connected time of a recorded blast",
           f"{_HIYA}: mean 11 s; Avid: 93 % below 15 s", "derived"),
    _lever("recorded_sigma", 1.1, "sigma of ln", 0.1, 3.0, "spread of a recorded blast's connected time",
           "mean 11 s over median 6 s", "derived"),
    _lever("live_median", 41.0, "s", 5.0, 300.0, "median connected time of a live scam",
           _SICHUAN, "computed"),
    _lever("live_sigma", 1.27, "sigma of ln", 0.1, 3.0, "spread of a live scam's connected time",
           f"{_SICHUAN}: mean 92 s", "derived"),
    # --- reports, and who is believed
    _lever("report_rate", 0.004, "probability", 0.0, 0.1,
           "an answered unwanted call is reported by app or customer care",
           "0.003-0.005, no published rate", "assumption"),
    _lever("wrong_report_rate", 1e-5, "probability", 0.0, 0.01, "an answered lawful call is reported",
           "1e-5 to 1e-4", "assumption"),
    _lever("wrong_report_wave", 0.0, "probability", 0.0, 0.01, "added to wrong_report_rate by an injection",
           _OURS, "assumption"),
    _lever("wrong_report_debt", 10.0, "factor", 1.0, 100.0,
           "wrong reports of debt reminders over other lawful calls",
           "complaints x 10 for collectors", "assumption"),
    _lever("report_lag_mu", 1.6, "ln hours", 0.0, 4.0, "location of the log-normal lag from call to report",
           "two FTC daily files: 1.5-2.0", "computed"),
    _lever("report_lag_sigma", 2.5, "sigma of ln", 0.1, 4.0, "spread of the lag from call to report",
           "two FTC daily files: 2.4-2.5", "computed"),
    _lever("regulator_rate", 1 / 18_000, "probability", 0.0, 0.01,
           "an unwanted call that rang is complained of to the regulator",
           "FTC FY2025 over YouMail 2025: 5.4e-5", "derived"),
    _lever("label_hesitation", 0.5, "factor", 0.0, 1.0,
           "reports of a labelled call over those of an unlabelled one",
           "the label has said it already", "assumption"),
    # --- what hinders whom
    _lever("challenge_human", 0.92, "probability", 0.0, 1.0, "a lawful human passes a challenge",
           _OURS, "assumption"),
    _lever("challenge_live", 0.50, "probability", 0.0, 1.0, "a live scammer passes a challenge",
           _OURS, "assumption"),
    _lever("challenge_recorded", 0.02, "probability", 0.0, 1.0,
           "a recording or dialler passes a challenge, lawful or not",
           _OURS, "assumption"),
    _lever("redial_unanswered", 0.22, "probability", 0.0, 1.0, "a lawful caller tries again after no answer",
           _OURS, "assumption"),
    _lever("redial_stopped", 0.45, "probability", 0.0, 1.0, "a lawful caller tries again after a refusal",
           _OURS, "assumption"),
    _lever("redress_consumer", 0.02, "probability", 0.0, 1.0,
           "a person whose call was blocked asks for redress",
           _OURS, "assumption"),
    _lever("redress_business", 0.10, "probability", 0.0, 1.0,
           "a business whose call was blocked asks for redress",
           _OURS, "assumption"),
    # --- feeds and analysts
    _lever("mediation_minutes", 15.0, "min", 0.0, 1440.0,
           "call records are known this long after the call's end",
           "production profiles refresh every 15 min (46 Labs)", "read", False),
    _lever("analysts_per_10k_lines", 0.5, "people", 0.0, 100.0,
           "analysts who verify audited number-days, per 10,000 lines",
           _OURS, "assumption", False),
    _lever("verify_minutes", 8.0, "min", 0.5, 240.0, "mean work on one number-day",
           _OURS, "assumption", False),
    _lever("verify_patience_days", 5.0, "d", 0.5, 60.0, "a number-day that waited longer is given up",
           _OURS, "assumption", False),
    _lever("verify_error", 0.02, "probability", 0.0, 0.5, "an analyst is wrong",
           _OURS, "assumption"),
    # --- campaigns
    _lever("learning", 1.0, "factor", 0.0, 10.0,
           "how strongly campaigns move to the tactic that pays; 0 turns it off",
           _OURS, "assumption"),
    _lever("campaign_days", 110.0, "d", 5.0, 1000.0, "median life of a campaign",
           "campaign death by enforcement in 1-3 months; auto warranty > 2 years", "assumption", False),
    _lever("campaign_calls", 650.0, "calls/weekday", 20.0, 100_000.0,
           "mean volume of a campaign, as this carrier sees it",
           "many campaigns in a miniature rather than few large ones", "assumption", False),
    _lever("campaign_spread", 0.5, "sigma of ln", 0.0, 2.0, "spread of campaign volumes",
           "NCSU honeypot: p95 about twice the mean", "derived", False),
    _lever("recorded_share", 0.70, "probability", 0.0, 1.0, "a campaign plays a recording (else people call)",
           "RRAPTOR and ITG: live scams grow", "assumption", False),
    _lever("burner_calls", 46.0, "calls/active day", 5.0, 1000.0, "median calls of a burner on an active day",
           _SICHUAN, "computed", False),
    _lever("burner_spread", 0.70, "sigma of ln", 0.0, 2.0, "spread of a burner's daily calls (p90 113)",
           _SICHUAN, "derived", False),
    _lever("burner_days", 4.0, "active days", 1.0, 60.0, "median active days of a burner",
           _SICHUAN, "computed", False),
    _lever("burner_days_spread", 0.81, "sigma of ln", 0.0, 2.0,
           "spread of a burner's active days (p25 2, p75 6, p90 11)",
           _SICHUAN, "derived", False),
    _lever("aged_calls", 15.0, "calls/active day", 1.0, 200.0, "median unwanted calls a day of an aged number",
           "low volume to look like a busy person", "assumption", False),
    _lever("aged_days", 30.0, "active days", 2.0, 200.0, "median active days of an aged number after it turned",
           "aged numbers live for months (Sichuan)", "assumption", False),
    _lever("aged_lines", 0.05, "share of lines", 0.0, 0.3, "ordinary lines whose SIM can be rented or hijacked",
           "hijacked numbers 1 in 1,700 a month (TNS), rented ones unknown", "assumption", False),
    _lever("snowshoe_calls", 30.0, "calls/active day", 5.0, 110.0, "calls a day of a snowshoe number",
           "YouMail 2025 and Sumco: 30-110", "derived", False),
    _lever("neighbour_lift", 1.25, "factor", 1.0, 2.0, "answering of a number from the callee's own region",
           "complaints are 39-41 % same area against 6 % dialled (FTC, NCSU)", "assumption"),
    _lever("prefer_plain", 0.44, "weight", 0.0, 1.0, "numbers taken as plain burners before anything is learnt",
           "NCSU: > 80 % of calls from short-lived numbers", "assumption", False),
    _lever("prefer_snowshoe", 0.22, "weight", 0.0, 1.0, "numbers taken as snowshoe",
           "TNS Sept 2021", "assumption", False),
    _lever("prefer_neighbour", 0.10, "weight", 0.0, 1.0, "numbers taken in the callees' region",
           "same area 6 % (NCSU) to 40 % (FTC)", "assumption", False),
    _lever("prefer_tollfree", 0.08, "weight", 0.0, 1.0, "toll-free numbers",
           "FTC: 7-16 % of complaints", "assumption", False),
    _lever("prefer_attested", 0.11, "weight", 0.0, 1.0, "numbers with a bought attestation",
           "TNS 2026: 13 % of invalid traffic signed A", "assumption", False),
    _lever("prefer_aged", 0.05, "weight", 0.0, 1.0, "numbers taken aged",
           "Sichuan: 12 % of fraud numbers have 8 months of history", "derived", False),
    _lever("rotation_hours", 3.0, "h", 0.1, 240.0, "mean time to put new numbers into service",
           _OURS, "assumption"),
    _lever("attempt_cap", 2.0, "factor", 1.0, 10.0,
           "most a campaign dials in a day over its target, to make up for stopped calls",
           _OURS, "assumption"),
    _lever("notice_calls", 8.0, "calls", 2.0, 16.0, "attempts of a number before its campaign judges it",
           _OURS, "assumption"),
    _lever("notice_share", 0.5, "share", 0.05, 1.0,
           "share of a number's last 16 attempts stopped at which it is given up",
           _OURS, "assumption"),
)
# fmt: on

LEVERS: dict[str, LeverSpec] = {item.name: item for item in _TABLE}

RATES: dict[str, str] = {
    "contact": "contact_calls",
    "stranger": "stranger_calls",
    "newcomer": "newcomer_calls",
    "debt_reminder": "debt_calls",
    "school_alert": "school_calls",
    "clinic_pharmacy": "clinic_calls",
    "small_business": "small_business_calls",
    "unwanted": "unwanted_calls",
}
"""Population -> the lever that is its volume per line and day."""
