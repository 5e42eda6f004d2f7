//! Referrals under concurrency.

use bulwark::engine::referrals;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_links_at_the_same_moment_one_counts() {
    let pool = crate::database::fresh_pool().await;
    let mut conn = pool.acquire().await.unwrap();
    for referrer in 1..=20_i64 {
        let code = format!("code{referrer}");
        referrals::code_of(&mut conn, referrer, &code, None)
            .await
            .unwrap();
    }
    drop(conn);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100_i64 {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut tx = pool.begin().await.unwrap();
            let code = format!("code{}", 1 + n % 20);
            let referrer = referrals::attribute(&mut tx, 50, &code, None)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            referrer
        });
    }
    let referrers: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(referrers.len(), 1);
    let mut conn = pool.acquire().await.unwrap();
    let kept = referrals::referrers_of(&mut conn, 50).await.unwrap();
    assert_eq!(kept, referrers);
    // Who has brought in others, and oneself: no circles.
    let first = format!("code{}", referrers[0]);
    let own = referrals::attribute(&mut conn, referrers[0], &first, None)
        .await
        .unwrap();
    referrals::code_of(&mut conn, 50, "code50", None)
        .await
        .unwrap();
    let circle = referrals::attribute(&mut conn, referrers[0], "code50", None)
        .await
        .unwrap();
    assert_eq!((own, circle), (None, None));
}
