//! A port to listen on.

use std::io;
use std::net::IpAddr;

use tokio::net::TcpListener;

/// Takes a port; 0 picks one. An error is a line that names `variable`, where another can be set.
pub async fn listen(host: IpAddr, port: u16, variable: &str) -> io::Result<TcpListener> {
    TcpListener::bind((host, port)).await.map_err(|error| {
        let help = format!("is Millrace running already? {variable} names another, 0 picks one");
        io::Error::new(error.kind(), format!("port {port} can't be used: {error}; {help}"))
    })
}
