//! `docker compose up`, held to its word without a Docker engine: the files agree with each other and with the
//! workspace, and our two binaries, started as compose starts them, carry an event through.

mod files;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use testing::Process;

use files::{compose, listeners, ours, packages, read, root};

/// What each service gets to end by itself.
const GRACE: Duration = Duration::from_secs(40);

#[test]
fn every_service_is_watched_restarted_and_given_time_to_stop() {
    let compose = compose();
    assert!(compose.services.keys().eq([
        "api",
        "bridge",
        "clickhouse",
        "consumer",
        "grafana",
        "kafka",
        "prometheus",
        "redis"
    ]));
    for (name, service) in &compose.services {
        assert!(service.healthcheck.test.len() > 1 && service.healthcheck.test[0] == "CMD", "{name}");
        assert_eq!(service.restart, "unless-stopped", "{name}");
        let seconds = service.stop_grace_period.trim_end_matches('s').parse().unwrap();
        assert!(Duration::from_secs(seconds) >= GRACE, "{name}");
        assert!(service.build.is_some() != service.image.is_some(), "{name}");
        for volume in &service.volumes {
            let source = volume.split(':').next().unwrap();
            let is_ours = source.starts_with("./deploy/") && volume.ends_with(":ro");
            let exists =
                if is_ours { root().join(source).is_dir() } else { compose.volumes.contains_key(source) };
            assert!(exists, "{name}: {volume}");
        }
    }
    assert!(!read("docker-compose.yml").to_lowercase().contains("zookeeper"));
}

#[test]
fn our_services_start_when_the_others_are_healthy() {
    for ours in ours() {
        let others = if ours.name == "bridge" { ["kafka", "redis"] } else { ["clickhouse", "kafka"] };
        assert!(ours.service.depends_on.keys().eq(others), "{}", ours.name);
        assert!(
            ours.service.depends_on.values().all(|on| on.condition == "service_healthy"),
            "{}",
            ours.name
        );
    }
}

#[test]
fn nothing_takes_all_memory_or_threads_and_what_is_ours_holds_no_privileges() {
    for (name, service) in &compose().services {
        assert!(service.mem_limit.is_some() && service.pids_limit.is_some(), "{name}");
        assert_eq!(service.security_opt, ["no-new-privileges:true"], "{name}");
    }
    for ours in ours() {
        assert!(ours.service.read_only && ours.service.cap_drop == ["ALL"], "{}", ours.name);
    }
}

#[test]
fn every_published_port_is_for_this_machine_and_listened_on() {
    let compose = compose();
    let api = compose.services["api"].environment.get("API_PORT").cloned();
    let listened_on: BTreeMap<&str, Vec<String>> = BTreeMap::from([
        ("api", vec![api.unwrap_or("8080".to_owned())]),
        ("bridge", vec!["8082".to_owned()]),
        ("clickhouse", vec!["8123".to_owned(), "9000".to_owned()]),
        ("consumer", vec!["8081".to_owned()]),
        ("grafana", vec!["3000".to_owned()]),
        ("kafka", listeners("KAFKA_LISTENERS").into_values().map(|(_, port)| port).collect()),
        ("prometheus", vec!["9090".to_owned()]),
        ("redis", vec!["6379".to_owned()]),
    ]);
    let mut published = Vec::new();
    for (name, service) in &compose.services {
        for port in &service.ports {
            let parts: Vec<&str> = port.split(':').collect();
            let ["127.0.0.1", host, container] = parts[..] else { panic!("{name}: {port}") };
            assert!(listened_on[name.as_str()].iter().any(|port| port == container), "{name}: {port}");
            published.push(host.to_owned());
        }
    }
    assert_eq!(published, ["8080", "8082", "8123", "9000", "8081", "3000", "9092", "9090", "6379"]);
}

#[test]
fn kafka_clickhouse_and_redis_are_found_where_our_services_look() {
    let (services, bound) = (compose().services, listeners("KAFKA_LISTENERS"));
    let advertised = listeners("KAFKA_ADVERTISED_LISTENERS");
    assert!(advertised.iter().all(|(name, (_, port))| bound[name].1 == *port));
    assert_eq!(advertised["HOST"], ("localhost".to_owned(), "9092".to_owned()));
    let (host, port) = &advertised["CONTAINERS"];
    for ours in ours() {
        let given = &ours.service.environment;
        assert_eq!(
            (given["KAFKA_BROKERS"].as_str(), host.as_str()),
            (format!("{host}:{port}").as_str(), "kafka")
        );
        if ours.name == "bridge" {
            assert_eq!(given["REDIS_URL"], "redis://redis:6379");
            continue;
        }
        assert_eq!(
            (given["CLICKHOUSE_HOST"].as_str(), given["CLICKHOUSE_PORT"].as_str()),
            ("clickhouse", "8123")
        );
        for variable in ["CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD"] {
            assert_eq!(given[variable], services["clickhouse"].environment[variable], "{}", ours.name);
        }
    }
}

