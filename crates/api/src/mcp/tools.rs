//! The tools: questions of the API, each with what an assistant has to know to ask it well.

use rmcp::model::{Tool as Description, ToolAnnotations};

use super::schema;
use crate::route::Route;

/// A tool by what is said of it here.
struct Said {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// The name of the route that answers.
    route: &'static str,
    /// As a query string: what holds where the arguments don't say otherwise. An assistant pays for every word.
    defaults: &'static str,
}

const TOOLS: [Said; 6] = [
    Said {
        name: "schema",
        title: "What can be asked about",
        description: "The names of events and the fields they fill, of the last day, with how many events have each \
            name and an example of each field. Call it before the other tools: filters, breakdowns and metrics take \
            these names, and an unknown path finds nothing.",
        route: "schema",
        defaults: "",
    },
    Said {
        name: "query",
        title: "Metrics over time",
        description: "Numbers of events over time, in calendar buckets: how many events, users, conversations or \
            errors, error rates, latencies in milliseconds, sums and averages of fields; by the values of a field \
            (breakdown), or beside the time before (compare). `total` is the number of the whole range: take it \
            rather than adding up buckets, since users of two buckets are one user. A user is the user_id, else \
            `anon:` and the anonymous_id. Name a coarse interval, such as day, to keep the answer short.",
        route: "query",
        defaults: "",
    },
    Said {
        name: "funnel",
        title: "Funnel",
        description: "How many users get how far through some steps in order, which share of them, and how long it \
            takes (median and 90th percentile, in seconds). Each step is a name and filters, mostly one on \
            event_name. `open` counts users whose time for the next step still runs.",
        route: "funnel",
        defaults: "",
    },
    Said {
        name: "retention",
        title: "Who comes back",
        description: "How many of the users who began in the same day, week or month came back in each period since. \
            `start` says which events begin, `return` which count as coming back; any if absent. `share` is of the \
            cohort's size; cells whose `complete` is false can still grow, and null has not begun.",
        route: "retention",
        defaults: "",
    },
    Said {
        name: "search",
        title: "Events by their words",
        description: "The events in whose input, output or error some words are, newest first, with the pieces of \
            text where they stand. Long texts are cut at 200 characters; `conversation` with the conversation_id of \
            an event shows them whole. Where there are more, next_cursor goes on as `cursor`.",
        route: "search_events",
        defaults: "",
    },
    Said {
        name: "conversation",
        title: "A conversation",
        description: "All events of one conversation with their whole texts, oldest first: what was said, what \
            failed, how long it took. Where there are more, next_cursor goes on as `cursor`.",
        route: "read_conversation",
        defaults: "limit=100&include_embeddings=false",
    },
];

/// A tool, and the route that answers.
pub(super) struct Tool {
    pub(super) description: Description,
    pub(super) route: &'static Route,
    pub(super) defaults: &'static str,
}

/// All of them.
pub(crate) struct Tools(Vec<Tool>);

impl Tools {
    /// What they take is read off the routes' descriptions. An error is a tool of no route.
    pub(crate) fn new(routes: &'static [Route]) -> anyhow::Result<Self> {
        TOOLS.iter().map(|said| Tool::new(said, routes)).collect::<anyhow::Result<_>>().map(Self)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Tool> {
        self.0.iter().find(|tool| tool.description.name == name)
    }

    pub(super) fn described(&self) -> Vec<Description> {
        self.0.iter().map(|tool| tool.description.clone()).collect()
    }
}

impl Tool {
    fn new(said: &Said, routes: &'static [Route]) -> anyhow::Result<Self> {
        let route = routes.iter().find(|route| route.name == said.route);
        let found = route.and_then(|route| Some((route, route.described?)));
        let (route, described) =
            found.ok_or_else(|| anyhow::anyhow!("no route with a description is named {}", said.route))?;
        let takes = schema::of(described(), said.defaults)?;
        let only_reads = ToolAnnotations::new().read_only(true).open_world(false);
        let description = Description::new(said.name, said.description, takes)
            .with_title(said.title)
            .with_annotations(only_reads);
        Ok(Self { description, route, defaults: said.defaults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    #[test]
    fn an_assistant_is_told_all_that_a_tool_takes() {
        let tools = Tools::new(ROUTES).unwrap();
        let told: Vec<_> = tools
            .described()
            .into_iter()
            .map(|tool| {
                let takes = tool.input_schema["properties"].as_object().unwrap();
                let names: Vec<_> = takes.keys().map(String::as_str).collect();
                format!("{}({})", tool.name, names.join(", "))
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        schema()
        query(breakdown, compare, days, exact, filters, from, interval, metrics, timezone, to, week_start)
        funnel(attribution, breakdown, days, entry, exclusions, from, order, steps, timezone, to, window)
        retention(count, days, from, kind, mode, period, periods, return, start, timezone, to, week_start)
        search(cursor, days, exact, from, limit, q, timezone, to)
        conversation(conversation_id, cursor, include_embeddings, limit)
        ");
    }

    #[test]
    fn a_schema_is_an_object_that_stands_alone() {
        for tool in Tools::new(ROUTES).unwrap().described() {
            let schema = &*tool.input_schema;
            assert_eq!((&schema["type"], &schema["additionalProperties"]), (&"object".into(), &false.into()));
            let text = serde_json::to_string(schema).unwrap();
            for other in ["$ref", "allOf", "\"example\"", "null,null"] {
                assert!(!text.contains(other), "{}: {text}", tool.name);
            }
            for (name, property) in schema["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{} says nothing of {name}", tool.name);
            }
        }
    }

    #[test]
    fn what_holds_by_default_is_told() {
        let tools = Tools::new(ROUTES).unwrap();
        let takes = &tools.find("conversation").unwrap().description.input_schema["properties"];
        assert_eq!(
            (&takes["limit"]["default"], &takes["include_embeddings"]["default"]),
            (&100.into(), &false.into())
        );
        assert_eq!(
            tools.find("conversation").unwrap().description.input_schema["required"],
            serde_json::json!(["conversation_id"])
        );
    }
}
