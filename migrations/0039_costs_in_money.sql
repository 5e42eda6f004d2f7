-- What a job cost in credits is worth something in money: by the rate that was in force when it was ordered, which its snapshot
-- keeps. The credits stay beside it, because the provider's balance is counted in them. Null where the cost is in money
-- already, or no rate was set. Replicas of before leave both alone.
alter table job_cost
    add column money_micros   bigint,                    -- millionths
    add column money_currency text,
    add constraint money_has_a_currency check ((money_micros is null) = (money_currency is null));
