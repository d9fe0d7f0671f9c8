-- What moderators decide: rules, blocks, extra credits, and a record of each decision.

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

-- The member's roles when the job was accepted, a JSON list: what is left depends on them.
ALTER TABLE jobs ADD COLUMN role_ids TEXT NOT NULL DEFAULT '[]';

CREATE INDEX jobs_open_by_member ON jobs (guild_id, member_id) WHERE closed_at IS NULL;

-- The decision that an entry carries out.
ALTER TABLE ledger ADD COLUMN change_id INTEGER REFERENCES quota_changes (id)
    CHECK (change_id IS NULL OR kind IN ('grant', 'reset'));

CREATE INDEX ledger_resets ON ledger (guild_id, member_id, counts_at) WHERE kind = 'reset';
CREATE INDEX ledger_by_time ON ledger (guild_id, at);
CREATE INDEX ledger_by_member ON ledger (guild_id, member_id, at);
