//! What users enter is kept for a week, for "Retry"; then it is forgotten, by a light job for each order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::store;
use crate::engine::jobs;
use crate::engine::light::{self, LightJob, LightKind, NewLight};
use crate::features::cx::{Cx, Env, Handled};

const KIND: &str = "forget_inputs";
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

/// Stored with the light job: versions are added, never changed.
#[derive(Serialize, Deserialize)]
struct Payload {
    v: u8,
    order: Uuid,
}

/// Has the inputs of an order forgotten in time, in the transaction that places it.
pub(super) async fn later(cx: &mut Cx<'_>, order: Uuid) -> Handled {
    let job = NewLight {
        kind: KIND,
        run_at: Some(cx.env.clock.now() + KEEP),
        unique_key: Some(format!("forget:{order}")),
        payload: json!(Payload { v: 1, order }),
        correlation: cx.correlation,
    };
    let now = cx.now();
    light::enqueue(cx.conn, &[job], now).await?;
    Ok(())
}

/// Forgets, many orders at once.
pub struct ForgetInputs {
    env: Arc<Env>,
}

impl ForgetInputs {
    /// Knows the time from `env`.
    pub fn new(env: Arc<Env>) -> Self {
        Self { env }
    }
}

#[async_trait]
impl LightKind for ForgetInputs {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn run(
        &self,
        conn: &mut PgConnection,
        light_jobs: &[LightJob],
    ) -> Result<(), anyhow::Error> {
        let mut orders = Vec::with_capacity(light_jobs.len());
        for light_job in light_jobs {
            let payload: Payload = serde_json::from_value(light_job.payload.clone())?;
            anyhow::ensure!(payload.v == 1, "version {} is not known", payload.v);
            orders.push(payload.order);
        }
        let forgotten = store::forget_inputs(&mut *conn, &orders).await?;
        // The order's job had them too, in the words of the provider.
        jobs::forget_params(conn, &orders, self.env.clock.sql_now()).await?;
        tracing::info!(forgotten, "inputs forgotten");
        Ok(())
    }
}
