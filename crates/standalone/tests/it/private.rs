//! The data folder is its owner's alone, and so is the embedded engine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::installation::Installation;

/// What is in the folder that others may use, but for what ClickHouse has in a folder nobody else gets into.
fn open_to_others(folder: &Path) -> Vec<String> {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o077 != 0);
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    inside
        .chain([folder.to_owned()])
        .filter(|path| open(path))
        .map(|path| path.display().to_string())
        .collect()
}

fn endpoints(data: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(data.join("endpoints.json")).unwrap()).unwrap()
}

#[tokio::test]
async fn nobody_else_gets_into_the_data_folder_not_even_of_an_earlier_version() {
    let mut millrace = Installation::embedded().await;
    millrace.post("/event", &json!({"conversation_id": "c", "event_name": "event_a"})).await;
    millrace.caught_up().await;
    assert_eq!(open_to_others(millrace.data()), [""; 0]);
    let password = endpoints(millrace.data())["clickhouse_password"].clone();
    assert!(password.as_str().is_some_and(|password| password.len() >= 32));

    millrace.stop();
    let log = millrace.data().join("log.sqlite");
    fs::set_permissions(&log, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(millrace.data(), Permissions::from_mode(0o755)).unwrap();
    millrace.start_all().await;
    assert_eq!(open_to_others(millrace.data()), [""; 0]);
    assert_eq!(endpoints(millrace.data())["clickhouse_password"], password);
    assert_eq!(millrace.count().await, 1);
}

#[tokio::test]
async fn the_engine_asks_for_its_password_and_reaches_nothing_outside() {
    let millrace = Installation::embedded().await;
    let password = endpoints(millrace.data())["clickhouse_password"].as_str().unwrap().to_owned();
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl").args(["--silent", "--include"]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (url, right) = (millrace.clickhouse.as_str(), format!("default:{password}"));
    for refused in [
        vec![url, "-d", "SELECT 1"],
        vec![url, "-d", "SELECT 1", "-u", "default:wrong"],
        vec![url, "-d", "SELECT 1", "-u", &right[..right.len() - 1]],
        vec![url, "-d", "SELECT 1", "-u", &right.replace("default", "other")],
    ] {
        let said = curl(&refused);
        assert!(said.starts_with("HTTP/1.1 403") && said.contains("Code: 516. "), "{said}");
        assert!(said.contains("(AUTHENTICATION_FAILED)"), "{said}");
    }
    assert!(curl(&[url, "-d", "SELECT 1", "-u", &right]).ends_with("\r\n\r\n1\n"));
    assert!(curl(&[&format!("{url}/ping")]).ends_with("Ok.\n"));
    let said = curl(&[url, "-d", "SELECT * FROM file('/etc/passwd', LineAsString)", "-u", &right]);
    assert!(said.contains("ACCESS_DENIED") && !said.contains("root:"), "{said}");
}
