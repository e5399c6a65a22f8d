//! The Python border: coarse calls, GIL released, panics caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

mod capture;
mod exchange;
mod grpc;
mod injection;
mod outline;
mod points;
mod reassembler;

#[pymodule]
fn sidetap_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    capture::register(module)?;
    exchange::register(module)?;
    grpc::register(module)?;
    injection::register(module)?;
    outline::register(module)?;
    points::register(module)?;
    reassembler::register(module)
}

/// Runs native work without the GIL. A panic is a bug of ours, never the traffic's fault: it
/// becomes a RuntimeError that stops the worker, and its object must not be used any more.
fn guarded<T: Send>(py: Python<'_>, what: &str, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)))
        .map_err(|panic| {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            PyRuntimeError::new_err(format!("a bug in sidetap_native, {what}: {said}"))
        })
}
