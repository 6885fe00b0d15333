"""Authorizations that people removed, gave up or levelled; a user's own acts found in the audit."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _json() -> sa.types.TypeEngine[Any]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "authorization_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("state", sa.String(60), nullable=False),
        sa.Column("relation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("authorization_ids", _json(), nullable=False),
        sa.Column("roles", _json(), nullable=False),
        sa.Column("levels_before", _json(), nullable=False),
        sa.Column("levels_after", _json(), nullable=False),
        sa.Column("fallen_invitations", _json(), nullable=False),
        sa.Column("told_managers", _json(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["relation_id"], ["customer_relations.id"], name=op.f("fk_authorization_changes_relation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_authorization_changes_user_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_authorization_changes_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorization_changes")),
    )
    with op.batch_alter_table("authorization_changes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_authorization_changes_relation_id_created_at",
            ["relation_id", "created_at", "id"],
            unique=False,
        )
        batch_op.create_index("ix_authorization_changes_user_id", ["user_id"], unique=False)

    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index("ix_audit_events_actor_id", ["actor_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_events_actor_id")
    with op.batch_alter_table("authorization_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_authorization_changes_user_id")
        batch_op.drop_index("ix_authorization_changes_relation_id_created_at")

    op.drop_table("authorization_changes")
