-- Looking which jobs at their providers are due, how many those have in hand, and whose submit was cut off, cost as much
-- as there were jobs there: 23, 60 and some 20 ms for each 300,000.
--
-- When a job is due stands in no index, so that polls and heartbeats are heap-only updates. The minute in which it is due
-- may: it changes once a minute. A generated column, so that replicas of before keep it right, too.
alter table job
    add column due_minute timestamptz not null
        generated always as (date_bin('1 minute', run_at, timestamptz '2000-01-01 00:00:00+00')) stored;
drop index job_working;
create index job_working on job (provider, due_minute) where state in ('submitting', 'running', 'unknown');
create index job_submitting on job (id) where state = 'submitting';

-- Whose age and number are read every few seconds, by every replica.
create index job_unknown on job (id) where state = 'unknown';
create index job_created on job (created_at);
