-- The ledger's time never goes back: an entry is made at the later of the clock and the newest entry.

-- name: standing(guild_id, member_id, now, period)^
-- The ledger's time, what a member used in the period that ends there, and the extra credits left.
SELECT
    max(:now, coalesce((SELECT at FROM ledger_newest), :now)) AS at,
    (
        SELECT coalesce(sum(allowance_credits), 0)
        FROM ledger
        WHERE
            guild_id = :guild_id
            AND member_id = :member_id
            AND counts_at > max(:now, coalesce((SELECT at FROM ledger_newest), :now)) - :period
            AND allowance_credits <> 0
    ) AS used,
    (
        SELECT coalesce(sum(grant_credits), 0)
        FROM ledger
        WHERE guild_id = :guild_id AND member_id = :member_id AND grant_credits <> 0
    ) AS granted;

-- name: uses(guild_id, member_id, since)
-- What counts after a moment, by the moment at which it began to count, oldest first.
SELECT counts_at, sum(allowance_credits) AS credits
FROM ledger
WHERE guild_id = :guild_id AND member_id = :member_id AND counts_at > :since AND allowance_credits <> 0
GROUP BY counts_at
HAVING sum(allowance_credits) <> 0
ORDER BY counts_at;

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
