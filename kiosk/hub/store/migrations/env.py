"""Runs the migrations on the connection that the database gives; there is no other way to run them."""

from alembic import context

from kiosk.hub.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
# The caller holds the transaction: what is migrated is migrated whole, also when two processes start together.
context.run_migrations()
