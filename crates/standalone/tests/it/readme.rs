//! The README's session, run as printed: every command, and what it says it answers.

use std::path::Path;
use std::process::Command;

use crate::installation::Installation;

const MARK: &str = "----8<----";

/// A command, and the lines it is said to print.
struct Step {
    command: String,
    answer: String,
}

/// The shell block under "## A first session". Lines that begin with `# ` are what the command above
/// them prints.
fn session() -> Vec<Step> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let section = readme.split("## A first session").nth(1).expect("the README has a first session");
    let block = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("# "), steps.last_mut()) {
            (Some(answer), Some(step)) => step.answer += answer,
            (None, Some(step)) if step.answer.is_empty() => step.command += &format!("\n{line}"),
            (None, _) => steps.push(Step { command: line.to_owned(), answer: String::new() }),
            (Some(_), None) => panic!("an answer before the first command"),
        }
    }
    steps
}

/// Ids, times and places differ from run to run.
fn normalised(text: &str) -> String {
    let mut out = text.to_owned();
    for (name, value) in [
        ("\"id\":\"", "ID"),
        ("\"created_at\":\"", "TIME"),
        ("\"updated_at\":\"", "TIME"),
        ("\"from\":\"", "TIME"),
        ("\"to\":\"", "TIME"),
        ("\"complete_until\":\"", "TIME"),
        ("\"request_id\":\"", "REQUEST"),
        ("\"date\":\"", "DATE"),
    ] {
        out = replace_after(&out, name, value, '"');
    }
    for (name, value) in
        [("\"partition\":", "N"), ("\"offset\":", "N"), ("\"rolled_hours\":", "N"), ("\"live_hours\":", "N")]
    {
        out = replace_after(&out, name, value, ',');
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").replace('}', " }").replace("  ", " ")
}

/// Puts `value` in the place of what stands between each `name` and the next `end` or brace.
fn replace_after(text: &str, name: &str, value: &str, end: char) -> String {
    let mut parts = text.split(name);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let rest = part.find([end, '}']).map_or("", |at| &part[at..]);
        format!("{out}{name}{value}{rest}")
    })
}

#[tokio::test]
async fn the_session_of_the_readme_runs_as_printed() {
    let millrace = Installation::embedded().await;
    let steps = session();
    assert!(steps.len() >= 9, "{} steps", steps.len());
    let script: String = steps.iter().map(|step| format!("{}\necho '{MARK}'\n", step.command)).collect();
    let here = millrace.api.trim_start_matches("http://");
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script.replace("localhost:8080", here)])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<_> = printed.split(MARK).collect();
    for (step, answer) in steps.iter().zip(answers) {
        assert_eq!(normalised(answer), normalised(&step.answer), "\n{}\nprinted: {answer}", step.command);
    }
}
