"""The telco world's levers: every calibrated figure, with unit, range, source and confidence, in one table.

Knows: figures. Does not know: how they are used.
Sources name the public material (see docs/design/003-telco-world.md); "assumption" means that nobody published it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from sim.core.levers import LeverSpec
from sim.core.records import Record
from sim.worlds.telco.fraud_parameters import FRAUD_TABLE


class Parameters(Record):
    """What a scenario writes under `world.with`: sizes, not behaviour."""

    lines: Annotated[int, Field(ge=200, le=4_000_000, description="subscriber lines, such as 20000")] = 20_000
    """Subscriber lines of the closed miniature."""
    reach: Annotated[
        float,
        Field(
            ge=0.001, le=1.0, description="share of each number's calls that this carrier sees, such as 0.1"
        ),
    ] = 1.0
    """Where it is below 1, dialers and campaigns are as many more as each shows fewer of its calls here."""


_HIYA = "Hiya State of the Phone Call 2019"
_SICHUAN = "Sichuan fraud set, window-matched"
_OURS = "assumption of this simulator"

# fmt: off
_TABLE: tuple[LeverSpec, ...] = (
    # --- how much is dialled, per line and day averaged over the week, before redials
    LeverSpec("contact_calls", 1.55, "calls/line/day", 0.0, 8.0, "calls between contacts",
              f"{_HIYA}: 3.1 received, half from contacts", "derived"),
    LeverSpec("stranger_calls", 0.22, "calls/line/day", 0.0, 4.0,
              "consumer calls to lines that do not know the caller",
              f"{_HIYA}: 1.5 unknown a day less the classes below", "derived"),
    LeverSpec("newcomer_calls", 0.16, "calls/line/day", 0.0, 1.0, "calls of couriers and new subscribers",
              "a tenth of consumer calls", "assumption"),
    LeverSpec("debt_calls", 0.10, "calls/line/day", 0.0, 1.0, "debt and payment reminders",
              "YouMail Dec 2025: payment reminders 16 % of automated calls", "derived"),
    LeverSpec("school_calls", 0.05, "calls/line/day", 0.0, 0.5, "school and district alerts",
              "YouMail Dec 2025: notifications 28 % of automated calls, split", "assumption"),
    LeverSpec("clinic_calls", 0.09, "calls/line/day", 0.0, 1.0, "clinic and pharmacy reminders",
              "YouMail Dec 2025: notifications 28 %, split", "assumption"),
    LeverSpec("small_business_calls", 0.11, "calls/line/day", 0.0, 1.0, "small businesses with a new number",
              _OURS, "assumption"),
    LeverSpec("alarm_calls", 0.005, "calls/line/day", 0.0, 0.3, "alarm centres", _OURS, "assumption"),
    LeverSpec("survey_calls", 0.02, "calls/line/day", 0.0, 0.5, "pollsters", _OURS, "assumption"),
    LeverSpec("political_calls", 0.01, "calls/line/day", 0.0, 0.6, "political outreach out of season; a pulse makes the season",
              "TNS: 8.2 M calls on 3 Nov 2020", "assumption"),
    LeverSpec("sales_calls", 0.04, "calls/line/day", 0.0, 0.5, "sales dialers with consent",
              _OURS, "assumption"),
    LeverSpec("callback_calls", 0.03, "calls/line/day", 0.0, 0.5, "requested callbacks and calls from prisons",
              "YouMail Feb 2018: 250 M of about 3 bn automated calls a month", "derived"),
    LeverSpec("wangiri_calls", 0.010, "calls/line/day", 0.0, 0.5, "one-ring calls", _OURS, "assumption"),
    LeverSpec("revenue_share_calls", 0.002, "calls/line/day", 0.0, 0.1, "calls of hacked accounts to premium ranges",
              _OURS, "assumption"),
    LeverSpec("sim_box_calls", 0.010, "calls/line/day", 0.0, 0.5, "calls from abroad that enter through local SIMs",
              _OURS, "assumption"),
    LeverSpec("unwanted_calls", 0.52, "calls/line/day", 0.0, 3.0,
              "volume that robocall campaigns aim at, averaged over the week",
              "Hiya, YouMail, T-Mobile: 13-18 a line and month", "derived"),
    LeverSpec("weekend_lawful", 0.75, "share of a weekday", 0.1, 1.5, "consumer volume on Saturday and Sunday",
              "calibration 0.6-0.8", "assumption", False),
    LeverSpec("weekend_unwanted", 0.20, "share of a weekday", 0.0, 1.5, "campaign volume on Saturday and Sunday",
              "T-Mobile 2021: down 80-85 %; TNS 2019: Sunday 4 % of the week", "secondary", False),
    LeverSpec("school_gap_days", 15.0, "weekdays", 1.0, 200.0, "mean weekdays between two alerts of one school",
              "silent for weeks (calibration section 2)", "assumption", False),
    LeverSpec("class_entities", 100.0, "numbers", 10.0, 100_000.0,
              "fewest numbers of each lawful high-volume class, at every size",
              _OURS, "assumption", False),
    # --- who answers
    LeverSpec("answer_contact", 0.70, "probability", 0.0, 1.0, "a saved contact is answered",
              _HIYA, "secondary"),
    LeverSpec("answer_business", 0.60, "probability", 0.0, 1.0, "an identified business is answered",
              f"{_HIYA}: 0.53-0.69", "secondary"),
    LeverSpec("answer_unknown", 0.31, "probability", 0.0, 1.0, "an unknown number is answered",
              f"{_HIYA}: 0.24-0.38", "secondary"),
    LeverSpec("answer_labelled", 0.09, "probability", 0.0, 1.0, "an unknown number labelled as spam is answered",
              f"{_HIYA}; FCC data mirror", "secondary"),
    # --- how long they talk
    LeverSpec("talk_alpha", 78.0, "s", 10.0, 300.0, "median talk of contacts (log-logistic scale)",
              "Sichuan 37 s; US means longer: 60-90 s", "assumption"),
    LeverSpec("talk_beta", 1.5, "shape", 1.1, 4.0, "log-logistic shape of talk",
              "TLAC (ECML-PKDD 2010) and Sichuan: 1.4-1.6", "computed"),
    LeverSpec("talk_spread", 0.4, "sigma of ln", 0.0, 2.0, "spread of the median talk between lines",
              _SICHUAN, "derived", False),
    LeverSpec("stranger_alpha", 18.0, "s", 5.0, 120.0, "median talk with a line that does not know the caller",
              f"{_HIYA}: mean 35 s", "derived"),
    LeverSpec("recorded_median", 6.0, "s", 1.0, 60.0, "median connected time of a recorded blast",
              f"{_HIYA}: mean 11 s; Avid: 93 % below 15 s", "derived"),
    LeverSpec("recorded_sigma", 1.0, "sigma of ln", 0.1, 3.0, "spread of a recorded blast's connected time",
              "four fifths below 15 s at a median of 6 s", "derived"),
    LeverSpec("live_median", 41.0, "s", 5.0, 300.0, "median connected time of a live scam",
              _SICHUAN, "computed"),
    LeverSpec("live_sigma", 1.27, "sigma of ln", 0.1, 3.0, "spread of a live scam's connected time",
              f"{_SICHUAN}: mean 92 s", "derived"),
    # --- reports, and who is believed
    LeverSpec("report_rate", 0.003, "probability", 0.0, 0.1,
              "an answered unwanted call from elsewhere is reported by app or customer care",
              "0.003-0.005, no published rate", "assumption"),
    LeverSpec("report_near", 3.5, "factor", 1.0, 20.0, "reports of an unwanted call that shows the callee's own area",
              "complained of 39-41 % same area (FTC) against 6 % dialled (NCSU)", "derived"),
    LeverSpec("wrong_report_rate", 1e-5, "probability", 0.0, 0.01, "an answered lawful call is reported",
              "1e-5 to 1e-4", "assumption"),
    LeverSpec("wrong_report_wave", 0.0, "probability", 0.0, 0.01, "added to wrong_report_rate by an injection",
              _OURS, "assumption"),
    LeverSpec("wrong_report_debt", 10.0, "factor", 1.0, 100.0,
              "wrong reports of debt reminders over other lawful calls",
              "complaints x 10 for collectors", "assumption"),
    LeverSpec("report_lag_mu", 1.7, "ln hours", 0.0, 4.0, "location of the log-normal lag from call to report",
              "two FTC daily files: 1.5-2.0", "computed"),
    LeverSpec("report_lag_sigma", 2.5, "sigma of ln", 0.1, 4.0, "spread of the lag from call to report",
              "two FTC daily files: 2.4-2.5", "computed"),
    LeverSpec("regulator_rate", 1 / 18_000, "probability", 0.0, 0.01,
              "an unwanted call that rang is complained of to the regulator",
              "FTC FY2025 over YouMail 2025: 5.4e-5", "derived"),
    LeverSpec("label_hesitation", 0.5, "factor", 0.0, 1.0,
              "reports of a labelled call over those of an unlabelled one",
              "the label has said it already", "assumption"),
    # --- what hinders whom
    LeverSpec("challenge_human", 0.92, "probability", 0.0, 1.0, "a lawful human passes a challenge",
              _OURS, "assumption"),
    LeverSpec("challenge_live", 0.50, "probability", 0.0, 1.0, "a live scammer passes a challenge",
              _OURS, "assumption"),
    LeverSpec("challenge_recorded", 0.02, "probability", 0.0, 1.0,
              "a recording or dialler passes a challenge, lawful or not",
              _OURS, "assumption"),
    LeverSpec("redial_unanswered", 0.22, "probability", 0.0, 1.0, "a lawful caller tries again after no answer",
              _OURS, "assumption"),
    LeverSpec("redial_stopped", 0.45, "probability", 0.0, 1.0, "a lawful caller tries again after a refusal",
              _OURS, "assumption"),
    LeverSpec("redress_consumer", 0.02, "probability", 0.0, 1.0,
              "a person whose call was blocked asks for redress",
              _OURS, "assumption"),
    LeverSpec("redress_business", 0.10, "probability", 0.0, 1.0,
              "a business whose call was blocked asks for redress",
              _OURS, "assumption"),
    LeverSpec("redress_fraud", 0.01, "probability", 0.0, 1.0, "a campaign whose call was blocked asks for redress all the same",
              _OURS, "assumption"),
    LeverSpec("redress_label", 0.1, "factor", 0.0, 1.0, "redress asked for a label over that for a block", _OURS, "assumption"),
    LeverSpec("clerks_per_10k_lines", 0.25, "people", 0.0, 100.0, "clerks who look at requests for redress, per 10,000 lines",
              _OURS, "assumption", False),
    LeverSpec("redress_minutes", 45.0, "min", 0.5, 960.0, "mean work on one request for redress",
              "status within 24 h, fix in 1-5 business days (FCC, vendors)", "assumption", False),
    LeverSpec("throttle_calls", 6.0, "calls/h", 0.0, 1000.0, "calls an hour that a throttled number gets through",
              _OURS, "assumption"),
    # --- carriers: what they sign, and what paths over old trunks strip
    LeverSpec("sign_tier_1", 0.95, "share", 0.0, 1.0, "calls that tier 1 carriers sign", "TNS 2025: 0.85 arrive signed", "derived",
              False),
    LeverSpec("sign_regional", 0.75, "share", 0.0, 1.0, "calls that regional carriers sign", _OURS, "assumption", False),
    LeverSpec("sign_reseller", 0.50, "share", 0.0, 1.0, "calls that resellers sign", _OURS, "assumption", False),
    LeverSpec("tdm_tier_1", 0.105, "share", 0.0, 1.0, "tier 1 calls that lose their signature over TDM",
              "TNS 2025: 0.85 arrive signed", "derived", False),
    LeverSpec("tdm_regional", 0.40, "share", 0.0, 1.0, "regional calls that lose their signature over TDM",
              "TNS 2026: about 40 % of TDM traffic unsigned", "assumption", False),
    LeverSpec("tdm_reseller", 0.70, "share", 0.0, 1.0, "resellers' calls that lose their signature over TDM",
              "TNS 2025: 0.13-0.18 of smaller carriers' calls arrive signed", "derived", False),
    # --- feeds and analysts
    LeverSpec("mediation_minutes", 15.0, "min", 0.0, 1440.0,
              "call records are known this long after the call's end",
              "production profiles refresh every 15 min (46 Labs)", "read", False),
    LeverSpec("analysts_per_10k_lines", 0.5, "people", 0.0, 100.0,
              "analysts who verify audited number-days, per 10,000 lines",
              _OURS, "assumption", False),
    LeverSpec("verify_minutes", 8.0, "min", 0.5, 240.0, "mean work on one number-day",
              _OURS, "assumption", False),
    LeverSpec("verify_patience_days", 5.0, "d", 0.5, 60.0, "a number-day that waited longer is given up",
              _OURS, "assumption", False),
    LeverSpec("verify_error", 0.02, "probability", 0.0, 0.5, "an analyst is wrong",
              _OURS, "assumption"),
)
# fmt: on

TABLE: tuple[LeverSpec, ...] = _TABLE + FRAUD_TABLE
"""Every calibrated figure of the world, in the order of the documents."""

CAUSES: Mapping[str, Mapping[str, float]] = {
    "label lag": {"report_lag_mu": 0.0, "report_lag_sigma": 0.1},
    "adversary learning": {"learning": 0.0},
    "capacity": {"analysts_per_10k_lines": 100.0, "clerks_per_10k_lines": 100.0},
}
"""What a design's loss may be due to, and where levers stand that take that cause away."""
