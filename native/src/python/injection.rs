//! What libinjection says about one value. The GIL stays held: a value takes microseconds, and
//! the caller asks about short ones only.

use std::panic::{UnwindSafe, catch_unwind};

use pyo3::prelude::*;

/// What libinjection is fast on and an injection fits into.
const VALUE_BYTES_MAX: usize = 4_096;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(sql_fingerprint, module)?)?;
    module.add_function(wrap_pyfunction!(reads_as_xss, module)?)
}

/// One letter a token of what reads as an SQL injection; None for everything else.
#[pyfunction]
fn sql_fingerprint(value: &[u8]) -> Option<String> {
    fingerprint(value)
}

/// Whether the value can end a literal, or go on after a number: without a sign of SQL in it, none
/// can, and what begins with a letter needs a quote sign. Of other values nobody is asked.
pub fn may_break_out(value: &[u8]) -> bool {
    let has = |signs: &[u8]| value.iter().any(|byte| signs.contains(byte));
    let first = value
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t'..=b'\r'));
    has(b"'\"`;()#|&=<>*+ \t\r\n\x0b\x0c\xa0")
        && (has(b"'\"") || !first.is_some_and(u8::is_ascii_alphabetic))
}

/// As `sql_fingerprint`; None for a value that is longer than libinjection is fast on.
pub fn fingerprint(value: &[u8]) -> Option<String> {
    if value.len() > VALUE_BYTES_MAX {
        return None;
    }
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
