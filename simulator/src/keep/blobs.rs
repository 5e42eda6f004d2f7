//! The bytes of files, each in a file of its own.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// What a snapshot names, by name.
pub(super) type Named = BTreeMap<String, Bytes>;

pub(super) struct Blobs {
    dir: PathBuf,
    written: HashSet<String>,
}

impl Blobs {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        make_private(dir)?;
        let dir = dir.join("files");
        make_private(&dir)?;
        let mut written = HashSet::new();
        for entry in fs::read_dir(&dir)? {
            if let Ok(name) = entry?.file_name().into_string() {
                written.insert(name);
            }
        }
        Ok(Self { dir, written })
    }

    /// None when it is not there any more.
    pub(super) fn read(&self, name: &str) -> Option<Bytes> {
        // A name from a file that anybody may have edited leads nowhere else.
        self.written.contains(name).then_some(())?;
        fs::read(self.dir.join(name)).ok().map(Bytes::from)
    }

    /// Writes those that are new.
    pub(super) fn write(&mut self, blobs: &Named) -> io::Result<()> {
        for (name, bytes) in blobs {
            if self.written.contains(name) {
                continue;
            }
            let new = self.dir.join(format!("{name}.new"));
            fs::write(&new, bytes)?;
            fs::rename(&new, self.dir.join(name))?;
            self.written.insert(name.clone());
        }
        Ok(())
    }

    /// Removes all others; what cannot be removed now is tried again.
    pub(super) fn keep_only(&mut self, blobs: &Named) {
        let dir = &self.dir;
        self.written
            .retain(|name| blobs.contains_key(name) || fs::remove_file(dir.join(name)).is_err());
    }
}

/// Chats are nobody else's business.
fn make_private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
