"""How things are named: workflow ids, update ids, Message-IDs. Built here and nowhere else."""

from uuid import UUID, uuid5

from domain.vocabulary import Message, ProcessKind

# The namespace of all name-based ids of this project; never changed.
_NAMESPACE = UUID("6f3b1c52-0a0e-4a6e-9d5b-5b0d6f0f6c11")


def workflow_id(kind: ProcessKind, process_id: UUID) -> str:
    """`<kind>-<uuid>`; the uuid is the key of the process's row (spec section 3)."""
    return f"{kind}-{process_id}"


def update_id(act: str, actor_id: UUID, key: str) -> str:
    """The id of a person's decision: the same actor, act and Idempotency-Key are the same update.

    The key is a frontend's free text, so it enters only as a digest.
    """
    return f"{act}-{uuid5(_NAMESPACE, f'{act}/{actor_id}/{key}')}"


def message_id(process_id: UUID, message: Message, sequence: int) -> UUID:
    """The key of an e-mail's row and the left side of its Message-ID: a repeat is the same e-mail."""
    return uuid5(_NAMESPACE, f"{process_id}/{message}/{sequence}")
