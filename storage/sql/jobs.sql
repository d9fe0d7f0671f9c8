-- The columns of `jobs` are the fields of `bot.jobs.model.Job`, so that a whole row becomes a job.

-- name: insert_job(guild_id, channel_id, member_id, interaction_token, upload_limit_bytes, parameters, credits, role_ids, parent_id, reply_to_id, nonce, created_at)^
-- Store a new job; its id comes back.
INSERT INTO jobs (
    state, guild_id, channel_id, member_id, interaction_token, upload_limit_bytes, parameters, credits, role_ids,
    parent_id, reply_to_id, nonce, created_at
) VALUES (
    'queued', :guild_id, :channel_id, :member_id, :interaction_token, :upload_limit_bytes, :parameters, :credits,
    :role_ids, :parent_id, :reply_to_id, :nonce, :created_at
)
RETURNING id;

-- name: update_job(id, before, state)^
-- Change a job, if it still is in the state before; its id comes back if it was. Only columns that changed are set:
-- SQLite would write the entries of their indexes anew, changed or not.
UPDATE jobs SET state = :state{changes} WHERE id = :id AND state = :before RETURNING id;

-- name: get_job(id)^
-- One job, open or not.
SELECT * FROM jobs WHERE id = :id;

-- name: find_job_by_callback(callback_hash)^
-- The job whose last Run had this callback token.
SELECT * FROM jobs WHERE callback_hash = :callback_hash;

-- name: find_job_by_message(message_id)^
-- The job whose message this is.
SELECT * FROM jobs WHERE message_id = :message_id;

-- name: newest_children(parent_id, most)
-- Jobs born from a job's result, the newest first, each with how many there are in all.
SELECT *, (SELECT count(*) FROM jobs WHERE parent_id = :parent_id) AS children_count
FROM jobs WHERE parent_id = :parent_id ORDER BY id DESC LIMIT :most;

-- name: settled(job_id)^
-- What a delivered job cost in the end.
SELECT credits FROM ledger WHERE job_id = :job_id AND kind = 'settle';

-- name: list_removals(after, page)
-- The next page of jobs whose result is to be removed and was not yet, oldest first.
SELECT * FROM jobs WHERE removed_by IS NOT NULL AND removed_at IS NULL AND id > :after ORDER BY id LIMIT :page;

-- name: list_open_jobs(after, page)
-- The next page of open jobs, oldest first.
SELECT * FROM jobs WHERE closed_at IS NULL AND id > :after ORDER BY id LIMIT :page;

-- name: claimed_taskids(taskids)
-- Those of the taskids, a JSON list, that belong to a job.
SELECT taskid FROM jobs WHERE taskid IN (SELECT value FROM json_each(:taskids));
