//! `millrace-benchmark-bare`: a plain handler and a plain loop with the same libraries and none of Millrace's
//! promises, measured beside Millrace to tell how fast the machine is. They are no floor: Millrace may take less.

mod drain;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use runtime::shutdown;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A plain program without any of Millrace's promises, as a measure of the machine.
#[derive(Parser)]
#[command(name = "millrace-benchmark-bare", version)]
struct Arguments {
    /// `host:port` of Kafka.
    #[arg(long, env = "KAFKA_BROKERS")]
    brokers: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Takes events on `POST /event` and puts them on the topic `events`, whatever they are.
    Serve {
        /// The port to listen on.
        #[arg(long, env = "API_PORT")]
        port: u16,
    },
    /// Reads the topic `events` from its beginning and copies what the messages say; prints the processor
    /// time that took, in seconds.
    Drain {
        /// How many messages to read.
        messages: u64,
    },
}

fn main() -> ExitCode {
    let Arguments { brokers, command } = Arguments::parse();
    shutdown::exit_code(match command {
        Command::Serve { port } => serve::run(&brokers, port),
        Command::Drain { messages } => drain::run(&brokers, messages),
    })
}
