-- A submit whose answer was lost: what was noted before it left (our balance, what it works on) is kept with the job, so that a
-- restart does not lose what speaks for its arrival; and after a while people are asked. A question has one answer: who
-- answers first.
--
-- Replicas of before run beside this: they note nothing, ask nobody, and release the money at the deadline as ever.
alter table job add column submit_note jsonb;             -- providers::SubmitNote, with duplicate_at once another was refused

create table job_question (
    job_id      uuid        primary key,
    short_id    text        not null unique,              -- for buttons
    evidence    jsonb       not null,                     -- arrived, candidates, seen
    asked_at    timestamptz not null,
    answer      text        check (answer in ('went_through', 'not_there')),
    task        text,                                     -- of one that went through
    answered_by bigint,
    answered_at timestamptz,
    closed_at   timestamptz                               -- the job has gone on or ended, by whatever was found out
);
create index job_question_asked on job_question (asked_at);

-- The messages in which people were asked, to be changed when there is an answer; and who is about to type an id.
create table inquiry_message (
    job_id      uuid        not null references job_question (job_id) on delete cascade,
    admin_id    bigint      not null,
    message_ref uuid        not null,
    primary key (job_id, admin_id)
);
create table inquiry_typing (
    admin_id    bigint      primary key,
    job_id      uuid        not null references job_question (job_id) on delete cascade,
    since       timestamptz not null
);

do $$
begin
    if exists (select 1 from pg_roles where rolname = 'bulwark_app') then
        grant select, insert, update, delete on job_question, inquiry_message, inquiry_typing to bulwark_app;
    end if;
end $$;
