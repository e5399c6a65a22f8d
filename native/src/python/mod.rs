//! The Python border: coarse calls, GIL released, panics caught.

use pyo3::prelude::*;

#[pymodule]
fn sidetap_native(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
