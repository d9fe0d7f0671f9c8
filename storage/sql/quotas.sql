-- What moderators decide. Every statement names its server; ids of rows are never enough.

-- name: get_server(guild_id)^
-- What is set for the whole server.
SELECT period, log_channel_id FROM servers WHERE guild_id = :guild_id;

-- name: set_period(guild_id, period)!
-- Set the period of all rules of a server.
INSERT INTO servers (guild_id, period) VALUES (:guild_id, :period)
ON CONFLICT (guild_id) DO UPDATE SET period = excluded.period;

-- name: set_log_channel(guild_id, channel_id)!
-- Set where changes are also posted.
INSERT INTO servers (guild_id, log_channel_id) VALUES (:guild_id, :channel_id)
ON CONFLICT (guild_id) DO UPDATE SET log_channel_id = excluded.log_channel_id;

-- name: list_rules(guild_id)
-- All rules of a server: the default, then roles, then members.
SELECT kind, target_id, credits
FROM quota_rules
WHERE guild_id = :guild_id
ORDER BY CASE kind WHEN 'default' THEN 0 WHEN 'role' THEN 1 ELSE 2 END, target_id;

-- name: set_rule(guild_id, kind, target_id, credits)!
-- Set a rule, in place of the one that was there.
INSERT INTO quota_rules (guild_id, kind, target_id, credits) VALUES (:guild_id, :kind, :target_id, :credits)
ON CONFLICT (guild_id, kind, target_id) DO UPDATE SET credits = excluded.credits;

-- name: remove_rule(guild_id, kind, target_id)!
-- Take a rule away.
DELETE FROM quota_rules WHERE guild_id = :guild_id AND kind = :kind AND target_id = :target_id;

-- name: set_block(guild_id, member_id, until, reason, by_id, at)!
-- Block a member, in place of the block that was there.
INSERT INTO blocks (guild_id, member_id, until, reason, by_id, at)
VALUES (:guild_id, :member_id, :until, :reason, :by_id, :at)
ON CONFLICT (guild_id, member_id) DO UPDATE SET
    until = excluded.until, reason = excluded.reason, by_id = excluded.by_id, at = excluded.at;

-- name: remove_block(guild_id, member_id)!
-- End a member's block.
DELETE FROM blocks WHERE guild_id = :guild_id AND member_id = :member_id;

-- name: record_change(guild_id, at, moderator_id, action, target_kind, target_id, before, after, reason)^
-- Keep who changed what, and why; the change's id comes back.
INSERT INTO quota_changes (
    guild_id, at, moderator_id, action, target_kind, target_id, before, after, reason
) VALUES (
    :guild_id, :at, :moderator_id, :action, :target_kind, :target_id, :before, :after, :reason
)
RETURNING id;

-- name: list_jobs_under_way(guild_id, member_id, page)
-- The oldest of a member's jobs that have not ended.
SELECT *
FROM jobs
WHERE
    guild_id = :guild_id
    AND member_id = :member_id
    AND closed_at IS NULL
    AND state IN ('queued', 'submitting', 'running', 'finished')
ORDER BY id
LIMIT :page;

-- name: count_jobs_under_way(guild_id, member_id)^
-- How many jobs of a member have not ended.
SELECT count(*)
FROM jobs
WHERE
    guild_id = :guild_id
    AND member_id = :member_id
    AND closed_at IS NULL
    AND state IN ('queued', 'submitting', 'running', 'finished');

-- name: blocks_in_line()
-- Blocks whose members still have queued jobs: server, member, moderator and end.
SELECT DISTINCT block.guild_id, block.member_id, block.by_id, block.until
FROM blocks AS block
INNER JOIN jobs AS job ON block.guild_id = job.guild_id AND block.member_id = job.member_id
WHERE job.closed_at IS NULL AND job.state = 'queued';
