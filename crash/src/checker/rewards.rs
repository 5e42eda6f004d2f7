//! G4, with what referrals earn: whoever came by a link is its owner's, each of their payments brings one reward a level,
//! each that is given back takes its rewards back once, and what is earned is moved as often as somebody wanted.

use std::collections::{BTreeMap, HashMap};

use super::{Facts, Verdict, payouts};
use crate::inviters::SHARES;
use crate::payers::RATE;
use crate::tables::Reward;

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    verdict.rewards = facts.rewards.len();
    verdict.reversed = facts.rewards.iter().filter(|r| r.taken.is_some()).count();
    let came = came(facts);
    let recorded: BTreeMap<i64, i64> = facts.referrals.iter().copied().collect();
    if came != recorded {
        let what = format!("{came:?} came by a link, and recorded are {recorded:?}");
        verdict.add("G4", what);
    }
    earned(facts, &came, verdict);
    taken_back(facts, verdict);
    moved(facts, verdict);
    told(facts, verdict);
    sums_are_right(facts, verdict);
}

/// By what was said alone: whose first word named a link is of the link's owner.
fn came(facts: &Facts) -> BTreeMap<i64, i64> {
    let mut first: HashMap<i64, &str> = HashMap::new();
    for (who, chat, text) in facts.said() {
        if who == chat {
            first.entry(who).or_insert(text);
        }
    }
    let owner = |text: &str| {
        let code = text.strip_prefix("/start ref_")?;
        let mut codes = facts.links.iter();
        codes
            .find(|(_, known)| known == code)
            .map(|(user, _)| *user)
    };
    let by_link = first
        .into_iter()
        .filter_map(|(user, text)| Some((user, owner(text)?)));
    by_link.collect()
}

/// What Telegram's list of payments brings to whom.
fn earned(facts: &Facts, came: &BTreeMap<i64, i64>, verdict: &mut Verdict) {
    let mut expected: BTreeMap<(String, i16), (i64, i64, i64)> = BTreeMap::new();
    for line in &facts.star_lines {
        let stars = line["stars"].as_i64().unwrap_or(0);
        let payer = line["user_id"].as_i64().unwrap_or(0);
        let (Some(id), true) = (line["id"].as_str(), stars > 0) else {
            continue;
        };
        let mut below = payer;
        for (share, level) in SHARES.iter().zip(1_i16..) {
            let Some(referrer) = came.get(&below) else {
                break;
            };
            let reward = (payer, *referrer, stars * RATE * share / 100);
            expected.insert((format!("stars:{id}"), level), reward);
            below = *referrer;
        }
    }
    for reward in &facts.rewards {
        let key = (reward.cause.clone(), reward.level);
        let is_it = (reward.payer_id, reward.referrer_id, reward.amount);
        if expected.remove(&key) != Some(is_it) {
            let what = format!("a reward that nothing earned: {reward:?}");
            verdict.add("G4", what);
        }
    }
    for ((cause, level), reward) in expected {
        let what = format!("{cause} did not bring its reward of level {level}: {reward:?}");
        verdict.add("G4", what);
    }
}

fn taken_back(facts: &Facts, verdict: &mut Verdict) {
    let (mut lost, mut kept) = (HashMap::new(), HashMap::new());
    for reward in &facts.rewards {
        let went_back = facts.star_lines.iter().any(|line| {
            let id = line["id"].as_str().unwrap_or_default();
            line["stars"].as_i64() < Some(0) && reward.cause == format!("stars:{id}")
        });
        let of_it = reward.taken.zip(reward.lost);
        let right = match of_it {
            Some((taken, lost)) => went_back && taken + lost == reward.amount,
            None => !went_back,
        };
        if !right {
            let what = format!("went back: {went_back}, and its reward is {reward:?}");
            verdict.add("G4", what);
        }
        *lost.entry(reward.referrer_id).or_insert(0) += reward.lost.unwrap_or(0);
        *kept.entry(reward.referrer_id).or_insert(0) += reward.kept;
    }
    for (user, kept) in kept {
        if kept > lost.get(&user).copied().unwrap_or(0) {
            let what = format!("of what {user} earned {kept} was kept, and less had been lost");
            verdict.add("G4", what);
        }
    }
}

/// Not more often than somebody pressed.
fn moved(facts: &Facts, verdict: &mut Verdict) {
    let mut times: HashMap<i64, usize> = HashMap::new();
    for (user, _) in &facts.moved {
        *times.entry(*user).or_default() += 1;
    }
    for (user, times) in times {
        let presses = payouts::pressed(facts).filter(|(who, data)| *who == user && *data == "rm");
        let wanted = presses.count();
        if times > wanted {
            let what = format!("{user} moved earnings {times} times, and wanted to {wanted} times");
            verdict.add("G4", what);
        }
    }
}

/// Each reward has its message.
fn told(facts: &Facts, verdict: &mut Verdict) {
    let mut owed: HashMap<(i64, i64), usize> = HashMap::new();
    for reward in facts.rewards.iter().filter(|r| r.amount > r.kept) {
        let what = (reward.referrer_id, reward.amount - reward.kept);
        *owed.entry(what).or_default() += 1;
    }
    for ((user, cents), times) in owed {
        let words = format!("earned you ${}.{:02}", cents / 100, cents % 100);
        let told = facts.read(user, |text| text.contains(&words));
        if told != times {
            let what =
                format!("{user} was to read {words:?} {times} times, and read it {told} times");
            verdict.add("G6", what);
        }
    }
}

/// What was earned, less what was taken, kept, moved and paid out.
fn sums_are_right(facts: &Facts, verdict: &mut Verdict) {
    let mut sums = payouts::out_of(facts, "affiliate");
    for Reward {
        referrer_id,
        amount,
        taken,
        kept,
        ..
    } in &facts.rewards
    {
        *sums.entry(*referrer_id).or_default() += amount - kept - taken.unwrap_or(0);
    }
    for (user, cents) in &facts.moved {
        *sums.entry(*user).or_default() -= cents;
    }
    for (user, sum) in sums {
        let found = facts.earnings.iter().find(|(owner, ..)| *owner == user);
        let (available, held) = found.map_or((0, 0), |(_, available, held)| (*available, *held));
        if (available, held) != (sum, 0) {
            let what = format!("{user} has earned {available} and {held} held; it must be {sum}");
            verdict.add("G4", what);
        }
    }
}

/// What each main wallet has of it.
pub(super) fn sums(facts: &Facts) -> HashMap<i64, i64> {
    let mut sums: HashMap<i64, i64> = HashMap::new();
    for (user, cents) in &facts.moved {
        *sums.entry(*user).or_default() += cents;
    }
    sums
}
