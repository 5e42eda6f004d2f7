//! The files of the repository as the checks see them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made, not written.
const SKIPPED: [&str; 5] = ["target", ".git", ".demo", ".sqlx", "node_modules"];

/// One text file.
pub(crate) struct Source {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The text without comments. A `//` inside a string ends the line too, which no check minds.
    pub(crate) fn code(&self) -> String {
        strip_comments(&self.text)
    }

    /// The code up to the test module, nothing if the whole file is tests.
    pub(crate) fn code_without_tests(&self) -> String {
        if self.is_test_file() {
            return String::new();
        }
        strip_comments(self.split().0)
    }

    /// The code of the test module, or all if the whole file is tests.
    pub(crate) fn test_code(&self) -> String {
        if self.is_test_file() {
            return self.code();
        }
        strip_comments(self.split().1)
    }

    fn split(&self) -> (&str, &str) {
        match self.text.find("#[cfg(test)]\nmod tests {") {
            Some(at) => self.text.split_at(at),
            None => (&self.text, ""),
        }
    }

    fn is_test_file(&self) -> bool {
        self.path.contains("tests/") || self.path.ends_with("tests.rs")
    }
}

fn strip_comments(text: &str) -> String {
    text.lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of one file.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the repository")
}

/// All `.rs` files under some folders; a folder that does not exist has none.
pub(crate) fn rust_files(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in folders {
        let folder = root().join(folder);
        if folder.is_dir() {
            collect(&folder, &mut files);
        }
    }
    files.retain(|file| file.path.ends_with(".rs"));
    files
}

/// All text files of the repository, without what tools write.
pub(crate) fn text_files() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.retain(|file| !file.path.ends_with("Cargo.lock"));
    files
}

fn collect(folder: &Path, files: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.expect("a name in UTF-8");
        if SKIPPED.contains(&name) || name == ".env" {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let relative = path.strip_prefix(root()).expect("inside the repository");
            files.push(Source {
                path: relative.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
}
