//! The older families: strict about what they take, each with its own words.

use super::*;

impl World {
    async fn generate(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/api/v1/{path}", self.sim.kie_url());
        self.send(self.http.post(url).json(&body)).await
    }

    async fn details(&self, path: &str, id: &str) -> (u16, Value) {
        let url = format!("{}/api/v1/{path}?taskId={id}", self.sim.kie_url());
        self.send(self.http.get(url)).await
    }

    /// A task that was taken; its id.
    async fn taken(&self, path: &str, body: Value) -> String {
        let (status, answer) = self.generate(path, body).await;
        assert_eq!((status, &answer["code"]), (200, &json!(200)), "{answer}");
        answer["data"]["taskId"].as_str().unwrap().to_owned()
    }
}

const BACK: &str = "http://127.0.0.1:1/back";

fn good() -> [(&'static str, &'static str, Value); 5] {
    [
        (
            "gpt4o-image/generate",
            "gpt4o-image/record-info",
            json!({"prompt": "x", "size": "1:1"}),
        ),
        (
            "flux/kontext/generate",
            "flux/kontext/record-info",
            json!({"prompt": "x"}),
        ),
        ("veo/generate", "veo/record-info", json!({"prompt": "x"})),
        (
            "runway/generate",
            "runway/record-detail",
            json!({"prompt": "x", "duration": 5, "quality": "720p", "aspectRatio": "1:1", "callBackUrl": BACK}),
        ),
        (
            "generate",
            "generate/record-info",
            json!({"prompt": "x", "model": "V5", "customMode": false, "instrumental": true, "callBackUrl": BACK}),
        ),
    ]
}

#[tokio::test]
async fn each_family_takes_what_it_documents_and_nothing_else() {
    let world = World::start().await;
    let settings = json!({"limits": false, "callbacks": false});
    world.control("kie/settings", Some(settings)).await;
    for (path, _, body) in good() {
        world.taken(path, body.clone()).await;
        let mut odd = body.clone();
        odd["surprise"] = json!(1);
        assert_eq!(world.generate(path, odd).await.0, 422, "{path}");
        let mut wordless = body.clone();
        wordless["prompt"] = json!(7);
        assert_eq!(world.generate(path, wordless).await.0, 422, "{path}");
        let mut nowhere = body;
        nowhere["callBackUrl"] = json!("me");
        assert_eq!(world.generate(path, nowhere).await.0, 422, "{path}");
    }
    for (path, body) in [
        ("gpt4o-image/generate", json!({"size": "1:1"})),
        ("gpt4o-image/generate", json!({"prompt": "x"})),
        (
            "gpt4o-image/generate",
            json!({"prompt": "x", "size": "1:1", "nVariants": 3}),
        ),
        (
            "gpt4o-image/generate",
            json!({"prompt": "x", "size": "1:1", "model": "gpt-4o-image"}),
        ),
        (
            "flux/kontext/generate",
            json!({"prompt": "x", "model": "flux-2"}),
        ),
        (
            "flux/kontext/generate",
            json!({"prompt": "x", "safetyTolerance": 7}),
        ),
        (
            "flux/kontext/generate",
            json!({"prompt": "x", "safetyTolerance": 3, "inputImage": BACK}),
        ),
        (
            "veo/generate",
            json!({"prompt": "x", "generationType": "REFERENCE_2_VIDEO"}),
        ),
        (
            "veo/generate",
            json!({"prompt": "x", "generationType": "TEXT_2_VIDEO", "imageUrls": [BACK]}),
        ),
        ("veo/generate", json!({"prompt": "x", "seeds": 5})),
        (
            "runway/generate",
            json!({"prompt": "x", "duration": 5, "quality": "720p", "aspectRatio": "1:1"}),
        ),
        (
            "runway/generate",
            json!({"prompt": "x", "duration": 10, "quality": "1080p", "aspectRatio": "1:1", "callBackUrl": BACK}),
        ),
        (
            "runway/generate",
            json!({"prompt": "x", "duration": "5", "quality": "720p", "aspectRatio": "1:1", "callBackUrl": BACK}),
        ),
        (
            "runway/generate",
            json!({"prompt": "x", "duration": 5, "quality": "720p", "callBackUrl": BACK}),
        ),
        (
            "generate",
            json!({"prompt": "x", "customMode": false, "instrumental": true, "callBackUrl": BACK}),
        ),
        (
            "generate",
            json!({"prompt": "x", "model": "V5", "customMode": true, "instrumental": false, "callBackUrl": BACK}),
        ),
        (
            "generate",
            json!({"prompt": "x", "model": "V5", "customMode": false, "instrumental": false, "style": "rock", "callBackUrl": BACK}),
        ),
        (
            "generate",
            json!({"prompt": "x".repeat(501), "model": "V5", "customMode": false, "instrumental": false, "callBackUrl": BACK}),
        ),
    ] {
        let (status, answer) = world.generate(path, body.clone()).await;
        assert_eq!(status, 422, "{path} {body}: {answer}");
    }
}

#[tokio::test]
async fn a_record_is_found_in_its_own_family_alone() {
    let world = World::start().await;
    let settings = json!({"limits": false, "callbacks": false});
    world.control("kie/settings", Some(settings)).await;
    let mut ids = Vec::new();
    for (path, _, body) in good() {
        ids.push(world.taken(path, body).await);
    }
    world.advance_ms(60_000);
    for (at, (_, own, _)) in good().into_iter().enumerate() {
        for (id, owner) in ids.iter().zip(0..) {
            let (_, answer) = world.details(own, id).await;
            let is_found = answer["data"]["taskId"] == id.as_str();
            assert_eq!(is_found, at == owner, "{own}: {answer}");
        }
        assert_eq!(world.details("jobs/recordInfo", &ids[at]).await.0, 404);
    }
}

#[tokio::test]
async fn music_is_announced_in_stages() {
    let world = World::start().await;
    let (url, mut calls) = outside("text/plain", Vec::new()).await;
    let body = json!({"prompt": "x", "model": "V5", "customMode": false, "instrumental": true,
                      "callBackUrl": format!("{url}/callback")});
    let id = world.taken("generate", body).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (_, answer) = world.details("generate/record-info", &id).await;
        seen.push(answer["data"]["status"].as_str().unwrap().to_owned());
        world.advance_ms(4_000);
        world.sim.idle().await;
    }
    let (_, answer) = world.details("generate/record-info", &id).await;
    seen.push(answer["data"]["status"].as_str().unwrap().to_owned());
    assert_eq!(
        seen,
        [
            "PENDING",
            "PENDING",
            "TEXT_SUCCESS",
            "FIRST_SUCCESS",
            "FIRST_SUCCESS",
            "SUCCESS"
        ]
    );
    let mut told = Vec::new();
    while let Ok((_, body)) = calls.try_recv() {
        assert_eq!(body["data"]["task_id"], id.as_str());
        let tracks = body["data"]["data"].as_array().unwrap().len();
        told.push((
            body["data"]["callbackType"].as_str().unwrap().to_owned(),
            tracks,
        ));
    }
    let expected = [("text", 0), ("first", 1), ("complete", 2)];
    assert_eq!(
        told,
        expected.map(|(kind, tracks)| (kind.to_owned(), tracks))
    );
    let tracks = answer["data"]["response"]["sunoData"].as_array().unwrap();
    for track in tracks {
        let song = world.http.get(track["audioUrl"].as_str().unwrap());
        assert_eq!(song.send().await.unwrap().status(), 200);
    }
}
