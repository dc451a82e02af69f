//! `POST /mcp`, as a client of the protocol sees it.

mod limits;
mod protocol;
mod tools;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{ClientInitializeError, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller};

/// A client that has shaken hands.
struct Client(RunningService<RoleClient, ()>);

impl Client {
    /// As the caller, with its tenant or key.
    async fn of(caller: &Caller) -> Self {
        Self::with(caller, ClientLifecycleMode::Initialize).await.unwrap()
    }

    async fn with(caller: &Caller, lifecycle: ClientLifecycleMode) -> Result<Self, ClientInitializeError> {
        let config = StreamableHttpClientTransportConfig::with_uri(caller.url("/mcp"));
        let transport = StreamableHttpClientTransport::with_client(caller.http(), config);
        ().serve_with_lifecycle(transport, lifecycle).await.map(Self)
    }

    async fn call(&self, tool: &str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else { panic!("{arguments} is no object") };
        let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        self.0.call_tool(request).await.unwrap()
    }

    /// What a tool answers that has nothing to complain of. Its text says the same.
    async fn answer(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        let structured = result.structured_content.clone().unwrap();
        assert_eq!(serde_json::from_str::<Value>(text(&result)).unwrap(), structured);
        structured
    }

    /// The sentence and the code of an error of a tool.
    async fn complaint(&self, tool: &str, arguments: Value) -> (String, Value) {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        let structured = result.structured_content.clone().unwrap();
        assert_eq!(
            (&structured["error"], &structured["request_id"]),
            (&json!(text(&result)), &json!("test"))
        );
        (text(&result).to_owned(), structured["code"].clone())
    }
}

fn text(result: &CallToolResult) -> &str {
    let [only] = &result.content[..] else { panic!("{result:?}") };
    &only.as_text().unwrap().text
}

/// A message as curl would send it.
fn message(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

fn call(tool: &str, arguments: Value) -> Value {
    message("tools/call", json!({"name": tool, "arguments": arguments}))
}

/// The error of JSON-RPC in an answer, by status and code.
fn error(answer: &Answer) -> (u16, i64, String) {
    let json = answer.json();
    let error = &json["error"];
    (answer.status.as_u16(), error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
}
