-- An order brings rewards only for what its user paid in and was not rewarded for yet: what was is looked up by its payer.
create index referral_reward_payer on referral_reward (payer_id);
