-- A replica that was alive.
insert into replica (worker, started_at, seen_at)
values ('00000000-0000-7000-8000-000000000001', '2026-01-01 00:00Z', '2026-01-01 00:00Z');