#[test]
fn the_images_hold_what_they_start() {
    let (packages, ignored) = (packages(), read(".dockerignore"));
    for ours in ours() {
        let name = &ours.name;
        for source in ours.copied() {
            assert!(root().join(source).exists(), "{name} copies {source}, which does not exist");
            let let_through =
                |path: &Path| ignored.lines().any(|line| line.strip_prefix('!').map(Path::new) == Some(path));
            let is_there = Path::new(source).ancestors().any(let_through);
            assert!(is_there, "{source} is left out by .dockerignore");
        }
        for package in &packages {
            let copied = |source: &str| package.manifest.starts_with(&format!("{source}/"));
            assert!(ours.copied().into_iter().any(copied), "{name} is built without {}", package.manifest);
        }
        let binary = ours.entrypoint();
        let package = packages.iter().find(|package| package.binaries.contains(&binary)).expect(&binary);
        let argument = format!("--package {} ", package.name);
        let built = ours.instructions("RUN").into_iter().any(|words| words.join(" ").contains(&argument));
        assert!(built, "{name} does not build {}", package.name);
        let copy = ["--from=build", &format!("/src/target/release/{binary}"), "/usr/local/bin/"];
        assert!(ours.instructions("COPY").contains(&copy.map(str::to_owned).as_slice()), "{name}");
        assert_eq!(ours.instructions("USER"), [["10001:10001"]], "{name} should not run as root");
    }
}

#[test]
fn all_images_share_the_layers_of_their_build() {
    let [api, bridge, consumer] = &ours()[..] else { panic!("three services of ours") };
    assert_eq!([api.build_stages(), bridge.build_stages()], [consumer.build_stages(); 2]);
}

#[test]
fn our_services_are_given_only_variables_that_the_readme_explains() {
    let readme = read("README.md");
    let first_cells = readme.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let known: BTreeSet<&str> = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    for ours in ours() {
        for name in ours.environment().keys() {
            assert!(known.contains(name.as_str()), "{} is given {name}", ours.name);
        }
    }
}

#[test]
fn docker_compose_accepts_the_file() {
    let output = Command::new("docker-compose")
        .args(["config", "-q"])
        .current_dir(root())
        .output()
        .expect("docker-compose is missing: run scripts/install-test-tools.sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_event_goes_through_the_services_as_compose_starts_them() {
    let port = testing::port::free();
    // Starting the services blocks.
    let redis = tokio::task::spawn_blocking(testing::redis::Server::start).await.unwrap();
    let url = redis.url();
    let elsewhere = tokio::task::spawn_blocking(move || on_this_machine(port, &url)).await.unwrap();
    let start = |command: &[String], mut environment: BTreeMap<String, String>| {
        environment.extend(elsewhere.clone());
        let arguments: Vec<&str> = command[1..].iter().map(String::as_str).collect();
        let pairs: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        Process::start_with(&command[0], &arguments, &pairs)
    };
    let services = ours();
    let mut processes: Vec<Process> =
        services.iter().map(|ours| start(&[ours.entrypoint()], ours.environment())).collect();

    let client = reqwest::Client::new();
    let base = format!("http://127.0.0.1:{port}");
    testing::wait::until("the api is ready", Duration::from_secs(30), async || {
        client.get(format!("{base}/ready")).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    let event = json!({"conversation_id": "a conversation", "event_name": "event_a"});
    let created = client.post(format!("{base}/event?wait=10s")).json(&event).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let created: Value = created.json().await.unwrap();
    let id = created["data"]["id"].as_str().unwrap();
    let found = client.get(format!("{base}/event/{id}")).send().await.unwrap();
    assert_eq!(found.status(), 200);
    let found: Value = found.json().await.unwrap();
    assert_eq!(found["data"]["conversation_id"], "a conversation");

    for ours in &services {
        testing::wait::until(&format!("{} is healthy", ours.name), GRACE, async || {
            let mut check = start(&ours.service.healthcheck.test[1..], ours.environment());
            check.wait_exit(Duration::from_secs(5)).success()
        })
        .await;
    }
    for process in &mut processes {
        process.terminate();
        assert!(process.wait_exit(GRACE).success());
    }
}

/// Where the other services are here, and a topic, a group and a database of the test's own.
fn on_this_machine(port: u16, redis: &str) -> BTreeMap<String, String> {
    let engine = testing::engine::url();
    let address = engine.trim_start_matches("http://").trim_end_matches('/');
    let (host, engine_port) = address.split_once(':').unwrap_or((address, "8123"));
    let scope = testing::unique("compose");
    [
        ("API_HOST", "127.0.0.1"),
        ("API_PORT", &port.to_string()),
        ("CLICKHOUSE_DATABASE", &scope),
        ("CLICKHOUSE_HOST", host),
        ("CLICKHOUSE_PORT", engine_port),
        ("CONSUMER_STATUS_PORT", &testing::port::free().to_string()),
        ("KAFKA_BROKERS", testing::kafka::brokers()),
        ("KAFKA_GROUP_ID", &scope),
        ("KAFKA_TOPIC", &scope),
        ("METRICS_PORT", "0"),
        ("REDIS_STATUS_PORT", &testing::port::free().to_string()),
        ("REDIS_URL", redis),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
