//! The rules are listed.

use ::alerts::ToldRule;

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::shapes::Good;

/// The tenant's rules in force, in the order of the file; none where there is no file.
#[utoipa::path(
    get,
    path = "/alerts/rules",
    tag = "alerts",
    responses((status = 200, description = "As this process has read them", body = Good<Vec<ToldRule>>))
)]
pub(crate) async fn rules(call: Call) -> Result<Reply<Vec<ToldRule>>, ApiError> {
    let said = call.app.alerting.as_ref().map(::alerts::Status::said).unwrap_or_default();
    let rules = said.rules.iter().filter(|rule| rule.tenant == call.caller.tenant);
    Ok(Reply::ok(rules.map(ToldRule::from).collect()))
}
