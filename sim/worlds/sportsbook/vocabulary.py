"""What the sportsbook world shows: its questions, news, outcomes, truth, feeds, slices and actions.

Knows: fields and their meaning. Does not know: how they come about.

Money in news is in cents, odds and probabilities in millionths: news are integers. In questions they are floats.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.core.decisions import Action
from sim.core.events import Field, Schema
from sim.core.world import Feed, LabelChannel, QuestionKind, Slice
from sim.worlds.sportsbook.cast import ADVERSE, SEGMENTS

ACTIONS = (
    Action("accept", "the bet stands as placed"),
    Action("limit", "the bet stands with a cut stake", hinders=True),
    Action("delay", "the bet waits longer; it stands if nothing happens meanwhile", hinders=True),
    Action("reject", "the bet is refused", stops=True, hinders=True),
    Action("suspend", "the bet is refused, and its market takes none for a while", stops=True, hinders=True),
)
ACCEPT, LIMIT, DELAY, REJECT, SUSPEND = range(5)

MARKETS = ("match_odds", "total_goals", "point_spread", "total_points")
"""Markets by code; each is a kind of Quote question of its own."""
OUTCOMES_OF: Mapping[str, tuple[str, ...]] = {
    "match_odds": ("home", "draw", "away"),
    "total_goals": ("over", "under"),
    "point_spread": ("home", "away"),
    "total_points": ("over", "under"),
}
FOOTBALL, NFL = range(2)
SPORTS = ("football", "nfl")
SPORT_OF = (FOOTBALL, FOOTBALL, NFL, NFL)
"""Sport of each market."""
PARLAY = 4
"""Market code of a bet with more than one leg."""

_ID = Field("id", "int64", "", "the event")
_T = Field("t", "int64", "us", "instant")
_MATCH = Field("match", "int64", "", "the match", "match_feed")

_SHOWN = (
    _T,
    Field("id", "int64", "", "the knot of a price curve: its match and the match's own ordinal"),
    _MATCH,
    Field("live", "int8", "bool", "the match has been heard to have kicked off", "match_feed"),
    Field("minute", "float32", "min", "match clock, run on from the last message; 0 before kick-off", "match_feed"),
    Field("period", "int8", "code", "period last heard: 0 before, 1, 2, ...", "match_feed"),
    Field("score_home", "int16", "", "home score last heard", "match_feed"),
    Field("score_away", "int16", "", "away score last heard", "match_feed"),
    Field("since_event_s", "float32", "s", "since a score or red card was heard; 1e6 without one", "match_feed"),
    Field("feed_age_s", "float32", "s", "since the feed was last heard of; 0 before kick-off", "match_feed"),
    Field("to_start_h", "float32", "h", "time to kick-off; 0 from then on", "fixtures"),
    Field("home", "int64", "", "home team", "fixtures"),
    Field("away", "int64", "", "away team", "fixtures"),
)  # fmt: skip
FOOTBALL_PRICE = (
    *_SHOWN,
    Field("red_home", "int8", "", "red cards of the home team last heard", "match_feed"),
    Field("red_away", "int8", "", "red cards of the away team last heard", "match_feed"),
    Field("lam", "float32", "goals", "home mean implied by other books' prices; frozen at kick-off", "consensus"),
    Field("mu", "float32", "goals", "away mean implied by other books' prices; frozen at kick-off", "consensus"),
)  # fmt: skip
NFL_PRICE = (
    *_SHOWN,
    Field("possession", "int8", "code", "who has the ball: 1 home, -1 away, 0 unknown", "match_feed"),
    Field("line", "float32", "points", "the line of this market", "consensus"),
    Field("spread", "float32", "points", "home minus away mean implied by other books' prices", "consensus"),
    Field("total", "float32", "points", "sum of means implied by other books' prices", "consensus"),
)

PRICE_OUTCOMES = Schema(
    "price_outcome",
    (
        _T,
        _ID,
        Field("effect", "int8", "code", "0 open, 1 suspended"),
        Field("effect_at", "int64", "us", "from when the knot is in force"),
        Field(
            "span_s",
            "float32",
            "s",
            "how long it is in force; 0 for the far end of a curve and once the outcome is certain",
        ),
        Field("pending", "bool", "", "never"),
    ),
)


_SERVED = (
    Field(
        "response_us",
        "int64",
        "us",
        "from the question to what took effect; -1 where none was asked of the service",
    ),
    Field("service", "int8", "code", "what became of the question: answered, timed out, refused, failed"),
)
PRICE_OUTCOMES_SERVED = Schema(PRICE_OUTCOMES.name, (*PRICE_OUTCOMES.fields, *_SERVED))
"""Where a service stands before the desk. A question is a message that changes the match's state, told with the knot at
which its price comes into force; what is superseded before that is not told."""


def _price_truth(k: int) -> Schema:
    return Schema(
        "price_truth",
        (
            _T,
            _ID,
            Field("outcome", "int8", "code", "the outcome that will come true"),
            *(
                Field(f"q{i}", "float64", "", f"true probability of outcome {i} given all that has happened")
                for i in range(k)
            ),
            Field("phase", "int8", "code", "where the match really is: " + ", ".join(PHASES)),
        ),
    )


RISK_BANDS = ("no", "moderate", "high")
"""Of harm. high: of the segment that chases losses at night; moderate: at risk, and plays as its segment does."""
PHASES = ("before", "first_half", "second_half")

BET = Schema(
    "bet",
    (
        Field("t", "int64", "us", "instant of the decision: placed, and the bet delay waited", "bets"),
        Field("id", "int64", "", "the bet"),
        Field("account", "int64", "", "the account", "bets", purposes=("risk", "safer-gambling")),
        _MATCH,
        Field("market", "int8", "code", ", ".join((*MARKETS, "parlay")), "bets"),
        Field("outcome", "int8", "code", "the outcome that is backed; of a parlay's first leg", "bets"),
        Field("legs", "int8", "", "1 for a single", "bets"),
        Field("live", "int8", "bool", "placed after the kick-off was heard", "bets"),
        Field("stake", "float32", "EUR", "stake asked for", "bets"),
        Field("odds", "float32", "decimal", "odds struck when it was placed", "bets"),
        Field("drift", "float32", "", "odds in force at t over the odds struck, minus 1; 0 where closed", "bets"),
        Field("wait_s", "float32", "s", "from placing to t", "bets"),
        Field("since_event_s", "float32", "s", "from a score or red card heard to placing; 1e6 without", "match_feed"),
        Field("minute", "float32", "min", "match clock as heard at placing; 0 before kick-off", "match_feed"),
        Field("to_start_h", "float32", "h", "time to kick-off at placing; 0 from then on", "fixtures"),
        Field("account_age_d", "float32", "d", "since the account was opened", "accounts"),
        Field("device", "int64", "", "device fingerprint", "accounts", purposes=("risk",)),
        Field("payment", "int64", "", "payment instrument", "accounts", purposes=("risk",)),
        Field("promo", "int8", "bool", "staked with a bonus", "bets"),
        Field("against_best", "float32", "", "odds struck over the best price of other books, minus 1", "consensus"),
        Field("night", "int8", "bool", "placed between 00 and 05 h", "bets"),
        Field("stake_ratio", "float32", "", "stake over the account's mean stake so far; 1 for its first", "bets"),
    ),
)  # fmt: skip

BET_OUTCOMES = Schema(
    "bet_outcome",
    (
        _T,
        _ID,
        Field("effect", "int8", "code", "action that took effect"),
        Field("effect_at", "int64", "us", "when it took effect"),
        Field("voided", "int8", "bool", "something happened, or the market was closed, while the bet waited"),
        Field("accepted_stake", "float64", "EUR", "stake that stands; 0 where none does"),
        Field(
            "fair", "float64", "", "probability of the selection that the book itself quoted by at effect_at"
        ),
        Field("pending", "bool", "", "still waits when its tick ends"),
    ),
)

BET_OUTCOMES_SERVED = Schema(BET_OUTCOMES.name, (*BET_OUTCOMES.fields, *_SERVED))
"""Where a service stands before the desk."""

BET_TRUTH = Schema(
    "bet_truth",
    (
        _T,
        _ID,
        Field("unwanted", "int8", "bool", "of an adverse segment: stopping it is right"),
        Field("segment", "int8", "code", "who really bets: " + ", ".join(SEGMENTS)),
        Field("at_risk", "int8", "code", "a person at risk of harm: " + ", ".join(RISK_BANDS)),
        Field("person", "int64", "", "who is behind the account"),
        Field("p_true", "float64", "", "true probability of the selection at effect_at"),
        Field("p_placed", "float64", "", "true probability of the selection when it was placed"),
        Field("p_heard", "float64", "", "what p_true would be if no more had happened than was heard"),
        Field("payout", "float64", "EUR", "what the accepted stake will pay"),
        Field(
            "gift",
            "float64",
            "EUR",
            "part of the accepted stake that is the book's own: not lost, not paid back",
        ),
        Field("phase", "int8", "code", "where the match really was at t: " + ", ".join(PHASES)),
        Field("sport", "int8", "code", ", ".join(SPORTS)),
        Field("ring", "int8", "bool", "of a segment whose persons hold several accounts at a time"),
        Field(
            "ahead",
            "int8",
            "bool",
            "the account has won more than it lost so far: by luck, if it is not adverse",
        ),
    ),
)

_KNOWN = Field("known_at", "int64", "us", "instant at which the item becomes known")


def _news(name: str, *fields: Field) -> Schema:
    return Schema(name, (_KNOWN, _ID, _T, *fields), order="known_at")


_ACCOUNT = Field("account", "int64", "", "the account", "bets")

FOOTBALL_RESULT = _news(
    "football_result",
    _MATCH,
    Field("home", "int64", "", "home team", "results"),
    Field("away", "int64", "", "away team", "results"),
    Field("score_home", "int16", "goals", "final", "results"),
    Field("score_away", "int16", "goals", "final", "results"),
    Field("match_odds", "int8", "code", "home, draw, away", "results"),
    Field("total_goals", "int8", "code", "over, under", "results"),
)
NFL_RESULT = _news(
    "nfl_result",
    _MATCH,
    Field("home", "int64", "", "home team", "results"),
    Field("away", "int64", "", "away team", "results"),
    Field("score_home", "int16", "points", "final", "results"),
    Field("score_away", "int16", "points", "final", "results"),
    Field("point_spread", "int8", "code", "home, away against the line", "results"),
    Field("total_points", "int8", "code", "over, under", "results"),
)
BET_DECIDED = _news(
    "bet_decided",
    _ACCOUNT,
    _MATCH,
    Field("effect", "int8", "code", "action that took effect", "bets"),
    Field("voided", "int8", "bool", "void: something happened while it waited", "bets"),
    Field("stake_cents", "int64", "cents", "stake that stands", "bets"),
    Field("odds_1e6", "int64", "1e-6", "odds struck", "bets"),
    Field("live", "int8", "bool", "in play", "bets"),
)
MARK_OUT = _news(
    "mark_out",
    _ACCOUNT,
    _MATCH,
    Field("edge_1e6", "int64", "1e-6", "odds struck x the book's own probability later, minus 1", "markets"),
    Field("stake_cents", "int64", "cents", "stake that stood", "markets"),
    Field("live", "int8", "bool", "in play", "markets"),
)  # fmt: skip
BET_SETTLED = _news(
    "bet_settled",
    _ACCOUNT,
    Field("stake_cents", "int64", "cents", "stake that stood", "settlement"),
    Field("payout_cents", "int64", "cents", "what it paid", "settlement"),
    Field("legs", "int8", "", "1 for a single", "settlement"),
    Field("live", "int8", "bool", "in play", "settlement"),
)
TRADER_FLAG = _news("trader_flag", _ACCOUNT)
PAYMENT_REPORT = _news("payment_report", _ACCOUNT)
SELF_EXCLUSION = _news("self_exclusion", _ACCOUNT)
VERIFICATION = _news(
    "verification",
    _ACCOUNT,
    Field("unwanted", "int8", "bool", "what the analyst found of the account-day", "verification"),
    Field("segment", "int8", "code", "the segment that the analyst found", "verification"),
)

STREAMS: Mapping[str, Schema] = {
    item.name: item
    for item in (
        FOOTBALL_RESULT, NFL_RESULT, BET_DECIDED, MARK_OUT, BET_SETTLED, TRADER_FLAG, PAYMENT_REPORT, SELF_EXCLUSION,
        VERIFICATION,
    )
}  # fmt: skip

FEEDS = (
    Feed("fixtures", "", "none", "who plays whom, and when"),
    Feed("match_feed", "", "feed delay, bursts and gaps", "score, clock and cards from the ground"),
    Feed("consensus", "", "none", "means implied by other books' prices"),
    Feed("accounts", "", "none", "what is known of an account when it bets"),
    Feed("bets", "bet_decided", "the end of the tick", "what became of a bet"),
    Feed("markets", "mark_out", "a minute, or the close", "the book's own later price"),
    Feed("results", "football_result", "minutes after the whistle", "results of football"),
    Feed("nfl_results", "nfl_result", "minutes after the whistle", "results of the NFL"),
    Feed("settlement", "bet_settled", "the settlement queue after the whistle", "bets that were graded"),
    Feed("trader_flag", "trader_flag", "days", "accounts that traders took for sharp or organised"),
    Feed("payment_report", "payment_report", "weeks", "bonus abuse, chargebacks and shared instruments"),
    Feed("self_exclusion", "self_exclusion", "weeks", "accounts that excluded themselves"),
    Feed("verification", "verification", "after the day's end, in office hours", "audited account-days"),
)


def _price_kind(market: str) -> QuestionKind:
    football = SPORT_OF[MARKETS.index(market)] == FOOTBALL
    stream = "football_result" if football else "nfl_result"
    return QuestionKind(
        name=market,
        form="quote",
        schema=Schema(market, FOOTBALL_PRICE if football else NFL_PRICE),
        entity="match",
        unit="entity",
        subject="",
        actions=(),
        labels=(
            LabelChannel(
                stream,
                market,
                "the result, minutes after the whistle",
                negatives=True,
                targets=("score_home", "score_away"),
            ),
        ),
        outcomes=OUTCOMES_OF[market],
    )


KINDS: Mapping[str, QuestionKind] = {
    **{market: _price_kind(market) for market in MARKETS},
    "bet": QuestionKind(
        name="bet",
        form="act",
        schema=BET,
        entity="account",
        unit="entity-day",
        subject="account",
        actions=ACTIONS,
        found_class="segment",
        labels=(
            LabelChannel("trader_flag", "", "flagged by traders: positives only, winners by luck among them"),
            LabelChannel("payment_report", "", "reported by the payment side: positives only"),
            LabelChannel(
                "verification", "unwanted", "verified by an analyst, sometimes wrongly", negatives=True
            ),
        ),
    ),
}

TRUTH: Mapping[str, Schema] = {
    **{market: _price_truth(len(OUTCOMES_OF[market])) for market in MARKETS},
    "bet": BET_TRUTH,
}

SLICES: Mapping[str, Slice] = {
    "segment": Slice("segment", "segment", SEGMENTS, tuple(not bad for bad in ADVERSE)),
    "phase": Slice("phase", "phase", PHASES),
    "at_risk": Slice("at_risk", "at_risk", RISK_BANDS),
    "ahead": Slice("ahead", "ahead", ("behind", "in_profit")),
    "market": Slice("market", "market", (*MARKETS, "parlay")),
}
