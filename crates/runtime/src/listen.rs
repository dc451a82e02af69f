//! A port to listen on.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// So many connections may wait to be accepted: clients that come all at once, as after an outage.
/// With the default of 128 the others would try again only after a second.
const BACKLOG: u32 = 4_096;

/// Takes a port; 0 picks one. An error is a line that names `variable`, where another can be set.
/// Needs a runtime around it.
pub fn listen(host: IpAddr, port: u16, variable: &str) -> io::Result<TcpListener> {
    bind((host, port).into()).map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("; is Millrace running already? {variable} names another, 0 picks one")
            }
            _ => String::new(),
        };
        io::Error::new(error.kind(), format!("port {port} of {host} can't be used: {error}{help}"))
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named_with_the_variable() {
        let host = IpAddr::from(Ipv4Addr::LOCALHOST);
        let taken = listen(host, 0, "API_PORT").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(host, port, "API_PORT").unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("port {port} of 127.0.0.1 can't be used: "))
                && error.contains("API_PORT"),
            "{error}"
        );
    }
}
