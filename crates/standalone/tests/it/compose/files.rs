//! What the compose file, the Dockerfiles and cargo say, in a form to compare.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a file that isn't as expected fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Compose {
    pub(super) services: BTreeMap<String, Service>,
    pub(super) volumes: BTreeMap<String, Option<Value>>,
}

#[derive(Deserialize)]
pub(super) struct Service {
    pub(super) build: Option<Build>,
    pub(super) image: Option<String>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) ports: Vec<String>,
    #[serde(default)]
    pub(super) volumes: Vec<String>,
    #[serde(default)]
    pub(super) depends_on: BTreeMap<String, Dependency>,
    pub(super) healthcheck: Healthcheck,
    pub(super) restart: String,
    pub(super) stop_grace_period: String,
    #[serde(default)]
    pub(super) read_only: bool,
    #[serde(default)]
    pub(super) cap_drop: Vec<String>,
    #[serde(default)]
    pub(super) security_opt: Vec<String>,
    pub(super) mem_limit: Option<String>,
    pub(super) pids_limit: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Build {
    context: String,
    dockerfile: String,
}

#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) condition: String,
}

#[derive(Deserialize)]
pub(super) struct Healthcheck {
    pub(super) test: Vec<String>,
}

/// A service of ours: what compose says of it, and the instructions of its Dockerfile.
pub(super) struct Ours {
    pub(super) name: String,
    pub(super) service: Service,
    instructions: Vec<(String, Vec<String>)>,
}

/// A package of the workspace.
pub(super) struct Package {
    pub(super) name: String,
    /// The path of its manifest, from the root.
    pub(super) manifest: String,
    pub(super) binaries: Vec<String>,
}

/// The root of the workspace.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(super) fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn compose() -> Compose {
    let mut file: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&read("docker-compose.yml")).expect("docker-compose.yml");
    file.apply_merge().expect("merges of mappings");
    serde_yaml_ng::from_value(file).expect("docker-compose.yml as it must be")
}

/// The services that are built here.
pub(super) fn ours() -> Vec<Ours> {
    let built = |(name, service): (String, Service)| {
        let build = service.build.as_ref()?;
        assert_eq!(build.context, ".", "{name}");
        let instructions = instructions(&read(&build.dockerfile));
        Some(Ours { name, service, instructions })
    };
    compose().services.into_iter().filter_map(built).collect()
}

impl Ours {
    /// The arguments of each instruction of that name.
    pub(super) fn instructions(&self, name: &str) -> Vec<&[String]> {
        self.instructions
            .iter()
            .filter(|(found, _)| found == name)
            .map(|(_, words)| words.as_slice())
            .collect()
    }

    /// Everything before the last stage.
    pub(super) fn build_stages(&self) -> &[(String, Vec<String>)] {
        let last = self.instructions.iter().rposition(|(name, _)| name == "FROM").unwrap();
        &self.instructions[..last]
    }

    /// What is copied from the tree, as opposed to from a stage.
    pub(super) fn copied(&self) -> BTreeSet<&str> {
        let copies = self.instructions("COPY").into_iter().filter(|words| !words[0].starts_with("--from="));
        copies.flat_map(|words| &words[..words.len() - 1]).map(String::as_str).collect()
    }

    /// The binary of `ENTRYPOINT ["binary"]`.
    pub(super) fn entrypoint(&self) -> String {
        let [binary]: [String; 1] =
            serde_json::from_str(&self.instructions("ENTRYPOINT")[0].join(" ")).unwrap();
        binary
    }

    /// What a container is started with: the image's variables, and over them those of compose.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let of_image = self.instructions("ENV").into_iter().flatten().filter_map(|word| word.split_once('='));
        let of_compose = self.service.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        of_image.chain(of_compose).map(|(name, value)| (name.to_owned(), interpolated(value))).collect()
    }
}

fn instructions(dockerfile: &str) -> Vec<(String, Vec<String>)> {
    let uncommented: Vec<&str> = dockerfile.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = uncommented.join("\n").replace("\\\n", " ");
    let instruction = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        Some((words.next()?, words.collect()))
    };
    joined.lines().filter_map(instruction).collect()
}

/// `${NAME:-default}` where NAME is not set.
fn interpolated(value: &str) -> String {
    let variable = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    variable.and_then(|rest| rest.split_once(":-")).map_or(value, |(_, default)| default).to_owned()
}

/// The listeners of a variable of Kafka's, `NAME://host:port,…`: host and port by name.
pub(super) fn listeners(variable: &str) -> BTreeMap<String, (String, String)> {
    let listener = |text: &str| {
        let (name, address) = text.split_once("://").unwrap();
        let (host, port) = address.rsplit_once(':').unwrap();
        (name.to_owned(), (host.to_owned(), port.to_owned()))
    };
    compose().services["kafka"].environment[variable].split(',').map(listener).collect()
}

pub(super) fn packages() -> Vec<Package> {
    let output = Command::new(env::var_os("CARGO").expect("tests are run by cargo"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("the metadata");
    let workspace = metadata["workspace_root"].as_str().unwrap();
    let package = |package: &Value| {
        let targets = package["targets"].as_array().unwrap().iter();
        let binaries = targets.filter(|target| target["kind"] == json!(["bin"]));
        let manifest = package["manifest_path"].as_str().unwrap().strip_prefix(workspace).unwrap();
        Package {
            name: package["name"].as_str().unwrap().to_owned(),
            manifest: manifest.trim_start_matches('/').to_owned(),
            binaries: binaries.map(|target| target["name"].as_str().unwrap().to_owned()).collect(),
        }
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}
