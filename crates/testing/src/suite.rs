//! One suite over both implementations of the bus.

/// A test per case and implementation of the bus. `$log` and `$kafka` make what a case is given; each case is a public
/// function of a module at the crate's root: `suite! { on_log(), on_kafka().await; module: case case; }`.
#[expect(clippy::crate_in_macro_def, reason = "the cases are those of the crate that calls it")]
#[macro_export]
macro_rules! suite {
    ($log:expr, $kafka:expr; $($module:ident: $($case:ident)*;)*) => {
        mod on_the_log {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case($log).await;
                }
            )*)*
        }

        mod on_kafka {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$module::$case($kafka).await;
                }
            )*)*
        }
    };
}
