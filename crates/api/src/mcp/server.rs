//! Answers the messages of one request.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use rmcp::ErrorData;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as ToolDescription,
};
use rmcp::service::{RequestContext, RoleServer};

use super::arguments::Asking;
use super::result;
use super::tools::Tool;
use crate::app::App;
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::places::Place;

const INSTRUCTIONS: &str = "Millrace keeps the events of applications and answers questions about them. Call \
    `schema` first: it tells the names of events and the fields that questions can name. `query`, `funnel` and \
    `retention` count, `search` and `conversation` show the events themselves. If no times are named, a question is \
    about the last 7 days. Numbers are exact unless `meta.approximate` is true; all events up to \
    `meta.complete_until` are in them.";

/// Whoever asks, and in whose place.
#[derive(Clone)]
pub(super) struct Server {
    app: Arc<App>,
    caller: Caller,
    place: Place,
}

impl Server {
    pub(super) fn new(Call { app, caller, place, .. }: Call) -> Self {
        Self { app, caller, place }
    }

    /// Asks as a request of the tool's route would, which is counted as one.
    async fn ask(&self, tool: &Tool, arguments: JsonObject) -> CallToolResult {
        let begun = Instant::now();
        let response = self.response(tool, arguments).await;
        let response =
            response.unwrap_or_else(|error| tool.route.voice.refuse(error, &self.caller.request_id));
        self.app.requests.count(Some(tool.route.name), response.status(), begun.elapsed());
        result::of(response).await
    }

    async fn response(&self, tool: &Tool, arguments: JsonObject) -> Result<Response, ApiError> {
        let Asking { uri, segment, body } = Asking::new(tool, arguments)?;
        // A message takes one place, of its own class or of the question's.
        self.place.give_back();
        self.app.places.exchange(&self.place, tool.route.class, &self.caller.tenant)?;
        let call = Call {
            app: Arc::clone(&self.app),
            route: tool.route,
            caller: self.caller.clone(),
            place: self.place.clone(),
            headers: HeaderMap::new(),
            uri,
            body: Body::from(body),
            segment,
        };
        Ok(call.handled().await)
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let millrace = Implementation::new("millrace", env!("CARGO_PKG_VERSION")).with_title("Millrace");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(millrace)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.app.tools.described()))
    }

    fn get_tool(&self, name: &str) -> Option<ToolDescription> {
        self.app.tools.find(name).map(|tool| tool.description.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.app.tools.find(&request.name);
        let tool =
            tool.ok_or_else(|| ErrorData::invalid_params(format!("unknown tool {:?}", request.name), None))?;
        tokio::select! {
            result = self.ask(tool, request.arguments.unwrap_or_default()) => Ok(result.into()),
            // This task outlives the request of a client that hangs up: dropped, the question ends.
            () = context.ct.cancelled() => Err(ErrorData::internal_error("the client has hung up", None)),
        }
    }
}
