-- A callback that named a task for a job.
insert into job_callback (job_id, external_id, verified, received_at)
values ('00000000-0000-0000-0000-000000000048', 'sample0048', true, now());
