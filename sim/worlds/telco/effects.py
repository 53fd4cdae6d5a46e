"""What becomes of each call once it is decided: answered or not, for how long, reported or not, tried again or not.

Knows: actions, proposals, keyed chance. Does not know: who decided and why.

Every draw is keyed by the event and a purpose, so that another decision on one call changes that call's outcome and
nothing of any other. The same uniform serves all actions: a call that is answered when labelled is answered when not.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel_with_scratch
from sim.core.rng import draw
from sim.engine.chance import draw_all, loglogistic_at, lognormal_at, normal_at
from sim.worlds.telco.calls import (
    ANSWER,
    CALLBACK,
    CHALLENGED,
    CLASS_BITS,
    DIAL_AT,
    EVENT,
    HOLDER_AT,
    KIND,
    LAG,
    LISTEN,
    PARTIES,
    PUBLISH,
    REDIAL,
    REDRESS,
    REDRESS_WAIT,
    REGULATED,
    RELATION_AT,
    REPORTED,
    RETURN,
    TALK_AT,
    TALKED,
    WAIT,
    Bytes,
    Floats,
    Ints,
    Keys,
    T,
)  # fmt: skip
from sim.worlds.telco.cast import BAD, FIRM, PRESSING
from sim.worlds.telco.numbers import (
    CONTACT,
    FOREIGN_AT,
    KNOWN_BUSINESS,
    MACHINE,
    MARKS,
    PASSED,
    TALK_CONTACT,
    TALK_ERRAND,
    TALK_LIVE,
    TALK_PREMIUM,
    TALK_RECORDED,
    TALK_SCRIPT,
    TALK_STRANGER,
    UNKNOWN,
)  # fmt: skip
from sim.worlds.telco.people import FINE
from sim.worlds.telco.vocabulary import BLOCK, CHALLENGE, LABEL, PASS, THROTTLE

SETTLE_LEVERS = (
    "answer_contact", "answer_business", "answer_unknown", "answer_labelled", "talk_alpha", "talk_beta",
    "stranger_alpha", "recorded_median", "recorded_sigma", "live_median", "live_sigma", "report_rate",
    "wrong_report_rate", "wrong_report_wave", "wrong_report_debt", "report_lag_mu", "report_lag_sigma",
    "regulator_rate", "label_hesitation", "challenge_human", "challenge_live", "challenge_recorded",
    "redial_unanswered", "redial_stopped", "redress_consumer", "redress_business", "redress_fraud", "redress_label",
    "neighbour_lift", "premium_minutes", "throttle_calls", "report_near",
)  # fmt: skip
(
    A_CONTACT, A_BUSINESS, A_UNKNOWN, A_LABELLED, TALK_ALPHA, TALK_BETA,
    STRANGER_ALPHA, RECORDED_MEDIAN, RECORDED_SIGMA, LIVE_MEDIAN, LIVE_SIGMA, REPORT_RATE,
    WRONG_RATE, WRONG_WAVE, WRONG_DEBT, LAG_MU, LAG_SIGMA,
    REGULATOR_RATE, HESITATION, PASS_HUMAN, PASS_LIVE, PASS_RECORDED,
    REDIAL_UNANSWERED, REDIAL_STOPPED, REDRESS_PERSON, REDRESS_FIRM, REDRESS_FRAUD, REDRESS_LABEL,
    NEIGHBOUR, PREMIUM_MINUTES, THROTTLE_CALLS, REPORT_NEAR,
) = range(32)  # fmt: skip

TALK_CAP = 7200.0
STRANGER_BETA = 1.7
"""Shape of talk with strangers: mean 35 s at a median of 18 s (Hiya 2019)."""
PREMIUM_SIGMA = 0.758
"""Spread of calls to premium ranges: mean 20 min at a median of 15."""
TAKEN_BY_MACHINE = 0.97
"""Share of calls to premium ranges that are taken; billing begins at once (assumption)."""
ERRAND_MEDIAN, ERRAND_SIGMA = 30.0, 0.6
"""Couriers: 20-60 s (Numeracle 2023 quoting Hiya)."""
_MINUTE = 60_000_000
_HOUR = 3_600_000_000
_DAY = 86_400_000_000
_NEVER = 1 << 62

REPORT_NOTE, REGULATOR_NOTE, REDRESS_NOTE = range(3)


@kernel_with_scratch
def settle_calls(
    t_of: Ints,
    events: Ints,
    parties: Ints,
    kinds: Ints,
    alpha: Ints,
    person: Ints,
    action: Bytes,
    levels: Floats,
    step: int,
    end: int,
    soon: int,
    mediation: int,
    last: int,
    keys: Keys,
    callee: Ints,
    near: Bytes,
    appeal: Floats,
    script: Floats,
    tactic_near: Bytes,
    tried: Ints,
    refused: Ints,
    challenged: Ints,
    throttled: Ints,
    won: Ints,
    recent: Ints,
    given_up: Bytes,
    notice_calls: int,
    notice_share: float,
    reach: float,
    callback: Floats,
    home: Ints,
    holder: Ints,
    traits: Ints,
    of_class: NDArray[np.int8],
    grievance: Floats,
    effects: Bytes,
    answered: Bytes,
    duration: NDArray[np.int32],
    would: Bytes,
    unwanted: Bytes,
    classes: Bytes,
    intention: Ints,
    reported: Bytes,
    report_at: Ints,
    regulator: Bytes,
    first_try: Bytes,
    records: Ints,
    redials: Ints,
    returns: Ints,
    notes: Ints,
    counts: Ints,
) -> None:
    """Settle the proposals (n,), in time order, under `action` (n,).

    levels: (levers, n) or (levers, 1) with step 1 or 0. records: (n, 8) call records; those known by `soon`, nearly
    all, from the top, so that the outbox keeps them as they lie, the others from the bottom. redials (n, WIDE),
    returns (n, WIDE: subscribers who call back, the dialling row they missed in place of the event) and notes (3n,
    6: kind, known_at, id, t, caller, callee; of redress asked_at and class in place of known_at and callee) are
    filled from the top; counts answers how many redials and notes, how many numbers were given up, how many records
    are known soon, and how many returns. effects (n,): the action that took effect. of_class (classes, 3),
    grievance (classes,): see cast. A campaign sees all calls of a number, of which this carrier has the share
    `reach`.
    """
    n_redials = 0
    n_notes = 0
    n_given = 0
    n_returns = 0
    n = len(events)
    n_soon = 0
    late = n
    u_answer, u_talk, u_report, u_redial = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    draw_all(keys[ANSWER], events, n, u_answer)
    draw_all(keys[TALKED], events, n, u_talk)
    draw_all(keys[REPORTED], events, n, u_report)
    draw_all(keys[REDIAL], events, n, u_redial)
    for i in range(n):
        c = i * step
        kind = kinds[i]
        cls = kind & CLASS_BITS
        dial = (kind >> DIAL_AT) - 1
        talk = kind >> TALK_AT & 15
        relation = kind >> RELATION_AT & 7
        t = t_of[i]
        event = events[i]
        caller = event >> 32
        attempt = event & 3
        classes[i] = cls
        intention[i] = event - attempt
        bad = of_class[cls, BAD] != 0
        # --- would it be answered, and is it
        if relation == CONTACT:
            p = levels[A_CONTACT, c]
        elif relation == KNOWN_BUSINESS:
            p = levels[A_BUSINESS, c] * appeal[dial]
        elif relation == MACHINE:
            p = TAKEN_BY_MACHINE
        else:
            p = levels[A_UNKNOWN, c] * (person[i] / FINE)
            if dial >= 0:
                p *= appeal[dial]
                if tactic_near[dial] != 0 and near[i] != 0:
                    p *= levels[NEIGHBOUR, c]
        u = u_answer[i]
        would[i] = 1 if u < p else 0
        effect = action[i]
        rings = effect != BLOCK
        if effect == THROTTLE:
            # A few calls an hour get through, and those are as if nothing had been done.
            own = parties[i] >> HOLDER_AT
            hour = t // _HOUR
            passed = traits[own, PASSED] & 0xFFFFF if traits[own, PASSED] >> 20 == hour else 0
            rings = passed < levels[THROTTLE_CALLS, c]
            if rings:
                traits[own, PASSED] = hour << 20 | (passed + 1)
                effect = PASS
        elif effect == CHALLENGE:
            if talk == TALK_RECORDED or talk == TALK_SCRIPT:
                through = levels[PASS_RECORDED, c]
            elif bad:
                through = levels[PASS_LIVE, c]
            else:
                through = levels[PASS_HUMAN, c]
            rings = draw(keys[CHALLENGED], event, 0) < through
        elif effect == LABEL:
            if relation == CONTACT:
                p *= 0.9
            else:
                p *= levels[A_LABELLED, c] / max(levels[A_UNKNOWN, c], 1e-9)
        effects[i] = effect
        taken = rings and u < p
        seconds = 0
        if taken:
            v = u_talk[i]
            if talk == TALK_CONTACT:
                span = loglogistic_at(
                    v, levels[TALK_ALPHA, c] * (alpha[i] / FINE), levels[TALK_BETA, c], TALK_CAP
                )
            elif talk == TALK_STRANGER:
                span = loglogistic_at(
                    v, levels[STRANGER_ALPHA, c] * (alpha[i] / FINE), STRANGER_BETA, TALK_CAP
                )
            elif talk == TALK_RECORDED:
                span = min(lognormal_at(v, levels[RECORDED_MEDIAN, c], levels[RECORDED_SIGMA, c]), 600.0)
            elif talk == TALK_LIVE:
                span = min(lognormal_at(v, levels[LIVE_MEDIAN, c], levels[LIVE_SIGMA, c]), TALK_CAP)
            elif talk == TALK_PREMIUM:
                span = min(lognormal_at(v, 60.0 * levels[PREMIUM_MINUTES, c], PREMIUM_SIGMA), TALK_CAP)
            elif talk == TALK_ERRAND:
                span = min(lognormal_at(v, ERRAND_MEDIAN, ERRAND_SIGMA), TALK_CAP)
            else:
                # A reminder: most listen to the script's end, the others hang up somewhere in it.
                span = script[dial]
                if draw(keys[LISTEN], event, 0) < 0.35:
                    span *= v
            seconds = max(1, int(span + 0.5))
        answered[i] = 1 if taken else 0
        duration[i] = seconds
        unwanted[i] = 1 if bad else 0
        # --- reports, by whoever had the call on the phone
        reported[i] = 0
        report_at[i] = _NEVER
        regulator[i] = 0
        if bad:
            p_report = levels[REPORT_RATE, c] * grievance[cls]
            if near[i] != 0:
                p_report *= levels[REPORT_NEAR, c]
        else:
            p_report = levels[WRONG_RATE, c] + levels[WRONG_WAVE, c]
            if of_class[cls, PRESSING] != 0:
                p_report *= levels[WRONG_DEBT, c]
        if effect == LABEL:
            p_report *= levels[HESITATION, c]
        if taken and u_report[i] < p_report:
            hours = math.exp(levels[LAG_MU, c] + levels[LAG_SIGMA, c] * normal_at(draw(keys[LAG], event, 0)))
            known = max(t + seconds * 1_000_000 + int(min(hours, 1e6) * _HOUR), end)
            reported[i] = 1
            report_at[i] = known
            notes[n_notes, 0] = REPORT_NOTE
            notes[n_notes, 1] = known
            notes[n_notes, 2] = event
            notes[n_notes, 3] = t
            notes[n_notes, 4] = caller
            notes[n_notes, 5] = callee[i]
            n_notes += 1
        if bad and rings and draw(keys[REGULATED], event, 0) < levels[REGULATOR_RATE, c] * grievance[cls]:
            hours = math.exp(levels[LAG_MU, c] + levels[LAG_SIGMA, c] * normal_at(draw(keys[LAG], event, 1)))
            wait = _DAY + int(2.0 * _DAY * draw(keys[PUBLISH], event, 0))
            regulator[i] = 1
            notes[n_notes, 0] = REGULATOR_NOTE
            notes[n_notes, 1] = max(t + int(min(hours, 1e6) * _HOUR) + wait, end)
            notes[n_notes, 2] = event
            notes[n_notes, 3] = t
            notes[n_notes, 4] = caller
            notes[n_notes, 5] = callee[i]
            n_notes += 1
        # --- the call record, after mediation and never inside the tick
        known = max(t + seconds * 1_000_000 + mediation, end)
        if known <= soon:
            r = n_soon
            n_soon += 1
        else:
            late -= 1
            r = late
        records[r, 0] = known
        records[r, 1] = event
        records[r, 2] = t
        records[r, 3] = caller
        records[r, 4] = callee[i]
        records[r, 5] = answered[i]
        records[r, 6] = seconds
        records[r, 7] = effect
        first_try[i] = 1 if attempt == 0 else 0
        if bad:
            # --- what the campaign can notice of this number
            tried[dial] += 1
            won[dial] += answered[i]
            miss = 0 if rings else 1
            if effect == BLOCK:
                refused[dial] += 1
            elif effect == THROTTLE:
                throttled[dial] += 1
            else:
                challenged[dial] += miss
            window = ((recent[dial] << 1) | miss) & 0xFFFF
            recent[dial] = window
            if miss == 1 and given_up[dial] == 0 and tried[dial] >= notice_calls:
                stops = 0
                while window > 0:
                    stops += window & 1
                    window >>= 1
                if stops * reach >= notice_share * min(tried[dial], 16):
                    given_up[dial] = 1
                    n_given += 1
            # --- whoever missed it may call the number back
            if (
                rings
                and not taken
                and callback[dial] > 0.0
                and draw(keys[CALLBACK], event, 0) < callback[dial]
            ):
                wait = int(min(lognormal_at(draw(keys[RETURN], event, 0), 45.0, 1.3), 1440.0) * _MINUTE)
                when = max(t + wait, end + int(draw(keys[RETURN], event, 1) * _MINUTE))
                if when < last:
                    line = parties[i] & 0xFFFFFFFF
                    whose = home[dial] if home[dial] >= 0 else holder[dial]
                    premium = traits[whose, MARKS] >> FOREIGN_AT & 1
                    known = MACHINE if premium != 0 else UNKNOWN
                    returns[n_returns, T] = when
                    returns[n_returns, EVENT] = dial
                    returns[n_returns, PARTIES] = line << HOLDER_AT | whose
                    returns[n_returns, KIND] = known << RELATION_AT | TALK_STRANGER << TALK_AT
                    n_returns += 1
            if effect == BLOCK and draw(keys[REDRESS], event, 0) < levels[REDRESS_FRAUD, c]:
                notes[n_notes, 0] = REDRESS_NOTE
                notes[n_notes, 1] = t + int(_DAY * draw(keys[REDRESS_WAIT], event, 0))
                notes[n_notes, 2] = event
                notes[n_notes, 3] = t
                notes[n_notes, 4] = caller
                notes[n_notes, 5] = cls
                n_notes += 1
            continue
        # --- a lawful caller tries again, and asks for redress
        if not taken and attempt < 3:
            again = levels[REDIAL_STOPPED, c] if not rings else levels[REDIAL_UNANSWERED, c]
            if u_redial[i] < again:
                wait = int(lognormal_at(draw(keys[WAIT], event, 0), 20.0, 1.0) * _MINUTE)
                when = t + wait
                if when < end:
                    when = end + int(draw(keys[WAIT], event, 1) * 5 * _MINUTE)
                if when < last:
                    redials[n_redials, T] = when
                    redials[n_redials, EVENT] = event + 1
                    redials[n_redials, PARTIES] = parties[i]
                    redials[n_redials, KIND] = kind
                    n_redials += 1
        if effect == BLOCK or effect == LABEL or effect == THROTTLE:
            asks = levels[REDRESS_FIRM, c] if of_class[cls, FIRM] != 0 else levels[REDRESS_PERSON, c]
            if effect == LABEL:
                asks *= levels[REDRESS_LABEL, c]
            if draw(keys[REDRESS], event, 0) < asks:
                notes[n_notes, 0] = REDRESS_NOTE
                notes[n_notes, 1] = t + int(_DAY * draw(keys[REDRESS_WAIT], event, 0))
                notes[n_notes, 2] = event
                notes[n_notes, 3] = t
                notes[n_notes, 4] = caller
                notes[n_notes, 5] = cls
                n_notes += 1
    counts[0] = n_redials
    counts[1] = n_notes
    counts[2] = n_given
    counts[3] = n_soon
    counts[4] = n_returns
