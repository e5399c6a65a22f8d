//! CaptureFile, Interface, Packer and Block as Python sees them.

use pyo3::prelude::*;

/// Adds the classes of this half to the module.
pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
