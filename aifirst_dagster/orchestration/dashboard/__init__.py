"""All datasets at a glance, as a Dagster asset: scores, drift, cost, freshness and open alerts, with plots."""

from aifirst_dagster.orchestration.dashboard.asset import KEY, dashboard_asset, dashboard_schedule

__all__ = ["KEY", "dashboard_asset", "dashboard_schedule"]
