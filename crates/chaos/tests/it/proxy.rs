//! A proxy before a server that answers each byte with a thousand.

use std::io::ErrorKind;
use std::time::Duration;

use testing::proxy::{Mode, Proxy};
use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(10);
const ANSWER: usize = 1_000;

async fn proxy() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                while client.read_u8().await.is_ok() {
                    client.write_all(&[b'x'; ANSWER]).await.unwrap();
                }
            });
        }
    });
    Proxy::start(port).await.unwrap()
}

async fn connect(proxy: &Proxy) -> std::io::Result<TcpStream> {
    TcpStream::connect(("127.0.0.1", proxy.port())).await
}

/// How much of an answer arrives before it ends or the connection does.
async fn ask(connection: &mut TcpStream) -> usize {
    let mut answer = vec![0; ANSWER];
    let mut arrived = 0;
    if connection.write_all(b"?").await.is_err() {
        return 0;
    }
    while arrived < ANSWER {
        match connection.read(&mut answer[arrived..]).await {
            Ok(0) | Err(_) => break,
            Ok(read) => arrived += read,
        }
    }
    arrived
}

#[tokio::test]
async fn everything_passes_at_first_and_again_later() {
    let proxy = proxy().await;
    let mut connection = connect(&proxy).await.unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&mut connection).await, ANSWER);
    }
    proxy.set(Mode::Slow { rate: 1_000_000 });
    assert_eq!(ask(&mut connection).await, ANSWER);
    proxy.set(Mode::Pass);
    assert_eq!(ask(&mut connection).await, ANSWER);
}

#[tokio::test]
async fn a_refused_connection_finds_nobody_and_an_open_one_is_cut() {
    let proxy = proxy().await;
    let mut open = connect(&proxy).await.unwrap();
    assert_eq!(ask(&mut open).await, ANSWER);
    proxy.set(Mode::Refuse);
    assert_eq!(timeout(PATIENCE, ask(&mut open)).await, Ok(0));
    until("nobody listens", PATIENCE, async || {
        connect(&proxy).await.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    })
    .await;
    proxy.set(Mode::Pass);
    until("it is back", PATIENCE, async || match connect(&proxy).await {
        Ok(mut connection) => ask(&mut connection).await == ANSWER,
        Err(_) => false,
    })
    .await;
}

#[tokio::test]
async fn what_hangs_arrives_late() {
    let proxy = proxy().await;
    proxy.set(Mode::Hang);
    let mut connection = connect(&proxy).await.unwrap();
    assert!(timeout(Duration::from_millis(200), ask(&mut connection)).await.is_err());
    proxy.set(Mode::Pass);
    let mut answer = vec![0; ANSWER];
    timeout(PATIENCE, connection.read_exact(&mut answer)).await.unwrap().unwrap();
}

#[tokio::test]
async fn of_an_answer_that_is_cut_only_a_part_arrives() {
    let proxy = proxy().await;
    proxy.set(Mode::Cut);
    let mut connection = connect(&proxy).await.unwrap();
    let arrived = timeout(PATIENCE, ask(&mut connection)).await.unwrap();
    assert!(arrived > 0 && arrived < ANSWER, "{arrived} bytes arrived");
}

#[tokio::test]
async fn of_many_connections_that_are_flaky_some_are_cut_and_some_are_not() {
    let proxy = proxy().await;
    proxy.set(Mode::Flaky { percent: 30 });
    let (mut whole, mut cut) = (0, 0);
    for _ in 0..100 {
        let mut connection = connect(&proxy).await.unwrap();
        let arrived = timeout(PATIENCE, ask(&mut connection)).await.unwrap();
        if arrived == ANSWER { whole += 1 } else { cut += 1 }
    }
    assert!(whole > 20 && cut > 20, "{whole} whole, {cut} cut");
}

#[tokio::test]
async fn what_is_slow_takes_its_time() {
    let proxy = proxy().await;
    proxy.set(Mode::Slow { rate: ANSWER * 2 });
    let mut connection = connect(&proxy).await.unwrap();
    let asked = Instant::now();
    assert_eq!(ask(&mut connection).await, ANSWER);
    assert!(asked.elapsed() > Duration::from_millis(300), "it took {:?}", asked.elapsed());
}
