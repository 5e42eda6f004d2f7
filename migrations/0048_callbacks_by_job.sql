-- A lost order is looked for by what callbacks named for it: without this, through every callback that is kept.
create index job_callback_job on job_callback (job_id);
