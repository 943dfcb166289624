"""The client for programs without asyncio: the same calls, which block until the answer is there."""

from typing import Self

from . import contract as c
from .calls.acting import ActingClient
from .calls.event_loop import Loop, waits
from .calls.file_calls import BlockingFileCalls
from .calls.retry import DEFAULT_PATIENCE
from .client import FilingClient
from .signing import Authenticated


class BlockingActingClient(BlockingFileCalls[ActingClient]):
    """`ActingClient` in blocking form."""

    submit = waits(ActingClient.submit)
    act = waits(ActingClient.act)
    renew_payment = waits(ActingClient.renew_payment)
    complain = waits(ActingClient.complain)
    actions = waits(ActingClient.actions)
    pass_over = waits(ActingClient.pass_over)


class BlockingFilingClient(BlockingFileCalls[FilingClient]):
    """`FilingClient` for programs without asyncio: the same methods, which block until the answer is there.

    Threads may share one client. The client raises the same errors as `FilingClient`.

    Example:
        >>> with BlockingFilingClient.connect() as client:
        ...     receipt = client.submit(submission)
    """

    @classmethod
    def connect(
        cls, address: str | None = None, *, namespace: str | None = None, patience: float = DEFAULT_PATIENCE
    ) -> Self:
        """Returns a client, as `FilingClient.connect` does. Close the client, or use it in a `with` block."""
        loop = Loop()
        try:
            return cls(loop.wait(FilingClient.connect(address, namespace=namespace, patience=patience)), loop)
        except BaseException:
            loop.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel the calls that still wait, and end the thread."""
        self._loop.close()

    submit = waits(FilingClient.submit)
    act = waits(FilingClient.act)
    complain = waits(FilingClient.complain)
    actions = waits(FilingClient.actions)

    def as_(self, actor: c.Actor, via: c.Via, *, authenticated: Authenticated | None = None) -> BlockingActingClient:
        """Returns a client bound to one actor and one program, as `FilingClient.as_` does."""
        return BlockingActingClient(self._client.as_(actor, via, authenticated=authenticated), self._loop)
