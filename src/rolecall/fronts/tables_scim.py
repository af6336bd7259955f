"""SHOW SCIM_RESOURCES: its columns, which are ours."""

from rolecall.domain.queries import ScimResource
from rolecall.fronts.tables import Fields, flag, text, time

SHOW_SCIM_RESOURCES: Fields[ScimResource] = (
    text("id", lambda row: row.id),
    text("external_id", lambda row: row.external_id),
    text("name", lambda row: row.name),
    text("kind", lambda row: row.kind.value),
    text("integration", lambda row: row.integration),
    text("owner", lambda row: row.owner or ""),
    flag("active", lambda row: row.active),
    time("last_written_by_scim", lambda row: row.written_at),
    time("last_changed_elsewhere", lambda row: row.changed_at),
    text("last_changed_by", lambda row: row.changed_by),
    text("sync_stopped", lambda row: row.stopped),
)
