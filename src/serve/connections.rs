//! Owns connections: how many, how long a client may take for its words, and how they end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Sleep;
use tower::ServiceExt as _;

use super::options::Limits;

/// Most bytes of a request's head.
const LONGEST_HEAD: usize = 32 << 10;
/// Most headers of a request.
const MOST_HEADERS: usize = 100;
/// How long a client may still send after its answer is complete; cutting it off at once would cost it the answer.
const LINGER: Duration = Duration::from_secs(2);
/// Until accepting is tried again where the system has no more to give.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until `stop` says so, then waits for those that are open, at most [`Limits::drain_time`]. Whether all
/// of them ended by themselves.
pub(super) async fn accept(
    listener: TcpListener,
    routes: Router,
    limits: &Limits,
    stop: watch::Receiver<bool>,
) -> bool {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut stopping = stop.clone();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stopped(&mut stopping) => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (routes, limits, stop) = (routes.clone(), limits.clone(), stop.clone());
                tokio::spawn(async move {
                    serve_one(stream, peer, routes, &limits, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    tokio::time::timeout(limits.drain_time, places.acquire_many(all))
        .await
        .is_ok()
}

/// Returns once stopping is asked for.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone will never ask; the process is ending then.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    limits: &Limits,
    mut stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for more to come.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Impatient::new(stream, limits.idle_time));
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        Box::pin(routes.clone().oneshot(request.map(Body::new)))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_headers(MOST_HEADERS)
        .max_header_size(LONGEST_HEAD)
        .serve_connection(io, service);
    let mut asked = false;
    let ended = loop {
        let step = std::future::poll_fn(|context| connection.poll_without_shutdown(context));
        if asked {
            break step.await;
        }
        tokio::select! {
            ended = step => break ended,
            () = stopped(&mut stop) => {
                asked = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = &ended {
        tracing::debug!("connection of {peer} ended: {error}");
    }
    let stream = connection.into_parts().io.into_inner().stream;
    linger(stream).await;
}

/// Ends our side and takes in what is still on its way.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            match stream.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if stream.readable().await.is_err() {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}

/// A connection that ends when its client takes nothing for too long.
struct Impatient {
    stream: TcpStream,
    most: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    fn new(stream: TcpStream, most: Duration) -> Self {
        Self {
            stream,
            most,
            waiting: None,
        }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let most = self.most;
        let sleep = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(most)));
        match sleep.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
