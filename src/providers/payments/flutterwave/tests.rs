//! The adapter against the simulated Flutterwave.

use std::net::SocketAddr;

use bulwark_simulator::faults::Rule;
use bulwark_simulator::flutterwave::{KEY, SECRET_HASH, SIGNING_KEY};
use bulwark_simulator::{SimConfig, Simulator};
use hmac::{Hmac, KeyInit as _, Mac as _};
use time::macros::datetime;

use super::*;
use crate::base::clock::ManualClock;
use crate::base::money::Currency;
use crate::providers::payments::{Standing, currency};

struct Stage {
    flutterwave: Flutterwave,
    sim: Simulator,
    manual: ManualClock,
    http: reqwest::Client,
}

async fn stage() -> Stage {
    let start = datetime!(2026-01-01 0:00 UTC);
    let sim = Simulator::start(SimConfig {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        token: "1000000001:TEST".to_owned(),
        manual_clock: Some(start),
        seed: 7,
        kie_key: "key".to_owned(),
        kie_speed: 1.0,
    });
    let sim = sim.await.unwrap();
    let (clock, manual) = Clock::manual(start);
    Stage {
        flutterwave: adapter(&sim.flutterwave_url(), clock),
        sim,
        manual,
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

fn adapter(api_url: &str, clock: Clock) -> Flutterwave {
    let config = FlutterwaveConfig {
        api_key: Secret::from(KEY),
        api_url: api_url.to_owned(),
        secret_hash: Some(Secret::from(SECRET_HASH)),
        signing_key: Some(Secret::from(SIGNING_KEY)),
    };
    Flutterwave::new(config, clock, Ids::seeded(1)).unwrap()
}

fn naira() -> Currency {
    currency("NGN").unwrap()
}

impl Stage {
    async fn link(&self, reference: &str) -> Result<String, ProcessorError> {
        let new = NewLink {
            reference,
            price: Amount(160_050),
            currency: &naira(),
            email: "user@bot.example.com",
            return_url: "https://bot.example.com/back",
            title: "Top up",
            life: Duration::from_secs(3600),
        };
        self.flutterwave.link(&new).await
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sim/flutterwave/{path}", self.sim.telegram_url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn paid(&self, reference: &str) -> String {
        self.link(reference).await.unwrap();
        let paid = self.control("pay", json!({ "reference": reference })).await;
        paid["transaction_id"].to_string()
    }

    fn fault(&self, rule: Value) {
        let rule: Rule = serde_json::from_value(rule).unwrap();
        rule.check().unwrap();
        self.sim.core().faults.add(rule);
    }
}

#[tokio::test]
async fn a_payment_is_found_by_its_id_its_reference_and_in_the_list() {
    let stage = stage().await;
    let link = stage.link("bw-1-one").await.unwrap();
    assert!(link.contains("/hosted/pay/"), "{link}");
    let processor = &stage.flutterwave;
    assert_eq!(processor.of_reference("bw-1-one").await, Ok(Vec::new()));
    assert_eq!(processor.transaction("285959875").await, Ok(None));
    assert_eq!(processor.transaction("../refunds").await, Ok(None));
    let declined = json!({ "status": "failed" });
    stage.control("pay", declined).await;
    let id = stage.control("pay", json!({})).await["transaction_id"].to_string();
    stage.control("pay", json!({})).await;
    let found = processor.transaction(&id).await.unwrap().unwrap();
    let at = datetime!(2026-01-01 0:00 UTC);
    assert_eq!(
        found,
        Transaction {
            id: id.clone(),
            reference: "bw-1-one".to_owned(),
            paid: Amount(160_050),
            currency: "NGN".to_owned(),
            standing: Standing::Successful,
            at: Some(at),
        }
    );
    // It was tried three times, and paid twice.
    let all = processor.of_reference("bw-1-one").await.unwrap();
    assert_eq!(all.len(), 3);
    let good = all
        .iter()
        .filter(|one| one.standing == Standing::Successful);
    assert_eq!(good.count(), 2);
    let page = processor.listed(at.date(), at.date(), 1).await.unwrap();
    assert_eq!((page.transactions.len(), page.pages), (3, 1));
    let before = at.date().previous_day().unwrap();
    let page = processor.listed(before, before, 1).await.unwrap();
    assert_eq!(page, Page::default());
}

#[tokio::test]
async fn events_of_both_versions_are_heard_and_forged_ones_are_not() {
    let stage = stage().await;
    let processor = &stage.flutterwave;
    let v3 = br#"{"event":"charge.completed","data":{"id":4027,"tx_ref":"bw-1-one","status":"successful"}}"#;
    let v4 = br#"{"type":"charge.completed","data":{"id":"chg_x","reference":"bw-1-one","status":"succeeded"}}"#;
    let heard = |id: Option<&str>| {
        Ok(Heard {
            kind: "charge.completed".to_owned(),
            transaction_id: id.map(str::to_owned),
            reference: Some("bw-1-one".to_owned()),
        })
    };
    let hash = [("verif-hash", SECRET_HASH.as_bytes())];
    assert_eq!(processor.hear(&hash, v3), heard(Some("4027")));
    let sign = |key: &str, body: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(body);
        STANDARD.encode(mac.finalize().into_bytes())
    };
    let signature = sign(SIGNING_KEY, v4);
    let signed = [("flutterwave-signature", signature.as_bytes())];
    assert_eq!(processor.hear(&signed, v4), heard(None));
    // Of another body, by another key, the secret itself, none at all; and nothing of a body that nobody signed is read.
    let other = sign("another key", v4);
    for headers in [
        vec![("flutterwave-signature", other.as_bytes())],
        vec![("flutterwave-signature", SIGNING_KEY.as_bytes())],
        vec![("verif-hash", SIGNING_KEY.as_bytes())],
        vec![("verif-hash", b"".as_slice())],
        vec![("verif-hash", b"%%%".as_slice())],
        vec![],
    ] {
        for body in [v4.as_slice(), b"{"] {
            let heard = processor.hear(&headers, body);
            assert_eq!(heard, Err(Unheard::BadSignature), "{headers:?}");
        }
    }
    assert_eq!(processor.hear(&signed, v3), Err(Unheard::BadSignature));
    for body in [b"{".as_slice(), b"[1]", b"\xff"] {
        assert_eq!(processor.hear(&hash, body), Err(Unheard::Malformed));
    }
}

#[tokio::test]
async fn without_its_secret_a_version_is_not_believed() {
    let (clock, _) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    let config = FlutterwaveConfig {
        api_key: Secret::from(KEY),
        api_url: "http://127.0.0.1:9/v3".to_owned(),
        secret_hash: None,
        signing_key: Some(Secret::from(SIGNING_KEY)),
    };
    let processor = Flutterwave::new(config, clock, Ids::seeded(1)).unwrap();
    for value in ["", SECRET_HASH] {
        let headers = [("verif-hash", value.as_bytes())];
        assert_eq!(processor.hear(&headers, b"{}"), Err(Unheard::BadSignature));
    }
}

#[tokio::test]
async fn a_refund_is_asked_for_once_and_found_afterwards() {
    let stage = stage().await;
    let id = stage.paid("bw-1-one").await;
    let processor = &stage.flutterwave;
    let paid = Amount(160_050);
    assert_eq!(processor.returned(&id, "NGN").await, Ok(Vec::new()));
    stage.fault(json!({ "target": "flutterwave.refund", "drop_after": true, "times": 1 }));
    let lost = processor.refund(&id, paid, "NGN").await;
    assert!(matches!(lost, Err(ProcessorError::Lost { .. })), "{lost:?}");
    let returned = processor.returned(&id, "NGN").await.unwrap();
    assert_eq!(returned.len(), 1);
    assert_eq!((returned[0].amount, returned[0].has_failed), (paid, false));
    let again = processor.refund(&id, paid, "NGN").await;
    assert!(
        matches!(again, Err(ProcessorError::Refused { .. })),
        "{again:?}"
    );
    let day = datetime!(2026-01-01 0:00 UTC).date();
    let page = processor.returns(day, day, 1).await.unwrap();
    assert_eq!(page.transaction_ids, [id]);
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart() {
    for (rule, is_expected) in [
        (json!({ "status": 503 }), "lost"),
        (json!({ "body": "<html>maintenance</html>" }), "lost"),
        (json!({ "drop_before": true }), "lost"),
        (json!({ "retry_after": 7 }), "unavailable"),
        (
            json!({ "status": 401, "body": { "status": "error", "message": format!("bad key {KEY}") } }),
            "refused",
        ),
    ] {
        let stage = stage().await;
        let mut rule = rule;
        rule["target"] = json!("flutterwave.*");
        rule["times"] = json!(1);
        stage.fault(rule);
        let error = stage.link("bw-1-one").await.unwrap_err();
        let class = match &error {
            ProcessorError::Lost { .. } => "lost",
            ProcessorError::Refused { .. } => "refused",
            ProcessorError::Unavailable { after, .. } => {
                assert_eq!(*after, Some(Duration::from_secs(7)));
                "unavailable"
            }
        };
        assert_eq!(class, is_expected, "{error}");
        assert!(!error.to_string().contains(KEY), "{error}");
    }
}

#[tokio::test]
async fn three_failures_open_the_breaker_and_probes_close_it() {
    let stage = stage().await;
    stage.fault(json!({ "target": "flutterwave.*", "status": 502, "times": 3 }));
    for _ in 0..3 {
        assert!(!stage.flutterwave.breaker().is_open());
        stage.link("bw-1-one").await.unwrap_err();
    }
    assert!(stage.flutterwave.breaker().is_open());
    let held = stage.link("bw-1-one").await;
    assert!(
        matches!(
            held,
            Err(ProcessorError::Unavailable { after: Some(_), .. })
        ),
        "{held:?}"
    );
    stage.manual.advance(Duration::from_secs(10));
    for _ in 0..2 {
        stage.link("bw-1-one").await.unwrap();
    }
    assert!(!stage.flutterwave.breaker().is_open());
}

#[tokio::test]
async fn while_isolated_no_page_is_made_and_what_was_begun_goes_on_behind_a_breaker_of_its_own() {
    let stage = stage().await;
    let id = stage.paid("bw-11-one").await;
    stage.flutterwave.breaker().isolate();
    let refused = stage.link("bw-11-two").await;
    assert!(
        matches!(refused, Err(ProcessorError::Unavailable { after, .. }) if after > Some(Duration::ZERO)),
        "{refused:?}"
    );
    let found = stage.flutterwave.transaction(&id).await.unwrap();
    assert_eq!(
        found.map(|found| found.standing),
        Some(Standing::Successful)
    );
    let returned = stage.flutterwave.refund(&id, Amount(160_050), "NGN").await;
    assert!(returned.is_ok(), "{returned:?}");
    // An isolation must not hide that it is ill: with these, half of four calls have failed.
    stage.fault(json!({ "target": "flutterwave.*", "status": 502, "times": 2 }));
    for _ in 0..2 {
        assert!(stage.flutterwave.transaction(&id).await.is_err());
    }
    let held = stage.flutterwave.transaction(&id).await;
    assert!(
        matches!(held, Err(ProcessorError::Unavailable { after, .. }) if after > Some(Duration::ZERO)),
        "{held:?}"
    );
    stage.manual.advance(Duration::from_secs(10));
    assert!(stage.flutterwave.transaction(&id).await.is_ok());
}
