-- What members do with a result: jobs born from it, its removal, and short notices under it.

ALTER TABLE jobs ADD COLUMN parent_id INTEGER REFERENCES jobs (id);
ALTER TABLE jobs ADD COLUMN reply_to_id INTEGER; -- the message that the job's own replies to; NULL: it answers a command
ALTER TABLE jobs ADD COLUMN nonce TEXT; -- of that reply, so that making it again makes no second one
ALTER TABLE jobs ADD COLUMN removed_by INTEGER;
ALTER TABLE jobs ADD COLUMN removed_at INTEGER; -- the message and Wiro's files are gone

CREATE INDEX jobs_by_message ON jobs (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX jobs_by_parent ON jobs (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_to_remove ON jobs (id) WHERE removed_by IS NOT NULL AND removed_at IS NULL;

-- Messages that are to be deleted at a time, whether or not the bot ran without a stop until then.
CREATE TABLE notices (
    message_id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    remove_at INTEGER NOT NULL
) STRICT;
