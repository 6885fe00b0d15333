"""What is written about accounts, to whom, in the reader's language (spec 3.7)."""

from datetime import datetime

from activities.notifications import Letter
from domain import usernames
from domain.vocabulary import AccountLinkPurpose, Message
from emails import props
from runtime.keys import Keys
from store.account_links import AccountLink
from store.users import User

# An address change is told to the new address and the old one: two e-mails of the same kind.
_TO_OLD = 2


class AccountLetters:
    """Writes them. `origin` has no trailing slash."""

    def __init__(self, *, keys: Keys, origin: str) -> None:
        self._keys = keys
        self._origin = origin

    def link(self, link: AccountLink, user: User) -> Letter:
        """The e-mail with the link: to the user's address, or to the one that he wants."""
        token = self._keys.account_link_token(link.purpose, link.id)
        if link.purpose is AccountLinkPurpose.PASSWORD_RESET:
            reset = props.PasswordResetProps(
                first_name=user.first_name,
                link=f"{self._origin}/password-resets/open/{token}",
                deadline=link.deadline,
            )
            return _letter(Message.PASSWORD_RESET, link.email, user, reset)
        change = props.EmailChangeProps(
            first_name=user.first_name,
            link=f"{self._origin}/email-changes/open/{token}",
            deadline=link.deadline,
        )
        return _letter(Message.EMAIL_CHANGE, link.new_email, user, change)

    def in_use(self, owner: User) -> Letter:
        """Instead of a link, to the user whose address somebody else wants; in his language."""
        written = props.EmailInUseProps(login_link=f"{self._origin}/login")
        return _letter(Message.EMAIL_IN_USE, owner.email, owner, written)

    def warning(self, link: AccountLink, user: User) -> Letter:
        """To the present address: somebody asked to change it."""
        written = props.EmailChangeAskedProps(first_name=user.first_name, asked_at=link.created_at)
        return _letter(Message.EMAIL_CHANGE_ASKED, link.email, user, written)

    def outcome(self, link: AccountLink, user: User) -> Letter:
        """What was done, or the username."""
        match link.purpose:
            case AccountLinkPurpose.USERNAME_REMINDER:
                reminder = props.UsernameReminderProps(
                    first_name=user.first_name, username=user.username, login_link=f"{self._origin}/login"
                )
                return _letter(Message.USERNAME_REMINDER, link.email, user, reminder)
            case AccountLinkPurpose.EMAIL_CHANGE:
                return _letter(Message.EMAIL_CHANGED, link.new_email, user, _email_changed(link, user))
            case AccountLinkPurpose.PASSWORD_RESET | AccountLinkPurpose.PASSWORD_CHANGE:
                changed = props.PasswordChangedProps(
                    first_name=user.first_name,
                    changed_at=_done_at(link),
                    link=f"{self._origin}/password/forgotten",
                )
                return _letter(Message.PASSWORD_CHANGED, link.email, user, changed)

    def outcome_to_old_address(self, link: AccountLink, user: User) -> Letter:
        """That the address was changed, to the one that it was."""
        return _letter(Message.EMAIL_CHANGED, link.email, user, _email_changed(link, user), sequence=_TO_OLD)


def _email_changed(link: AccountLink, user: User) -> props.EmailChangedProps:
    return props.EmailChangedProps(
        first_name=user.first_name,
        changed_at=_done_at(link),
        username_changed=user.username_normalised == usernames.normalised(link.new_email),
    )


def _done_at(link: AccountLink) -> datetime:
    """A password that was changed without a link was changed when the row was made."""
    return link.used_at or link.created_at


def _letter(
    message: Message, address: str, user: User, written: props.EmailProps, *, sequence: int = 1
) -> Letter:
    return Letter(message, address, user.language, lambda _: written, sequence=sequence)
