-- name: add_notice(message_id, guild_id, channel_id, remove_at)!
-- Remember a message that is to be deleted.
INSERT OR REPLACE INTO notices (message_id, guild_id, channel_id, remove_at)
VALUES (:message_id, :guild_id, :channel_id, :remove_at);

-- name: remove_notice(message_id)!
-- Forget a message that was deleted.
DELETE FROM notices WHERE message_id = :message_id;

-- name: list_notices()
-- All that are still to be deleted.
SELECT message_id, guild_id, channel_id, remove_at FROM notices ORDER BY remove_at;
