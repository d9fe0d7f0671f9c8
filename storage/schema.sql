-- The schema as all migrations together leave it. For reading: databases are made by the migrations alone,
-- and a test holds this file equal to what they make.
-- Times are whole milliseconds since 1970 in UTC; ids of guilds, channels, members and messages are Discord's.

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- members know it, so it is never given twice
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'submitting', 'running', 'finished', 'delivered',
        'failed', 'cancelled', 'expired', 'lost', 'undeliverable'
    )),
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    message_id INTEGER,
    interaction_token TEXT,
    upload_limit_bytes INTEGER NOT NULL,
    parameters TEXT NOT NULL,
    credits INTEGER NOT NULL CHECK (credits > 0),
    created_at INTEGER NOT NULL,
    submitted_at INTEGER,
    accepted_at INTEGER,
    ended_at INTEGER,
    closed_at INTEGER,
    callback_hash BLOB,
    taskid TEXT,
    tasktoken TEXT,
    cancelled_by INTEGER,
    outputs TEXT,
    cost_usd TEXT,
    seconds REAL,
    refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded IN (0, 1)),
    reason TEXT,
    detail TEXT,
    role_ids TEXT NOT NULL DEFAULT '[]', -- the member's when the job was accepted, a JSON list
    parent_id INTEGER REFERENCES jobs (id),
    reply_to_id INTEGER, -- the message that the job's own replies to; NULL: it answers a command
    nonce TEXT, -- of that reply, so that making it again makes no second one
    removed_by INTEGER,
    removed_at INTEGER, -- the message and Wiro's files are gone
    CHECK (closed_at IS NULL OR interaction_token IS NULL)
) STRICT;

CREATE INDEX jobs_open ON jobs (id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX jobs_by_callback_hash ON jobs (callback_hash) WHERE callback_hash IS NOT NULL;
CREATE INDEX jobs_open_by_member ON jobs (guild_id, member_id) WHERE closed_at IS NULL;
CREATE INDEX jobs_by_taskid ON jobs (taskid) WHERE taskid IS NOT NULL;
CREATE INDEX jobs_by_message ON jobs (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX jobs_by_parent ON jobs (parent_id, id) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_to_remove ON jobs (id) WHERE removed_by IS NOT NULL AND removed_at IS NULL;

CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    job_id INTEGER REFERENCES jobs (id),
    kind TEXT NOT NULL CHECK (kind IN ('reserve', 'settle', 'refund', 'grant', 'reset')),
    credits INTEGER NOT NULL CHECK (credits > 0 OR kind = 'reset'),
    allowance_credits INTEGER NOT NULL, -- how the use of the allowance changes
    grant_credits INTEGER NOT NULL, -- how the extra credits change
    counts_at INTEGER NOT NULL, -- of a refund: when its reserve counted
    at INTEGER NOT NULL, -- never earlier than the entry before
    change_id INTEGER REFERENCES quota_changes (id) CHECK (change_id IS NULL OR kind IN ('grant', 'reset')),
    UNIQUE (job_id, kind),
    CHECK ((job_id IS NULL) = (kind IN ('grant', 'reset'))),
    CHECK (CASE kind
        WHEN 'reserve' THEN
            allowance_credits >= 0 AND grant_credits <= 0 AND allowance_credits - grant_credits = credits
        WHEN 'refund' THEN
            allowance_credits <= 0 AND grant_credits >= 0 AND grant_credits - allowance_credits = credits
        WHEN 'grant' THEN allowance_credits = 0 AND abs(grant_credits) = credits
        ELSE allowance_credits = 0 AND grant_credits = 0
    END)
) STRICT;

-- What counts in a period is summed up from this index alone.
CREATE INDEX ledger_allowance ON ledger (guild_id, member_id, counts_at, allowance_credits)
    WHERE allowance_credits <> 0;
CREATE INDEX ledger_grants ON ledger (guild_id, member_id, grant_credits) WHERE grant_credits <> 0;
CREATE INDEX ledger_resets ON ledger (guild_id, member_id, counts_at) WHERE kind = 'reset';
CREATE INDEX ledger_by_time ON ledger (guild_id, at);
CREATE INDEX ledger_by_member ON ledger (guild_id, member_id, at);

-- The newest entry, whose time the ledger never goes back behind; no row in an empty ledger.
CREATE VIEW ledger_newest AS SELECT * FROM ledger WHERE id = (SELECT max(id) FROM ledger);

CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN
    SELECT raise(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
BEGIN
    SELECT raise(ABORT, 'the ledger is append-only');
END;

-- What moderators decide: rules, blocks, and a record of each decision.

CREATE TABLE servers (
    guild_id INTEGER PRIMARY KEY,
    period TEXT CHECK (period IN ('hour', 'day', 'week', 'month')), -- of all rules; NULL: the owner's
    log_channel_id INTEGER
) STRICT;

CREATE TABLE quota_rules (
    guild_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('default', 'role', 'member')),
    target_id INTEGER NOT NULL, -- the guild's, the role's or the member's id
    credits INTEGER CHECK (credits >= 0), -- NULL: unlimited
    PRIMARY KEY (guild_id, kind, target_id),
    CHECK (kind <> 'default' OR target_id = guild_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    guild_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    until INTEGER, -- NULL: for good
    reason TEXT NOT NULL,
    by_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, member_id)
) STRICT, WITHOUT ROWID;

-- Each decision, with what was there before and what after: see `bot.quotas.model.Change`.
CREATE TABLE quota_changes (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    moderator_id INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN (
        'default', 'role', 'member', 'remove', 'grant', 'reset', 'block', 'unblock', 'log'
    )),
    target_kind TEXT NOT NULL CHECK (target_kind IN ('server', 'role', 'member')),
    target_id INTEGER NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    reason TEXT
) STRICT;

CREATE INDEX quota_changes_by_time ON quota_changes (guild_id, at);
CREATE INDEX quota_changes_by_member ON quota_changes (guild_id, target_id, at) WHERE target_kind = 'member';

CREATE TRIGGER quota_changes_are_never_changed BEFORE UPDATE ON quota_changes
BEGIN
    SELECT raise(ABORT, 'the changes are append-only');
END;

CREATE TRIGGER quota_changes_are_never_shortened BEFORE DELETE ON quota_changes
BEGIN
    SELECT raise(ABORT, 'the changes are append-only');
END;

-- Messages that are to be deleted at a time, whether or not the bot ran without a stop until then.
CREATE TABLE notices (
    message_id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    remove_at INTEGER NOT NULL
) STRICT;
