-- Readings of many rows: pages by key, never by offset, so that the last page costs no more than the first.

-- name: last_entries(guild_id, member_id, page)
-- A member's newest entries, newest first.
SELECT
    entry.id,
    entry.at,
    entry.member_id,
    entry.kind,
    entry.credits,
    entry.grant_credits,
    entry.job_id,
    job.state,
    job.refunded,
    change.reason,
    change.moderator_id
FROM ledger AS entry
LEFT JOIN jobs AS job ON entry.job_id = job.id
LEFT JOIN quota_changes AS change ON entry.change_id = change.id
WHERE entry.guild_id = :guild_id AND entry.member_id = :member_id
ORDER BY entry.at DESC, entry.id DESC
LIMIT :page;

-- name: top(guild_id, since, most)
-- Who used most since a moment: what was reserved in that time, less what came back of it. By the index of time, for
-- grouping by the index of members would read all that the server ever had.
SELECT
    member_id,
    sum(allowance_credits - grant_credits) AS credits,
    count(*) FILTER (WHERE kind = 'reserve') AS jobs
FROM ledger INDEXED BY ledger_by_time
WHERE guild_id = :guild_id AND at > :since AND counts_at > :since AND kind IN ('reserve', 'refund')
GROUP BY member_id
HAVING sum(allowance_credits - grant_credits) > 0
ORDER BY credits DESC, member_id
LIMIT :most;

-- name: export(guild_id, at, id, page)
-- The entries of a server after one of them, oldest first.
SELECT
    entry.id,
    entry.at,
    entry.member_id,
    entry.kind,
    entry.credits,
    entry.grant_credits,
    entry.job_id,
    job.state,
    job.refunded,
    change.reason,
    change.moderator_id
FROM ledger AS entry
LEFT JOIN jobs AS job ON entry.job_id = job.id
LEFT JOIN quota_changes AS change ON entry.change_id = change.id
WHERE entry.guild_id = :guild_id AND entry.at >= :at AND (entry.at, entry.id) > (:at, :id)
ORDER BY entry.at, entry.id
LIMIT :page;

-- name: history_entries(guild_id, at, is_change, id, page)
-- The next entries on one side of a place in the history, of all members or of one. Those that a change made are left
-- out: the change says more.
SELECT
    entry.id,
    entry.at,
    entry.member_id,
    entry.kind,
    entry.credits,
    entry.grant_credits,
    entry.job_id,
    job.state,
    job.refunded,
    NULL AS reason,
    NULL AS moderator_id
FROM ledger AS entry
LEFT JOIN jobs AS job ON entry.job_id = job.id
WHERE
    entry.guild_id = :guild_id
    {whose_entries}
    AND entry.change_id IS NULL
    AND entry.at {side}= :at
    AND (entry.at, 0, entry.id) {side} (:at, :is_change, :id)
ORDER BY entry.at {order}, entry.id {order}
LIMIT :page;

-- name: history_changes(guild_id, at, is_change, id, page)
-- The next changes on one side of a place in the history, of everything or of one member.
SELECT id, at, moderator_id, action, target_kind, target_id, before, after, reason
FROM quota_changes
WHERE
    guild_id = :guild_id
    {whose_changes}
    AND at {side}= :at
    AND (at, 1, id) {side} (:at, :is_change, :id)
ORDER BY at {order}, id {order}
LIMIT :page;
