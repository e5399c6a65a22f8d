//! Reassembler and Batch as Python sees them.

use std::collections::{BTreeMap, HashMap};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList};

use super::guarded;
use crate::limits::Limits;
use crate::reassembler;
use crate::tls::secret;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Reassembler>()?;
    module.add_class::<Batch>()?;
    module.add_function(wrap_pyfunction!(key_log_line, module)?)
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

    /// One secret of a TLS session. False: none that opens records.
    fn learn(&mut self, client_random: &[u8], label: &str, secret: &[u8]) -> bool {
        self.0.secrets.learn(client_random, label, secret)
    }

    /// Keys come while traffic does: bytes wait for them.
    fn expect_keys(&mut self) {
        self.0.secrets.expected = true;
    }

    fn take(&mut self, py: Python<'_>) -> PyResult<Batch> {
        guarded(py, "Reassembler.take", || self.0.take()).map(Batch)
    }
}

/// A line of an NSS key log as (client random, label, secret).
#[pyfunction]
fn key_log_line<'py>(py: Python<'py>, line: &str) -> Option<KeyLogLine<'py>> {
    let (random, label, secret) = secret::line(line)?;
    let bytes = |bytes: &[u8]| PyBytes::new(py, bytes);
    Some((bytes(&random), label.to_owned(), bytes(&secret)))
}

type KeyLogLine<'py> = (Bound<'py, PyBytes>, String, Bound<'py, PyBytes>);

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
    fn encrypted<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let bytes = |bytes: &Vec<u8>| PyBytes::new(py, bytes);
        PyList::new(
            py,
            self.0
                .encrypted
                .iter()
                .map(|(key, record)| (bytes(key), bytes(record))),
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
