//! What the bot does, one folder a feature.
//!
//! A feature is a folder here and a line in [`routes`]. Handlers get a [`cx::Cx`]: the open transaction, who speaks,
//! and the means to answer; they touch no network, so all that they do commits together or not at all. Features never
//! import each other; what leads from one to another is a [`press::Press`].

pub mod assortment;
pub mod books;
pub mod broadcast;
pub mod commands;
pub mod cx;
mod groups;
pub mod inquiry;
pub mod language;
pub mod paying;
pub mod press;
pub mod press_providers;
mod pressed;
pub mod processors;
pub mod referrals;
pub mod rewards;
pub mod routes;
pub mod routing;
pub mod speech;
pub mod storefront;
pub mod switching;
pub mod tips;
mod told;
pub mod topup;
pub mod wallet;
pub mod withdrawals;

use std::sync::Arc;

use crate::engine::jobs::JobKind;
use crate::engine::light::LightKind;

/// The owners of all kinds of jobs: one more kind is one more line.
pub fn job_kinds(env: &Arc<cx::Env>) -> Vec<Arc<dyn JobKind>> {
    vec![
        Arc::new(inquiry::Watched::new(
            Arc::new(storefront::OrderJob::new(Arc::clone(env))),
            Arc::clone(env),
        )),
        Arc::new(storefront::RefillJob::new(Arc::clone(env))),
        Arc::new(inquiry::Watched::new(
            Arc::new(tips::TipJob::new(Arc::clone(env))),
            Arc::clone(env),
        )),
    ]
}

/// Who does each kind of light job.
pub fn light_kinds(env: &Arc<cx::Env>) -> Vec<Arc<dyn LightKind>> {
    vec![
        Arc::new(storefront::ForgetInputs::new(Arc::clone(env))),
        Arc::new(books::HistoryFile::new(Arc::clone(env))),
    ]
}

#[cfg(test)]
mod routing_tests;
#[cfg(test)]
mod shown_texts_tests;
#[cfg(test)]
mod written_texts_tests;
