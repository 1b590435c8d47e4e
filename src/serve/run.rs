//! Owns the server's life: it listens, looks after the model, takes requests, drains and ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connections;
use super::error::ServeError;
use super::jobs::{self, Jobs};
use super::options::ServeOptions;
use super::served::{Look, Seen};
use super::state::Shared;
use super::{about, guard, health, mlflow, openapi, page, predict, validate};
use crate::artifacts::serving::Presence;
use crate::artifacts::{CHAMPION, RegistryError, RegistryStore, RunError};
use crate::cancel::CancelToken;
use crate::surroundings::Surroundings;
use crate::workspace::Workspace;

/// Between two looks at the registry.
const LOOK: Duration = Duration::from_secs(1);
/// How soon a request to end is noticed.
const POLL: Duration = Duration::from_millis(50);
/// For a training to notice that it is to stop.
const GIVEN_UP: Duration = Duration::from_secs(30);
/// For what was cut off when the time to drain was over.
const LAST: Duration = Duration::from_secs(1);

/// What the server tells the person who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It listens there.
    Listening(SocketAddr),
    /// This run's model scores from now on.
    Model(String),
    /// The model that is named cannot be used; whether an older one goes on.
    NoModel {
        /// Why.
        reason: String,
        /// The run that goes on.
        kept: Option<String>,
    },
    /// A thing to know.
    Warning(String),
    /// It was asked to end, and waits for open requests.
    Draining,
    /// Requests were cut off, for the time to drain was over.
    CutOff,
}

/// Serves until `cancel` is set, then drains.
///
/// # Errors
/// [`ServeError`]: nothing was served then.
pub fn serve(
    mut options: ServeOptions,
    surroundings: &Arc<Surroundings>,
    tell: &(dyn Fn(Told) + Sync),
    cancel: &CancelToken,
) -> Result<(), ServeError> {
    let open = !options.listen.ip().is_loopback() && options.token.is_none();
    if open && !options.insecure {
        return Err(ServeError::Open(options.listen));
    }
    options.model = meant(options.model, &surroundings.workspace)?;
    let jobs = options.allow_train.then(|| Jobs::open(surroundings)).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("nsec-serve")
        .max_blocking_threads(options.limits.streams + options.threads.max(2) + 16)
        .build()
        .map_err(ServeError::Threads)?;
    let listen = options.listen;
    let listening = |cause| ServeError::Listen { address: listen, cause };
    let listener = runtime.block_on(TcpListener::bind(listen)).map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let threads = options.threads;
    let shared = Arc::new(Shared::new(options, Arc::clone(surroundings), jobs.clone()));
    let mut seen = Seen::default();
    tell_look(&shared, shared.holder.look(&mut seen), tell);
    let worker = match &jobs {
        Some(jobs) => Some(jobs::start(jobs, surroundings, threads).map_err(ServeError::Threads)?),
        None => None,
    };
    let presence = Presence::announce(&surroundings.workspace, address);
    if let Err(reason) = &presence {
        tell(Told::Warning(format!(
            "consoles will not show that this server runs: {reason}"
        )));
    }
    if open {
        let text = format!("anybody who reaches {address} can use this server (--insecure): no token is set");
        tracing::warn!("{text}");
        tell(Told::Warning(text));
    }
    tracing::info!("serving on {address}");
    tell(Told::Listening(address));
    run(&runtime, listener, &shared, seen, tell, cancel);
    if let Some(jobs) = &jobs {
        jobs.end();
    }
    shared.cut_off.cancel();
    runtime.shutdown_timeout(LAST);
    if let Some(worker) = worker {
        // A training that was cancelled gives up within its own bound; one that does not is left behind.
        let asked = Instant::now();
        while !worker.is_finished() && asked.elapsed() < GIVEN_UP {
            std::thread::sleep(POLL);
        }
    }
    tracing::info!("server ended");
    Ok(())
}

/// The model by the name that stays with it: the beginning of a run's id becomes the whole, which no later run can share.
///
/// # Errors
/// There is no such run or alias, or several begin so. A champion may be yet to come, and a registry that cannot be read at the
/// moment may be readable later.
fn meant(model: String, workspace: &Workspace) -> Result<String, ServeError> {
    if model == CHAMPION {
        return Ok(model);
    }
    let store = RegistryStore::new(workspace);
    match store.find(&model) {
        Err(error @ (RegistryError::Unresolved { .. } | RegistryError::Run(RunError::NotFound { .. }))) => {
            Err(error.into())
        }
        Err(_) => Ok(model),
        Ok((_, manifest)) => {
            let id = manifest.run_id;
            let is_of_workspace = store.resolve(&model).is_ok_and(|resolved| resolved == id);
            let begins_so = id.as_str().starts_with(&model);
            Ok(if is_of_workspace && begins_so {
                id.to_string()
            } else {
                model
            })
        }
    }
}

/// The watch over the model and the end, beside the connections, until all of it is over.
fn run(
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    shared: &Arc<Shared>,
    seen: Seen,
    tell: &(dyn Fn(Told) + Sync),
    cancel: &CancelToken,
) {
    let (stop, stopping) = watch::channel(false);
    let routes = routes(shared);
    let limits = shared.options.limits.clone();
    let accepting = runtime.spawn(async move { connections::accept(listener, routes, &limits, stopping).await });
    let mut seen = seen;
    let mut until_look = LOOK;
    while !cancel.is_cancelled() && !accepting.is_finished() {
        std::thread::sleep(POLL);
        until_look = until_look.saturating_sub(POLL);
        if until_look.is_zero() {
            until_look = LOOK;
            tell_look(shared, shared.holder.look(&mut seen), tell);
        }
    }
    tracing::info!("the server is asked to end and waits for open requests");
    tell(Told::Draining);
    if let Some(jobs) = &shared.jobs {
        jobs.end();
    }
    // Nobody listens any more if all connections ended by themselves.
    let _ = stop.send(true);
    if !matches!(runtime.block_on(accepting), Ok(true)) {
        tracing::warn!("requests were cut off: the time to drain was over");
        tell(Told::CutOff);
    }
}

fn tell_look(shared: &Shared, look: Look, tell: &(dyn Fn(Told) + Sync)) {
    match look {
        Look::Same => {}
        Look::Changed(run) => {
            tracing::info!("the model of run {run} scores");
            if !shared.metrics.is_first_model() {
                shared.metrics.reloaded(true);
            }
            tell(Told::Model(run));
        }
        Look::Failed(reason) => {
            let kept = shared.holder.get().map(|served| served.rows.run_id().to_owned());
            tracing::error!("the model that is to be served cannot be used: {reason}");
            shared.metrics.reloaded(false);
            tell(Told::NoModel { reason, kept });
        }
    }
}

fn routes(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/v1/predict", post(predict::predict))
        .route("/v1/validate", post(validate::validate))
        .route("/v1/model", get(about::model))
        .route("/v1/runs", get(about::runs))
        .route("/v1/train", post(jobs::routes::train))
        .route("/v1/jobs/{id}", get(jobs::routes::job).delete(jobs::routes::cancel))
        .route("/invocations", post(mlflow::invocations))
        .route("/ping", get(health::ping))
        .route("/healthz", get(health::health))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .fallback(guard::not_found)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(shared), guard::guard))
        .with_state(Arc::clone(shared))
}
