//! Nothing of one request reaches another.

use crate::server::{database, post, post_rows, query, text};

#[tokio::test]
async fn databases_and_settings_stay_with_their_requests_under_concurrency() {
    for number in 0..8 {
        database(&format!("isolation_{number}")).await;
    }
    let asked = "SELECT currentDatabase(), getSetting('max_block_size'), getSetting('readonly')";
    let clients = (0..8).map(|number| {
        tokio::spawn(async move {
            for round in 0..40 {
                let (database, size) =
                    (format!("isolation_{number}"), (1000 + number * 100 + round).to_string());
                let own = post(asked).query(&[("database", &database), ("max_block_size", &size)]);
                assert_eq!(text(own).await, format!("{database}\t{size}\t0\n"));
                assert_eq!(query(asked).await, "default\t65409\t0\n");
                // Failing requests leave nothing behind either.
                let failing =
                    post("SELECT missing").query(&[("database", &database), ("max_block_size", &size)]);
                assert_eq!(failing.send().await.unwrap().status(), 404);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn settings_reach_every_kind_of_statement() {
    let name = database("isolation_kinds").await;
    let with = |statement: &str, setting: (&str, &str)| {
        post(statement.to_owned()).query(&[("database", name), setting])
    };

    // A table's definition, and its description.
    let create =
        "CREATE TABLE t (a LowCardinality(UInt8), b Tuple(c UInt8)) ENGINE = MergeTree ORDER BY tuple()";
    assert_eq!(
        with(create, ("allow_suspicious_low_cardinality_types", "0")).send().await.unwrap().status(),
        500
    );
    text(with(create, ("allow_suspicious_low_cardinality_types", "1"))).await;
    assert_eq!(text(with("DESCRIBE t", ("describe_include_subcolumns", "0"))).await.lines().count(), 2);
    assert_eq!(text(with("DESCRIBE t", ("describe_include_subcolumns", "1"))).await.lines().count(), 3);

    // Rows behind an INSERT, and values in it.
    let rows = post_rows("INSERT INTO t FORMAT JSONEachRow", "{\"a\":1,\"unknown\":2}")
        .query(&[("database", name), ("input_format_skip_unknown_fields", "0")]);
    assert_eq!(rows.send().await.unwrap().status(), 400);
    let rows = post_rows("INSERT INTO t SETTINGS max_threads = 1 FORMAT CSV", "2;3")
        .query(&[("database", name), ("format_csv_delimiter", ";")]);
    text(rows).await;
    for statement in [
        "INSERT INTO t VALUES (3, tuple(3))",
        "INSERT INTO t SELECT 3, tuple(3)",
        "INSERT INTO t FORMAT CSV\n3,3",
    ] {
        assert_eq!(with(statement, ("readonly", "1")).send().await.unwrap().status(), 500, "{statement}");
        text(with(statement, ("readonly", "0"))).await;
    }

    // A SELECT that has settings and a format of its own; its own win.
    let select = "SELECT getSetting('max_threads') AS n, getSetting('max_block_size') AS m SETTINGS max_threads = 3 FORMAT JSONEachRow";
    assert_eq!(text(with(select, ("max_threads", "2"))).await, "{\"n\":3,\"m\":65409}\n");
    assert_eq!(text(with(select, ("max_block_size", "7"))).await, "{\"n\":3,\"m\":7}\n");
    assert_eq!(
        text(with("SHOW SETTINGS LIKE 'max_block_size'", ("max_block_size", "7"))).await,
        "max_block_size\tNonZeroUInt64\t7\n"
    );
}

#[tokio::test]
async fn what_a_statement_sets_ends_with_its_request() {
    let name = database("isolation_set").await;
    query("SET max_block_size = 5").await;
    query(format!("USE {name}")).await;
    query("CREATE TEMPORARY TABLE temporary (a UInt8)").await;
    assert_eq!(query("SELECT currentDatabase(), getSetting('max_block_size')").await, "default\t65409\n");
    assert_eq!(post("SELECT * FROM temporary").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_dropped_database_is_gone_for_those_who_used_it() {
    let name = database("isolation_dropped").await;
    let asked = || post("SELECT currentDatabase()").query(&[("database", name)]);
    assert_eq!(text(asked()).await, "isolation_dropped\n");
    query(format!("DROP DATABASE {name}")).await;
    assert_eq!(asked().send().await.unwrap().status(), 404);
    assert_eq!(query("SELECT currentDatabase()").await, "default\n");
}
