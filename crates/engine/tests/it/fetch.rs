//! `scripts/fetch-engine.sh` on platforms that are not this one, with an npm of the test's own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

/// What `npm view … dist.integrity` prints in place of the package's own hash.
const ANOTHER_HASH: &str = "sha512-another";

/// Programs that stand in front of the real ones: a machine, and a registry with one package.
struct Elsewhere {
    folder: TempDir,
}

impl Elsewhere {
    /// A machine of this system and processor, whose package holds a library of this name.
    fn new(system: &str, processor: &str, library: &str) -> Self {
        let elsewhere = Self { folder: tempfile::tempdir().unwrap() };
        let package = elsewhere.path("package");
        fs::create_dir(&package).unwrap();
        fs::write(package.join(library), "a library").unwrap();
        let packed = Command::new("tar")
            .args(["-czf", "registry.tgz", "package"])
            .current_dir(elsewhere.folder.path())
            .status();
        assert!(packed.unwrap().success());
        elsewhere.program("uname", &format!("[ $1 = -s ] && echo {system} || echo {processor}"));
        elsewhere.registry_says("$(openssl dgst -sha512 -binary \"$registry\" | openssl base64 -A)");
        elsewhere
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn registry_says(&self, hash: &str) {
        let registry = self.path("registry.tgz");
        let view =
            format!("registry='{}'\nif [ $1 = view ]; then echo sha512-{hash}; exit; fi", registry.display());
        self.program("npm", &format!("{view}\ncp \"$registry\" package.tgz"));
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn fetch(&self) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/fetch-engine.sh");
        let path = format!("{}:{}", self.folder.path().display(), env::var("PATH").unwrap());
        Command::new(script)
            .env("PATH", path)
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env_remove("MILLRACE_ENGINE_LIB")
            .env_remove("MILLRACE_ENGINE_INTEGRITY")
            .output()
            .unwrap()
    }
}

#[test]
fn platforms_without_a_pinned_hash_get_what_the_registry_vouches_for() {
    for (system, processor, library) in [
        ("Linux", "aarch64", "libchdb.so"),
        ("Darwin", "arm64", "libchdb.dylib"),
        ("Darwin", "x86_64", "libchdb.so"),
    ] {
        let output = Elsewhere::new(system, processor, library).fetch();
        let (path, said) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{system} {processor}: {said}");
        assert!(path.trim_end().ends_with("libchdb.so"), "{path}{said}");
        for words in
            ["no hash is pinned", "the registry's own hash only", "MILLRACE_ENGINE_INTEGRITY=sha512-"]
        {
            assert!(said.contains(words), "{said}");
        }
    }
}

#[test]
fn a_package_with_another_hash_than_the_registry_names_is_refused() {
    let elsewhere = Elsewhere::new("Linux", "aarch64", "libchdb.so");
    elsewhere.registry_says(ANOTHER_HASH.trim_start_matches("sha512-"));
    let output = elsewhere.fetch();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(&format!("not {ANOTHER_HASH}")), "{said}");
}

#[test]
fn a_pinned_hash_counts_whatever_the_registry_says() {
    let output = Elsewhere::new("Linux", "x86_64", "libchdb.so").fetch();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("has the hash sha512-"), "{said}");
}
