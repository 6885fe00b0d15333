"""`Idempotency-Key`: the same request by the same user within 24 hours is done once (spec section 3)."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from starter.services.context import Services
from store import limits
from store.limits import IdempotencyKey


@dataclass(frozen=True)
class RequestKey:
    """A user's Idempotency-Key and the request it came with (hash of method, path and body)."""

    user_id: UUID
    key: str
    request_hash: str

    @property
    def key_hash(self) -> str:
        """The key as it is kept: it is the frontend's free text."""
        return hashlib.sha256(self.key.encode()).hexdigest()


async def earlier_result(services: Services, session: AsyncSession, key: RequestKey | None) -> UUID | None:
    """What the same request made before, if it was sent before.

    Raises Refused(`idempotency.key_reused`) when that was another request.
    """
    if key is None:
        return None
    since = services.clock() - services.settings.retention.idempotency_keys
    earlier = await limits.recall(session, key.user_id, key.key_hash, key.request_hash, since)
    return earlier.resource_id if earlier else None


def remember(services: Services, session: AsyncSession, key: RequestKey | None, resource_id: UUID) -> None:
    """Keeps what a request made, in the transaction that makes it."""
    if key is not None:
        session.add(
            IdempotencyKey(
                user_id=key.user_id,
                key_hash=key.key_hash,
                request_hash=key.request_hash,
                resource_id=resource_id,
                created_at=services.clock(),
            )
        )


async def claim(services: Services, key: RequestKey | None, resource_id: UUID) -> None:
    """Keeps the key of an act on a thing that exists, before the act: another request cannot reuse it.

    Raises Refused(`idempotency.key_reused`).
    """
    if key is None:
        return
    try:
        async with services.database.transaction() as session:
            if await earlier_result(services, session, key) is None:
                remember(services, session, key, resource_id)
    except IntegrityError:
        # The same key at the same moment: that one is checked against now.
        async with services.database.reading() as session:
            await earlier_result(services, session, key)
