-- The ledger's time never goes back: an entry is made at the later of the clock and the newest entry.

-- name: position(guild_id, member_id, role_ids, now, hour, day, week, month, owner_period)^
-- All that decides whether a member may use credits, in one statement: the ledger's time; the server's period; what
-- counts of the allowance and since when (the period's beginning, or the last reset); extra credits left; the rules
-- that concern the member, as JSON; the block that holds. `role_ids` is a JSON list, the lengths are milliseconds.
WITH
clock AS MATERIALIZED (
    SELECT
        max(:now, coalesce((SELECT at FROM ledger_newest), :now)) AS at,
        (SELECT period FROM servers WHERE guild_id = :guild_id) AS period
),

span AS MATERIALIZED (
    SELECT
        at,
        period,
        max(
            at - CASE period
                WHEN 'hour' THEN :hour WHEN 'day' THEN :day WHEN 'week' THEN :week WHEN 'month' THEN :month
                ELSE :owner_period
            END,
            coalesce(
                (
                    SELECT max(counts_at) - 1
                    FROM ledger
                    WHERE guild_id = :guild_id AND member_id = :member_id AND kind = 'reset'
                ),
                0
            )
        ) AS since
    FROM clock
)

SELECT
    span.at,
    span.period,
    span.since,
    (
        SELECT coalesce(sum(allowance_credits), 0)
        FROM ledger
        WHERE
            guild_id = :guild_id
            AND member_id = :member_id
            AND counts_at > span.since
            AND allowance_credits <> 0
    ) AS used,
    (
        SELECT coalesce(sum(grant_credits), 0)
        FROM ledger
        WHERE guild_id = :guild_id AND member_id = :member_id AND grant_credits <> 0
    ) AS granted,
    (
        SELECT json_group_array(json_array(kind, target_id, credits))
        FROM (
            SELECT kind, target_id, credits
            FROM quota_rules
            WHERE guild_id = :guild_id AND kind = 'default' AND target_id = :guild_id
            UNION ALL
            SELECT kind, target_id, credits
            FROM quota_rules
            WHERE guild_id = :guild_id AND kind = 'member' AND target_id = :member_id
            UNION ALL
            SELECT kind, target_id, credits
            FROM quota_rules
            WHERE
                guild_id = :guild_id AND kind = 'role' AND target_id IN (SELECT value FROM json_each(:role_ids))
        )
    ) AS rules,
    (
        SELECT json_array(until, reason, by_id, at)
        FROM blocks
        WHERE guild_id = :guild_id AND member_id = :member_id AND (until IS NULL OR until > span.at)
    ) AS block
FROM span;

-- name: returns(guild_id, member_id, since, beyond, page)
-- When used credits leave the period, soonest first: the moments at which they began to count, and how many have
-- left with each. Only where more than `beyond` have, so that the walk ends where it is known enough.
SELECT counts_at, freed
FROM (
    SELECT counts_at, sum(sum(allowance_credits)) OVER (ORDER BY counts_at) AS freed
    FROM ledger
    WHERE guild_id = :guild_id AND member_id = :member_id AND counts_at > :since AND allowance_credits <> 0
    GROUP BY counts_at
    HAVING sum(allowance_credits) <> 0
)
WHERE freed > :beyond
LIMIT :page;

-- name: reserve(guild_id, member_id, job_id, credits, from_allowance, from_grants, at)!
-- Take credits for a new job.
INSERT INTO ledger (
    guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits, counts_at, at
) VALUES (
    :guild_id, :member_id, :job_id, 'reserve', :credits, :from_allowance, -:from_grants, :at, :at
);

-- name: settle(job_id, credits, now)!
-- Record what a delivered job cost in the end; it was taken when it was reserved.
INSERT INTO ledger (
    guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits, counts_at, at
)
SELECT guild_id, member_id, job_id, 'settle', :credits, 0, 0, counts_at, max(:now, (SELECT at FROM ledger_newest))
FROM ledger
WHERE job_id = :job_id AND kind = 'reserve';

-- name: refund(job_id, credits, now)!
-- Give credits of a job back: to the grants as many as came from there, the rest to the allowance of its reserve's time.
INSERT INTO ledger (
    guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits, counts_at, at
)
SELECT
    guild_id,
    member_id,
    job_id,
    'refund',
    :credits,
    min(:credits, -grant_credits) - :credits,
    min(:credits, -grant_credits),
    counts_at,
    max(:now, (SELECT at FROM ledger_newest))
FROM ledger
WHERE job_id = :job_id AND kind = 'reserve';

-- name: grant(guild_id, member_id, amount, at, change_id)!
-- Give extra credits, or take some back.
INSERT INTO ledger (
    guild_id, member_id, kind, credits, allowance_credits, grant_credits, counts_at, at, change_id
) VALUES (
    :guild_id, :member_id, 'grant', abs(:amount), 0, :amount, :at, :at, :change_id
);

-- name: reserve_of(job_id)^
-- When a job's reserve began to count, and how much of it came from extra credits.
SELECT counts_at, -grant_credits AS from_grants FROM ledger WHERE job_id = :job_id AND kind = 'reserve';

-- name: time(now)^
-- The ledger's time.
SELECT max(:now, coalesce((SELECT at FROM ledger_newest), :now)) AS at;

-- name: reset_time(now)^
-- A time for a reset: later than every entry so far, so that none of them counts and all that come do.
SELECT max(:now, coalesce((SELECT at + 1 FROM ledger_newest), :now)) AS at;

-- name: reset(guild_id, member_id, at, change_id)!
-- Let what was used before this time no longer count.
INSERT INTO ledger (
    guild_id, member_id, kind, credits, allowance_credits, grant_credits, counts_at, at, change_id
) VALUES (
    :guild_id, :member_id, 'reset', 0, 0, 0, :at, :at, :change_id
);
