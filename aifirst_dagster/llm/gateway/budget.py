"""The hard caps: which ones hold for a call, and how a refusal is worded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aifirst_dagster.llm.failures import BudgetExceededError
from aifirst_dagster.llm.resource import LLMResourceSpec
from aifirst_dagster.llm.types import CallContext

if TYPE_CHECKING:
    from aifirst_dagster.state.ledger import Cap, Overrun


def caps(spec: LLMResourceSpec, who: CallContext = CallContext()) -> list[Cap]:
    """The caps of a resource for a call, narrowest first; they are checked where the reservation is written."""
    from aifirst_dagster.state.ledger import Cap

    wanted = [
        Cap("call", spec.budget_call_usd) if spec.budget_call_usd is not None else None,
        Cap("run", spec.budget_usd),
        Cap("backfill", spec.budget_backfill_usd) if who.backfill is not None else None,
        Cap("pipeline", spec.budget_pipeline_usd) if spec.budget_pipeline_usd is not None else None,
        Cap("day", spec.budget_day_usd) if spec.budget_day_usd is not None else None,
    ]
    return [cap for cap in wanted if cap]


def refused(overrun: Overrun, most_usd: float, who: CallContext, resource: str) -> BudgetExceededError:
    """The error: it names the step, the cap and the spend."""
    step = f"step {who.step!r}" if who.step else "this call"
    of = f" of {who.pipeline!r}" if who.pipeline else ""
    setting = "budget_usd" if overrun.cap.scope == "run" else f"budget_{overrun.cap.scope}_usd"
    return BudgetExceededError(
        f"The call for {step}{of} was not sent: it could cost up to ${most_usd:.4f}, and ${overrun.spent:.4f} of the "
        f"{overrun.cap.scope}'s cap of ${overrun.cap.usd:.2f} is spent or reserved.",
        hint=f"Raise {setting} in resources/llm/{resource}.yaml or the pipeline's budget, or lower max_output_tokens.",
    )
