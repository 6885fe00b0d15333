"""A process of tests alone, which talks: its errors carry a person's name."""

from temporalio import workflow

CANARY = "Kaarina Österholm-Canary"


@workflow.defn(name="Telling")
class Telling:
    """Fails its workflow task, and its update, with a person's name in the error."""

    @workflow.run
    async def run(self) -> None:
        """Fails every workflow task."""
        raise ValueError(f"nobody is called {CANARY}") from KeyError(CANARY)
