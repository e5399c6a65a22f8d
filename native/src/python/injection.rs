//! What libinjection says about one value. The GIL stays held: a value takes microseconds, and
//! the caller asks about short ones only.

use std::panic::{UnwindSafe, catch_unwind};

use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(sql_fingerprint, module)?)?;
    module.add_function(wrap_pyfunction!(reads_as_xss, module)?)
}

/// One letter a token of what reads as an SQL injection; None for everything else.
#[pyfunction]
fn sql_fingerprint(value: &[u8]) -> Option<String> {
    opinion(|| {
        let said = libinjectionrs::detect_sqli(value);
        let fingerprint = said.fingerprint.as_ref()?;
        said.is_injection().then(|| fingerprint.to_string())
    })
}

/// Whether the value, in one of five places of a page, reads as HTML that runs a script.
#[pyfunction]
fn reads_as_xss(value: &[u8]) -> bool {
    opinion(|| libinjectionrs::detect_xss(value).is_injection())
}

/// Others wrote the parser. It keeps no state, so a panic in it costs its opinion and no more.
fn opinion<T: Default>(ask: impl FnOnce() -> T + UnwindSafe) -> T {
    catch_unwind(ask).unwrap_or_default()
}
