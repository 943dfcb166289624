"""A workflow that watches for late money and does nothing else."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payment import BANK, LateMoneyRequest, Payments


@workflow.defn(name="LateMoneyWatch")
class LateMoneyWatch:
    """A payment's watch: its one activity, with its options."""

    @workflow.run
    async def run(self, request: LateMoneyRequest) -> None:
        """Watch until money comes, or the watch is over."""
        await workflow.execute_activity_method(Payments.late_money, request, **BANK)
