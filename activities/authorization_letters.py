"""What is written to whom when an authorization was removed, given up or levelled (spec 3.4, 3.5)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from activities.notifications import Letter
from domain.vocabulary import AuthorizationChangeKind, Level, Message, Subpage
from emails import props
from emails.letters import relation_label
from store.authorization_changes import AuthorizationChange
from store.users import User

_TO_USER: Mapping[AuthorizationChangeKind, Message] = MappingProxyType(
    {
        AuthorizationChangeKind.REMOVAL: Message.AUTHORIZATION_REMOVED,
        AuthorizationChangeKind.GIVEN_UP: Message.AUTHORIZATION_GIVEN_UP,
        AuthorizationChangeKind.LEVELS: Message.AUTHORIZATION_LEVELS_CHANGED,
    }
)


def to_user(change: AuthorizationChange, origin: str) -> Letter:
    """To whose authorization it is. `origin` has no trailing slash."""
    written: props.EmailProps
    match change.kind:
        case AuthorizationChangeKind.REMOVAL:
            written = props.AuthorizationRemovedProps(**_common(change), actor_name=_actor_name(change))
        case AuthorizationChangeKind.GIVEN_UP:
            written = props.AuthorizationGivenUpProps(**_common(change))
        case AuthorizationChangeKind.LEVELS:
            written = props.AuthorizationLevelsChangedProps(
                **_common(change),
                actor_name=_actor_name(change),
                by_reader=change.actor_id == change.user_id,
                link=f"{origin}/relations/{change.relation_id}/authorizations",
            )
    return _to(change.user, _TO_USER[change.kind], written)


def to_managers(change: AuthorizationChange, managers: Sequence[User], origin: str) -> Sequence[Letter]:
    """To who removed it, and to the relation's other managers where they must know."""
    return [
        _to(manager, *_notice(change, manager, origin), sequence=place)
        for place, manager in enumerate(managers, start=1)
    ]


def _notice(change: AuthorizationChange, manager: User, origin: str) -> tuple[Message, props.EmailProps]:
    common = {**_common(change), "first_name": manager.first_name, "user_name": change.user.full_name}
    link = f"{origin}/relations/{change.relation_id}/users"
    if change.kind is AuthorizationChangeKind.GIVEN_UP:
        return Message.AUTHORIZATION_GIVEN_UP_NOTICE, props.AuthorizationGivenUpNoticeProps(
            **common, link=link
        )
    removed = props.AuthorizationRemovedNoticeProps(
        **common, link=link, actor_name=_actor_name(change), by_reader=change.actor_id == manager.id
    )
    return Message.AUTHORIZATION_REMOVED_NOTICE, removed


def _common(change: AuthorizationChange) -> dict[str, Any]:
    return {
        "first_name": change.user.first_name,
        "relation": relation_label(change.relation),
        "roles": tuple(props.HeldRole(role=each) for each in change.of_roles),
        "changed_at": change.created_at,
        "left": _levels(change.levels_after),
    }


def _actor_name(change: AuthorizationChange) -> str | None:
    """None for customer service."""
    return None if change.actor is None else change.actor.full_name


def _levels(levels: Mapping[Subpage, Level]) -> tuple[props.SubpageLevel, ...]:
    """What may be done, without what may not."""
    return tuple(
        props.SubpageLevel(subpage=subpage, level=levels[subpage])
        for subpage in Subpage
        if levels.get(subpage, Level.NONE) is not Level.NONE
    )


def _to(reader: User, message: Message, written: props.EmailProps, sequence: int = 1) -> Letter:
    return Letter(message, reader.email, reader.language, lambda _: written, sequence=sequence)
