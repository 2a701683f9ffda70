"""What was spent on models, as a Dagster asset: a dataset, a chart, and a check of estimates against bills."""

from aifirst_dagster.orchestration.spend.asset import KEY, spend_asset, spend_schedule

__all__ = ["KEY", "spend_asset", "spend_schedule"]
