//! Every press fits into callback data, and comes back from it.

use super::*;
use proptest::prelude::*;

use crate::features::press_providers::{Switch, Why};

fn presses() -> impl Strategy<Value = Press> {
    let id = "[a-z0-9-]{1,24}";
    let short = "[0-9A-Za-z]{10}";
    prop_oneof![
        any::<bool>().prop_map(|fresh| Press::Home { fresh }),
        any::<u16>().prop_map(|page| Press::Categories { page }),
        (id, any::<u16>()).prop_map(|(id, page)| Press::Category { id, page }),
        id.prop_map(|id| Press::Service { id }),
        (short, any::<u16>(), any::<u16>()).prop_map(|(draft, input, option)| Press::Choose {
            draft,
            input,
            option
        }),
        (short, any::<u16>()).prop_map(|(draft, input)| Press::Skip { draft, input }),
        short.prop_map(|draft| Press::Back { draft }),
        (short, any::<u16>()).prop_map(|(draft, input)| Press::Edit { draft, input }),
        short.prop_map(|draft| Press::Changes { draft }),
        short.prop_map(|draft| Press::Summary { draft }),
        short.prop_map(|draft| Press::Confirm { draft }),
        short.prop_map(|draft| Press::Discard { draft }),
        short.prop_map(|order| Press::Again { order }),
        short.prop_map(|order| Press::Change { order }),
        short.prop_map(|order| Press::CancelOrder { order }),
        any::<u16>().prop_map(|page| Press::Balance { page }),
        Just(Press::Languages),
        "[a-z]{2}".prop_map(|code| Press::SetLanguage { code }),
        Just(Press::Help),
        (short, 0..BroadcastAct::ALL.len()).prop_map(|(id, act)| Press::Broadcast {
            id,
            act: BroadcastAct::ALL[act].0
        }),
        (short, "[a-z]{2,3}").prop_map(|(id, audience)| Press::BroadcastTo { id, audience }),
        proptest::option::of(short).prop_map(|draft| Press::TopUp { draft }),
        (any::<u16>(), proptest::option::of(short))
            .prop_map(|(stars, draft)| Press::TopUpWith { stars, draft }),
        short.prop_map(|payment| Press::Refund { payment }),
        short.prop_map(|payment| Press::NoRefund { payment }),
        short.prop_map(|order| Press::Refill { order }),
        provider_presses().prop_map(Press::Providers),
        (short, any::<u16>()).prop_map(|(question, candidate)| Press::WentThrough {
            question,
            candidate
        }),
        short.prop_map(|question| Press::NameTask { question }),
        short.prop_map(|question| Press::NotThere { question }),
        ("[a-z]{2,8}", any::<u16>()).prop_map(|(filter, page)| Press::History { filter, page }),
        "[a-z]{2,8}".prop_map(|filter| Press::HistoryFile { filter }),
        payouts::presses().prop_map(Press::Withdraw),
        (short, 0..GrantAct::ALL.len()).prop_map(|(id, act)| Press::Grant {
            id,
            act: GrantAct::ALL[act].0
        }),
        Just(Press::Shelves),
        short.prop_map(|draft| Press::ToOrder { draft }),
        pay::presses().prop_map(Press::Pay),
        any::<u16>().prop_map(|page| Press::Referrals { page }),
        Just(Press::MoveEarnings),
        (short, any::<bool>()).prop_map(|(id, sends)| Press::Tip { id, sends }),
        Just(Press::AcceptTerms),
    ]
}

fn provider_presses() -> impl Strategy<Value = ProviderPress> {
    let id = "[a-z0-9-]{1,24}";
    let switch = (proptest::option::of(id), proptest::option::of(id))
        .prop_map(|(provider, service)| Switch { provider, service });
    prop_oneof![
        Just(ProviderPress::All),
        id.prop_map(|name| ProviderPress::One { name }),
        any::<u16>().prop_map(|page| ProviderPress::Services { page }),
        id.prop_map(|id| ProviderPress::Service { id }),
        switch.clone().prop_map(ProviderPress::Ask),
        (switch, any::<u16>()).prop_map(|(switch, seen)| ProviderPress::Do { switch, seen }),
        id.prop_map(|name| ProviderPress::AskIsolate { name }),
        (id, 0..Why::ALL.len()).prop_map(|(name, why)| ProviderPress::Isolate {
            name,
            why: Why::ALL[why]
        }),
        id.prop_map(|name| ProviderPress::AskRelease { name }),
        id.prop_map(|name| ProviderPress::Release { name }),
    ]
}

proptest! {
    #[test]
    fn every_press_fits_and_comes_back(press in presses()) {
        let data = press.encode();
        prop_assert!((1..=64).contains(&data.len()), "{data}");
        prop_assert_eq!(Press::decode(&data), Some(press));
    }

    #[test]
    fn any_other_data_is_no_press_or_the_same_again(data in ".{0,80}") {
        if let Some(press) = Press::decode(&data) {
            prop_assert_eq!(Press::decode(&press.encode()), Some(press));
        }
    }
}
