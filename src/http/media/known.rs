//! What is known of files: where they are, and what describes them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use moka::future::Cache;
use time::OffsetDateTime;

use super::fields;
use super::guard::Guard;
use super::upstream::{FileSource, FileSourceError, ResolvedFile, UpstreamBody};
use crate::base::deadline::SpareDeadlines;

/// A path at Telegram is good for at least an hour (Bot API docs, "getFile"); ours is asked for more often.
const PATH_TTL: Duration = Duration::from_secs(600);
const PATHS_MAX: u64 = 10_000;
/// How long the upstream may take to say where a file is, and to begin with it.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);
/// What a Bot API server of one's own serves at most; Telegram's stops at 20 MB.
pub(super) const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// A file, and what is made of that once instead of for every part of it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    file: ResolvedFile,
    etag: HeaderValue,
    modified: Option<Modified>,
}

/// When the file was changed last, as its host says; known once it was opened.
#[derive(Clone, Debug)]
struct Modified {
    at: OffsetDateTime,
    field: HeaderValue,
}

impl Known {
    fn new(file_id: &str, file: ResolvedFile) -> Self {
        Self {
            etag: fields::text(fields::etag(file_id, file.size)),
            file,
            modified: None,
        }
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.file.size
    }

    pub(super) fn etag(&self) -> &str {
        self.etag.to_str().unwrap_or_default()
    }

    pub(super) fn modified_at(&self) -> Option<OffsetDateTime> {
        self.modified.as_ref().map(|modified| modified.at)
    }

    pub(super) fn describe(&self, headers: &mut HeaderMap, upstream_type: Option<&str>) {
        headers.insert(header::ETAG, self.etag.clone());
        if let Some(modified) = &self.modified {
            headers.insert(header::LAST_MODIFIED, modified.field.clone());
        }
        fields::describe(headers, &self.file.path, upstream_type);
    }
}

/// The upstream, and what it said lately.
pub(super) struct Files {
    source: Arc<dyn FileSource>,
    known: Cache<String, Arc<Known>>,
    deadlines: SpareDeadlines,
    pub(super) guard: Guard,
}

impl Files {
    pub(super) fn of(source: Arc<dyn FileSource>) -> Self {
        let known = Cache::builder()
            .max_capacity(PATHS_MAX)
            .time_to_live(PATH_TTL)
            .build();
        Self {
            source,
            known,
            deadlines: SpareDeadlines::default(),
            guard: Guard::default(),
        }
    }

    /// Where a file is; many who ask at once make one call.
    pub(super) async fn find(&self, file_id: &str) -> Result<Arc<Known>, FileSourceError> {
        let known = match self.known.get(file_id).await {
            Some(known) => known,
            None => self.ask(file_id).await?,
        };
        if known.size().is_some_and(|size| size > FILE_BYTES_MAX) {
            return Err(FileSourceError::Unavailable);
        }
        Ok(known)
    }

    async fn ask(&self, file_id: &str) -> Result<Arc<Known>, FileSourceError> {
        let (source, guard) = (Arc::clone(&self.source), self.guard.clone());
        let ask = async {
            let call = async {
                let resolved = tokio::time::timeout(RESOLVE_TIMEOUT, source.resolve(file_id)).await;
                resolved.unwrap_or(Err(FileSourceError::TimedOut))
            };
            let file = guard.around(call).await?;
            Ok(Arc::new(Known::new(file_id, file)))
        };
        self.known
            .try_get_with(file_id.to_owned(), ask)
            .await
            .map_err(|error: Arc<FileSourceError>| *error)
    }

    /// Opens the file; a path that has gone stale is asked for anew, once. What the host says of it is remembered.
    pub(super) async fn open(
        &self,
        file_id: &str,
        known: &mut Arc<Known>,
        range: Option<(u64, u64)>,
    ) -> Result<UpstreamBody, FileSourceError> {
        let opened = match self.open_path(&known.file.path, range).await {
            Err(FileSourceError::NotFound) => {
                self.known.invalidate(file_id).await;
                let found = self.find(file_id).await?;
                Arc::make_mut(known).file.path.clone_from(&found.file.path);
                self.open_path(&known.file.path, range).await?
            }
            opened => opened?,
        };
        let whole = opened.len.filter(|_| range.is_none());
        self.learn(file_id, known, whole, opened.modified).await;
        Ok(opened)
    }

    async fn open_path(
        &self,
        path: &str,
        range: Option<(u64, u64)>,
    ) -> Result<UpstreamBody, FileSourceError> {
        let open = self.source.open(path, range);
        let call = async {
            let opened = self.deadlines.within(OPEN_TIMEOUT, open).await;
            opened.unwrap_or(Err(FileSourceError::TimedOut))
        };
        self.guard.around(call).await
    }

    /// Telegram may not have said the size: the file host does with the whole file.
    async fn learn(
        &self,
        file_id: &str,
        known: &mut Arc<Known>,
        size: Option<u64>,
        modified: Option<OffsetDateTime>,
    ) {
        let size = size.filter(|_| known.size().is_none());
        let modified = modified
            .filter(|_| known.modified.is_none())
            .and_then(|at| {
                let field = fields::date(at)?;
                Some(Modified { at, field })
            });
        if size.is_none() && modified.is_none() {
            return;
        }
        let it = Arc::make_mut(known);
        if size.is_some() {
            it.file.size = size;
            it.etag = fields::text(fields::etag(file_id, size));
        }
        it.modified = it.modified.take().or(modified);
        self.known
            .insert(file_id.to_owned(), Arc::clone(known))
            .await;
    }
}
