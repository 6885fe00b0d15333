"""Registration, strong identification, contract linking."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registry_pulls",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.String(length=200), nullable=True),
        sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_registry_pulls")),
    )
    op.create_table(
        "contract_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(60), nullable=False),
        sa.Column("linked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("closed", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_contract_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_links")),
    )
    with op.batch_alter_table("contract_links", schema=None) as batch_op:
        batch_op.create_index(
            "uq_contract_links_open",
            ["user_id"],
            unique=True,
            postgresql_where=sa.text("state = 'linking'"),
            sqlite_where=sa.text("state = 'linking'"),
        )

    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("state", sa.String(60), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(60), nullable=False),
        sa.Column("makes_user", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identity_index", sa.String(length=64), nullable=True),
        sa.Column("identity_sealed", sa.String(length=200), nullable=True),
        sa.Column("verified_first_name", sa.String(length=100), nullable=False),
        sa.Column("verified_last_name", sa.String(length=100), nullable=False),
        sa.Column("identified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("terms_version", sa.String(length=40), nullable=True),
        sa.Column("terms_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.String(60), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("email_generation", sa.Integer(), nullable=False),
        sa.Column("email_token_hash", sa.String(length=64), nullable=True),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("role", sa.String(60), nullable=True),
        sa.Column("contract_link_id", sa.Uuid(), nullable=True),
        sa.Column("dispute_token_hash", sa.String(length=64), nullable=True),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_registrations_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_registrations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("dispute_token_hash", name=op.f("uq_registrations_dispute_token_hash")),
        sa.UniqueConstraint("email_token_hash", name=op.f("uq_registrations_email_token_hash")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_registrations_secret_hash")),
    )
    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registrations_identity_index"), ["identity_index"], unique=False)
        batch_op.create_index("ix_registrations_user_id", ["user_id"], unique=False)

    op.create_table(
        "strong_identities",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("identity_index", sa.String(length=64), nullable=False),
        sa.Column("identity_sealed", sa.String(length=200), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("identified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_strong_identities_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_strong_identities")),
        sa.UniqueConstraint("identity_index", name=op.f("uq_strong_identities_identity_index")),
    )
    op.create_table(
        "identifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(60), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("holder_hash", sa.String(length=64), nullable=False),
        sa.Column("redirect_uri", sa.String(length=500), nullable=False),
        sa.Column("return_to", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_identifications_registration_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_identifications_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifications")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_identifications_state_hash")),
    )
    with op.batch_alter_table("identifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identifications_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "service_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("state", sa.String(60), nullable=False),
        sa.Column("contact", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_service_requests_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_service_requests_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_requests")),
    )
    with op.batch_alter_table("service_requests", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_requests_registration_id"), ["registration_id"], unique=False
        )

    with op.batch_alter_table("authorizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_authorizations_process_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_authorizations_process_id_relation_id"), ["process_id", "relation_id"]
        )

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("identified_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # The older tables know of one grant a process.
    op.execute(
        "UPDATE authorizations SET process_id = NULL"
        " WHERE granted_through IN ('contract', 'first_registration', 'later_registration')"
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("identified_at")

    with op.batch_alter_table("authorizations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_authorizations_process_id_relation_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_authorizations_process_id"), ["process_id"])
        batch_op.drop_column("suspended_at")

    with op.batch_alter_table("service_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_requests_registration_id"))

    op.drop_table("service_requests")
    with op.batch_alter_table("identifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identifications_expires_at"))

    op.drop_table("identifications")
    op.drop_table("strong_identities")
    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.drop_index("ix_registrations_user_id")
        batch_op.drop_index(batch_op.f("ix_registrations_identity_index"))

    op.drop_table("registrations")
    with op.batch_alter_table("contract_links", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contract_links_open",
            postgresql_where=sa.text("state = 'linking'"),
            sqlite_where=sa.text("state = 'linking'"),
        )

    op.drop_table("contract_links")
    op.drop_table("registry_pulls")
