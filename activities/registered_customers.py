"""What a completed registration gives on a company (spec 3.2, step 4; O7)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.codes import Code
from domain.company_name import same_company
from domain.roles import ROLE_LEVELS
from domain.vocabulary import GrantedThrough, Role
from store import authorizations, disputes, registrations
from store.audit import Event
from store.authorizations import Authorization
from store.customers import Customer, CustomerRelation
from store.registrations import Registration
from store.users import User


async def first_role(session: AsyncSession, registration: Registration) -> Role:
    """Administrator for the first who ever held anything under the number, viewer for all later ones.

    It holds until the transaction ends: others who confirm at the same moment wait, and come later. Whether
    the first one still is there does not matter: customer service replaces him.
    """
    await session.execute(
        select(Customer.id).where(Customer.id == registration.customer_id).with_for_update()
    )
    if registration.customer_id is None:
        raise ValueError("A reviewed registration of a company has its customer")
    earlier = await authorizations.of_customer(session, registration.customer_id)
    return Role.VIEWER if earlier else Role.ADMINISTRATOR


async def grant_all(
    session: AsyncSession, registration: Registration, user: User, role: Role, now: datetime
) -> Code | None:
    """Gives a role on all relations in force under the number.

    Returns why nothing was given: `authorization.exists` when the user has something on each of them,
    `registration.details_do_not_match` when there is none any more or the number is another company's by
    now, `authorization.suspended` when the customer has objected to the user.
    """
    relations = await _relations_in_force(session, registration)
    if not relations or not await _is_still_described(session, registration):
        return Code.REGISTRATION_DETAILS_DO_NOT_MATCH
    if await disputes.is_suspended_at(session, user.id, relations[0].customer_id):
        return Code.AUTHORIZATION_SUSPENDED
    first = role is Role.ADMINISTRATOR
    refusal: Code | None = Code.AUTHORIZATION_EXISTS
    for relation in relations:
        if await authorizations.held_by(session, user.id, relation.id):
            continue
        authorization = Authorization(
            user_id=user.id,
            relation_id=relation.id,
            role=role,
            levels=dict(ROLE_LEVELS[role]),
            valid_from=now,
            granted_through=GrantedThrough.FIRST_REGISTRATION if first else GrantedThrough.LATER_REGISTRATION,
            process_id=registration.id,
        )
        session.add(authorization)
        await session.flush()
        refusal = None
        registrations.record(
            session,
            registration,
            Event.AUTHORIZATION_GRANTED,
            at=now,
            by=user.id,
            subject_id=authorization.id,
            relation_id=relation.id,
        )
    return refusal


async def _is_still_described(session: AsyncSession, registration: Registration) -> bool:
    """Whether the customer is still the company that was reviewed: the registry may have changed since."""
    customer = await session.get_one(Customer, registration.customer_id, populate_existing=True)
    typed = registration.details
    return customer.business_id == typed["business_id"] and same_company(customer.name, typed["company_name"])


async def _relations_in_force(session: AsyncSession, registration: Registration) -> list[CustomerRelation]:
    query = (
        select(CustomerRelation)
        .where(CustomerRelation.customer_id == registration.customer_id, CustomerRelation.ended_at.is_(None))
        .order_by(CustomerRelation.commodity)
        # None of them ends meanwhile.
        .with_for_update(read=True, of=CustomerRelation)
        .execution_options(populate_existing=True)
    )
    return list((await session.scalars(query)).all())
