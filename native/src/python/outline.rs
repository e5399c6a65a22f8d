//! Outlines as Python asks for them. The GIL stays held: a body takes microseconds.

use pyo3::prelude::*;

use crate::outline;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(json_outline, module)?)?;
    module.add_function(wrap_pyfunction!(text_outline, module)?)
}

/// The structure of a JSON document, as JSON; None where it is none.
#[pyfunction]
#[pyo3(signature = (data, *, texts=false))]
fn json_outline(data: &[u8], texts: bool) -> Option<String> {
    outline::outline(data, texts)
}

/// The kind and format of one text.
#[pyfunction]
fn text_outline(text: &str) -> String {
    outline::outline_text(text)
}
