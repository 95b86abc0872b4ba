"""Runs the migrations on the connection that the database gives; there is no other way to run them."""

from alembic import context

from kiosk.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
# The caller holds the transaction: what is migrated is migrated whole, also when two processes start together.
context.run_migrations()
