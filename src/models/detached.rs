//! Owns calls into engines that may panic or cannot be interrupted: panics become errors, and a fit runs on a thread of
//! its own, which a cancelled caller leaves behind.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::cancel::{CancelToken, Cancelled};

use super::classifier::ModelError;

/// Name of every thread an engine runs on.
const ENGINE_THREAD: &str = "nsec-engine";

thread_local! {
    /// Whether this thread is inside [`contained`].
    static IN_ENGINE: Cell<bool> = const { Cell::new(false) };
}

/// How often a waiting caller looks at its cancel token.
const POLL: Duration = Duration::from_millis(20);

/// Runs `job` on this thread. A panic in it is [`ModelError::Engine`]. It must not hand work to other threads.
///
/// # Errors
/// What the job says, or its panic.
pub(super) fn contained<T>(family: &'static str, job: impl FnOnce() -> Result<T, String>) -> Result<T, ModelError> {
    let before = IN_ENGINE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|payload| Err(panic_text(&*payload)));
    IN_ENGINE.set(before);
    result.map_err(|reason| ModelError::Engine { family, reason })
}

/// Runs `job` on a thread of its own and waits for it. On cancellation it returns at once; the job runs to its end
/// unseen and its result is dropped. A panic in the job is [`ModelError::Engine`].
///
/// # Errors
/// What the job says, its panic, no thread to be had, or cancellation.
pub(super) fn run_detached<T: Send + 'static>(
    family: &'static str,
    cancel: &CancelToken,
    job: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, ModelError> {
    cancel.check()?;
    let engine = |reason: String| ModelError::Engine { family, reason };
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new()
        .name(ENGINE_THREAD.to_owned())
        .spawn(move || {
            let result = contained(family, job);
            // Nobody is left to receive the result of a cancelled fit.
            let _ = sender.send(result);
        })
        .map_err(|e| engine(format!("no thread to fit on: {e}")))?;
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return Err(Cancelled.into()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(engine("its thread ended without a result".to_owned())),
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("panicked: {}", text.replace('\n', " "))
}

/// Keeps panics inside engines, which come back as [`ModelError::Engine`], from also printing on the terminal.
/// Panics anywhere else go to the hook that was in place. Meant for a program's start; more calls do nothing.
pub fn silence_engine_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IN_ENGINE.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_an_error_and_a_panic_come_back() {
        silence_engine_panics();
        let cancel = CancelToken::new();
        assert_eq!(run_detached("test", &cancel, || Ok(7)).unwrap(), 7);
        let error = run_detached::<()>("test", &cancel, || Err("no".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "test: the engine failed: no");
        let error = run_detached::<()>("test", &cancel, || panic!("index {} is\nbad", 3)).unwrap_err();
        assert_eq!(error.to_string(), "test: the engine failed: panicked: index 3 is bad");
    }

    #[test]
    fn a_contained_call_stays_on_its_thread() {
        silence_engine_panics();
        assert_eq!(
            contained("test", || Ok(thread::current().id())).unwrap(),
            thread::current().id()
        );
        let error = contained::<()>("test", || panic!("no")).unwrap_err();
        assert_eq!(error.to_string(), "test: the engine failed: panicked: no");
        assert!(!IN_ENGINE.get());
        let nested = contained("test", || {
            let inner = contained::<()>("test", || panic!("inner")).map_err(|e| e.to_string());
            Ok((inner, IN_ENGINE.get()))
        });
        assert_eq!(
            nested.unwrap(),
            (Err("test: the engine failed: panicked: inner".to_owned()), true)
        );
    }

    #[test]
    fn cancelling_leaves_the_job_behind() {
        let cancel = CancelToken::new();
        let (release, wait) = sync_channel::<()>(1);
        let from_job = cancel.clone();
        let result = run_detached("test", &cancel, move || {
            from_job.cancel();
            // Still running when the caller has long returned: it ends only when the test lets it.
            let _ = wait.recv();
            Ok(())
        });
        assert!(matches!(result, Err(ModelError::Cancelled(_))));
        drop(release);
        assert!(matches!(
            run_detached("test", &cancel, || Ok(())),
            Err(ModelError::Cancelled(_))
        ));
    }
}
