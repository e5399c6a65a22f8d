//! Reassembler and Batch as Python sees them.

use std::collections::{BTreeMap, HashMap};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList};

use super::guarded;
use crate::limits::Limits;
use crate::reassembler;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Reassembler>()?;
    module.add_class::<Batch>()
}

#[pyclass(module = "sidetap_native")]
struct Reassembler(reassembler::Reassembler);

#[pymethods]
impl Reassembler {
    #[new]
    #[pyo3(signature = (source, *, limits=None))]
    fn new(source: &str, limits: Option<HashMap<String, i64>>) -> PyResult<Self> {
        let mut known = Limits::default();
        for (name, value) in limits.unwrap_or_default() {
            known.set(&name, value).map_err(PyValueError::new_err)?;
        }
        Ok(Reassembler(reassembler::Reassembler::new(source, known)))
    }

    fn restore(
        &mut self,
        py: Python<'_>,
        rows: Vec<(PyBackedBytes, PyBackedBytes)>,
    ) -> PyResult<()> {
        let rows: Vec<(&[u8], &[u8])> = rows.iter().map(|(key, row)| (&**key, &**row)).collect();
        guarded(py, "Reassembler.restore", || self.0.restore(&rows))?.map_err(PyValueError::new_err)
    }

    fn feed(
        &mut self,
        py: Python<'_>,
        records: Vec<PyBackedBytes>,
    ) -> PyResult<Vec<(usize, &'static str)>> {
        guarded(py, "Reassembler.feed", || {
            let fed = records.iter().map(|record| self.0.feed(record)).enumerate();
            fed.filter_map(|(index, result)| result.err().map(|reason| (index, reason)))
                .collect()
        })
    }

    fn take(&mut self, py: Python<'_>) -> PyResult<Batch> {
        guarded(py, "Reassembler.take", || self.0.take()).map(Batch)
    }
}

#[pyclass(module = "sidetap_native")]
struct Batch(reassembler::Batch);

#[pymethods]
impl Batch {
    #[getter]
    fn outputs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let bytes = |bytes: &Vec<u8>| PyBytes::new(py, bytes);
        PyList::new(
            py,
            self.0
                .outputs
                .iter()
                .map(|(key, record)| (key.as_ref().map(bytes), bytes(record))),
        )
    }

    #[getter]
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let bytes = |bytes: &Vec<u8>| PyBytes::new(py, bytes);
        PyList::new(
            py,
            self.0
                .rows
                .iter()
                .map(|(key, row)| (bytes(key), row.as_ref().map(bytes))),
        )
    }

    #[getter]
    fn ledger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(
            py,
            self.0.ledger.iter().map(|entry| PyBytes::new(py, entry)),
        )
    }

    #[getter]
    fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.counts.clone()
    }
}
